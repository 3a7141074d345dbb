"""What the documents tell a dlt user to run is run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World

ROOT = Path(__file__).parents[3]


def test_the_first_example_loads_everything(tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "source.md").read_text(), re.DOTALL)[0]
    with Sandbox(World(opportunities=3, catalog="AWS")) as sandbox:
        environment = os.environ | {
            "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": sandbox.endpoint_url,
            "DLT_DATA_DIR": str(tmp_path / "dlt"),
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run([sys.executable, "-c", example], cwd=tmp_path, env=environment, check=True, timeout=120)
        listed = len(sandbox.stores["AWS"].records)
    with duckdb.connect(tmp_path / "co_sell.duckdb", read_only=True) as connection:
        landed = connection.execute("SELECT count(*) FROM partner_central.opportunities").fetchall()
    assert landed == [(listed,)]


def test_the_table_of_resources_is_the_source(tmp_path: Path) -> None:
    from pipelines.partner_central.client import PartnerCentral
    from pipelines.partner_central.source import partner_central

    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| `([^`]+)` \| merge \|$", (ROOT / "docs" / "source.md").read_text(), re.M
    )
    source = partner_central(catalog="AWS", client=PartnerCentral("AWS"))
    declared = {
        name: (resource.compute_table_schema(), resource.write_disposition)
        for name, resource in source.selected_resources.items()
    }
    keys = {
        name: [column for column, hints in schema["columns"].items() if hints.get("primary_key")]
        for name, (schema, _) in declared.items()
    }
    assert {name: key.split(", ") for name, key in rows} == keys
    assert {disposition["disposition"] for _, disposition in declared.values()} == {"merge"}
