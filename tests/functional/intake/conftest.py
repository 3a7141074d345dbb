"""A sandbox with deals to write to, and settings that point at it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from deal_world import NOW, DealWorld

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World
from pipelines.settings import Settings


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DealWorld]:
    """An empty sandbox, for boto3 in this process too, with nothing of this machine's configuration."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "COSELL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    with Sandbox(World(opportunities=0), clock=lambda: NOW) as sandbox:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", sandbox.endpoint_url)
        yield DealWorld(sandbox)


@pytest.fixture
def settings(world: DealWorld, tmp_path: Path) -> Settings:
    return Settings(catalog="Sandbox", data_dir=tmp_path / "data", reads_per_second=0, writes_per_second=0)
