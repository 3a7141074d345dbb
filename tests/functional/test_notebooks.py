"""The notebooks, run by a kernel on the demo warehouse, on an empty one and on none; and `make notebook`."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
NAMES = ["01_revenue", "02_funnel_and_pipeline", "03_attribution", "04_data_quality"]
CHECKS = {
    "01_revenue": ["conversions-check"],
    "02_funnel_and_pipeline": ["waterfall-check"],
    "03_attribution": ["adds-up-check"],
    "04_data_quality": ["coverage-check"],
}
WIDEST_CHART = 1200
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=NAMES)
def executed(
    request: pytest.FixtureRequest, demo_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> NotebookNode:
    """A notebook that a kernel has run on the demo warehouse, in notebooks/, where nothing may be fetched."""
    notebook = read(request.param)
    notebook.metadata["name"] = request.param
    warehouse = demo_data_dir / "warehouse.duckdb"
    before = hashlib.sha256(warehouse.read_bytes()).digest()
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        proxies = {f"{scheme}_PROXY": address for scheme in ("HTTP", "HTTPS", "ALL")}
        home = tmp_path_factory.mktemp("home")
        run(notebook, ROOT / "notebooks", home, COSELL_DATA_DIR=str(demo_data_dir), **proxies)
        with pytest.raises(BlockingIOError):  # nobody has asked the proxy for anything
            proxy.accept()
    assert hashlib.sha256(warehouse.read_bytes()).digest() == before
    return notebook


@pytest.fixture(scope="module")
def empty_warehouse(demo_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of a partner that has no opportunities: all tables of the demo, without rows but for the run."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    path.write_bytes((demo_data_dir / "warehouse.duckdb").read_bytes())
    with duckdb.connect(path) as warehouse:
        for (table,) in warehouse.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE table_name <> 'runs'"
        ).fetchall():
            warehouse.execute(f"DELETE FROM {table}")
    return path


def read(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def run(notebook: NotebookNode, directory: Path, home: Path, **variables: str) -> None:
    """Run all cells in a directory, and keep what they print; a cell that fails ends nothing."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COSELL_", "AWS_"))}
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(directory)}},
    )
    client.execute(env=clean | {"HOME": str(home), "TZ": "America/New_York"} | variables)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors(notebook: NotebookNode) -> list[tuple[str, str]]:
    """What went wrong or was printed, with the cell that it came from: both are to be empty."""
    return [
        (cell.id, output.get("text") or "".join(output.traceback))
        for cell in code(notebook)
        for output in cell.outputs
        if output.output_type in ("error", "stream")
    ]


def charts(notebook: NotebookNode) -> dict[str, ElementTree.Element]:
    """Return the drawings of a notebook by the cell that made them."""
    return {
        cell.id: ElementTree.fromstring(output.data["image/svg+xml"])  # noqa: S314 - drawn by our own kernel
        for cell in code(notebook)
        for output in cell.outputs
        if "image/svg+xml" in output.get("data", {})
    }


def marks(chart: ElementTree.Element) -> int:
    """Count what a chart draws of its data: bars, points, lines and texts, and not axes or legends."""
    return sum(
        len(group)
        for group in chart.iter(f"{SVG}g")
        if "role-mark" in group.get("class", "") and not re.search("role-(axis|legend|title)", group.get("class", ""))
    )


def test_every_cell_runs_and_prints_nothing_else(executed: NotebookNode) -> None:
    assert errors(executed) == []
    assert [cell.id for cell in code(executed) if cell.execution_count is None] == []


def test_every_chart_is_drawn_with_marks_and_a_title(executed: NotebookNode) -> None:
    drawn = charts(executed)
    assert set(drawn) == {cell.id for cell in code(executed) if "alt.Chart(" in cell.source}
    assert [name for name, chart in drawn.items() if marks(chart) == 0] == []
    assert [name for name, chart in drawn.items() if "role-title" not in ElementTree.tostring(chart).decode()] == []


