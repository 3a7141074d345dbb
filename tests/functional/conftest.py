"""One demo warehouse for every test that only reads it, whichever process the test is in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

COSELL = Path(sys.executable).parent / "cosell"


@pytest.fixture(scope="session")
def demo_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory that `cosell nightly --demo` fills, made once in a run of the tests. Nobody may change it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    data_dir = shared / "demo" / "data"
    with FileLock(shared / "demo.lock"):
        if not (data_dir / "warehouse.duckdb").exists():
            data_dir.parent.mkdir(exist_ok=True)
            clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COSELL_"))}
            subprocess.run(
                [COSELL, "nightly", "--demo", "--data-dir", data_dir],
                cwd=data_dir.parent,
                env=clean,
                check=True,
                capture_output=True,
            )
    return data_dir
