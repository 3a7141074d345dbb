"""A Partner Central on loopback and a dlt pipeline into DuckDB."""

from collections.abc import Iterator
from pathlib import Path

import dlt
import pytest
from partner_world import Loader, PartnerWorld

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No profile, file or instance role of this machine takes part."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[PartnerWorld]:
    with Sandbox(World(opportunities=0)) as sandbox:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", sandbox.endpoint_url)
        yield PartnerWorld(sandbox)


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    destination = dlt.destinations.duckdb(str(tmp_path / "landing.duckdb"))
    return Loader(
        dlt.pipeline(
            "landing",
            destination=destination,
            dataset_name="partner_central",
            pipelines_dir=str(tmp_path / "dlt"),
        )
    )