def test_the_sums_that_must_hold_are_checked(executed: NotebookNode) -> None:
    checked = [cell.id for cell in code(executed) if "assert_frame_equal(" in cell.source]
    assert checked == CHECKS[executed.metadata["name"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stripped_and_only_narrates(name: str) -> None:
    notebook = read(name)
    assert nbformat.validate(notebook) is None
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert [cell.id for cell in code(notebook) if cell.outputs or cell.execution_count is not None] == []
    assert [cell.id for cell in notebook.cells if cell.metadata or re.fullmatch("[0-9a-f]{8}", cell.id)] == []
    source = "\n".join(cell.source for cell in code(notebook))
    assert re.findall(r"^\s*(?:def|class|async def)\b|\blambda\b", source, flags=re.MULTILINE) == []
    assert [cell.source for cell in code(notebook)[:2]] == [cell.source for cell in code(read(NAMES[0]))[:2]]


def test_an_empty_warehouse_gives_empty_tables_and_small_charts(empty_warehouse: Path, tmp_path: Path) -> None:
    together = nbformat.v4.new_notebook()
    for number, name in enumerate(NAMES):
        for cell in code(read(name)):
            together.cells.append(nbformat.v4.new_code_cell(cell.source, id=f"{number}-{cell.id}"))
    run(together, ROOT, tmp_path, COSELL_DATA_DIR=str(empty_warehouse.parent))
    assert errors(together) == []
    widths = {name: float(chart.get("width", "inf")) for name, chart in charts(together).items()}
    assert len(widths) > 20
    assert {name: width for name, width in widths.items() if width > WIDEST_CHART} == {}


def test_a_notebook_finds_the_warehouse_says_when_there_is_none_and_sees_a_new_night(
    demo_data_dir: Path, empty_warehouse: Path, tmp_path: Path
) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "night").mkdir()
    (tmp_path / "cosell.toml").write_text('data_dir = "night"\n')
    warehouse = tmp_path / "night" / "warehouse.duckdb"
    count = "warehouse.sql('SELECT count(*) AS deals FROM marts.opportunities').pl().item()"
    opening = code(read(NAMES[0]))[0].source
    sources = [
        opening,
        f"import os, shutil\nshutil.copy({str(demo_data_dir / 'warehouse.duckdb')!r}, {str(warehouse)!r});",
        f"{opening}\n{count}",
        f"os.replace({str(empty_warehouse)!r}, {str(warehouse)!r})",
        count,
        f"{opening}\n{count}",
        "warehouse.execute('DELETE FROM marts.opportunities')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    run(notebook, tmp_path / "notebooks", tmp_path)
    ((none,), _, (full,), _, (old,), (new,), (refused,)) = [cell.outputs or [None] for cell in notebook.cells]
    assert (none.ename, len(none.traceback)) == ("ConfigurationError", 1)
    assert none.evalue == (
        f"nothing is published at {warehouse}: run `cosell nightly` (or `make demo`), "
        "or set COSELL_DATA_DIR, then start the kernel again"
    )
    with duckdb.connect(demo_data_dir / "warehouse.duckdb", read_only=True) as demo:
        ((deals,),) = demo.execute("SELECT count(*) FROM marts.opportunities").fetchall()
    assert [output.data["text/plain"] for output in (full, old, new)] == [str(deals), str(deals), "0"]
    assert "read-only" in refused.evalue


def test_make_notebook_serves_this_machine_alone_and_fetches_nothing(tmp_path: Path) -> None:
    make = ["make", "--dry-run", "--no-print-directory", "--assume-old=setup", "notebook"]
    command = subprocess.run(make, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    environment = os.environ | {"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(  # noqa: S602 - as make does
            f"exec {command} --no-browser --allow-root --ServerApp.port=0",
            shell=True,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            address, token = _address(server, tmp_path)
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
            assert _get(f"{address}lab").url.startswith(f"{address}login")
            page = _get(f"{address}lab?token={token}").read().decode()
            config = json.loads(page.split('type="application/json">', 1)[1].split("</script>", 1)[0])
            assert config["news"] == {"disabled": True}
            assert config["extensionManager"]["can_install"] is False
            assert json.load(_get(f"{address}lab/api/update?token={token}")) == {"notification": None}
            assert json.load(_get(f"{address}lab/api/news?token={token}")) == {"news": []}
            listing = json.load(_get(f"{address}api/contents?token={token}"))
            assert {f"{name}.ipynb" for name in NAMES} <= {entry["name"] for entry in listing["content"]}
        finally:
            server.send_signal(signal.SIGTERM)
    assert server.returncode == 0


def _address(server: subprocess.Popen[bytes], home: Path) -> tuple[str, str]:
    """Wait until a Jupyter server has written where it listens; return its address and token."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, (home / "log").read_text()
        for path in (home / "runtime").glob("jpserver-*.json"):
            written = path.read_text()
            if written.endswith("}"):
                facts = json.loads(written)
                return facts["url"], facts["token"]
        time.sleep(0.1)
    raise AssertionError((home / "log").read_text())


def _get(url: str) -> urllib.request.addinfourl:
    return urllib.request.urlopen(url, timeout=30)  # noqa: S310 - an address of our own
