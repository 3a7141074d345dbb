"""Files that are not what a run expects in their place: one line that names the file or the setting, or the run goes
on as if they were not there."""

import json
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from processes import NOW, aws_environment, settings_for

from pipelines.demo import keep_demo_rates
from pipelines.errors import CosellError
from pipelines.fx_rates import reporting_currency
from pipelines.nightly import run_nightly
from pipelines.publication import publish, start_from_published
from pipelines.query import print_query
from pipelines.settings import Settings, load_settings

LONGEST_LINE = 500
TEN_MEGABYTES = 10_000_000
Maker = Callable[[Path], object]
pytestmark = pytest.mark.timeout(60)


def text(content: str) -> Maker:
    return lambda path: path.write_text(content)


def raw(content: bytes) -> Maker:
    return lambda path: path.write_bytes(content)


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def symlink_to_nowhere(path: Path) -> None:
    path.symlink_to("not mounted/file")


SETTINGS: dict[str, Maker] = {
    "two equal signs": text("threads = = 1"),
    "a text cut off": text('currency = "US'),
    "a table cut off": text("[tool"),
    "an unknown setting": text("thread = 1"),
    "an unknown table": text("[settings]\nthreads = 4"),
    "a setting twice": text("threads = 1\nthreads = 2"),
    "a text for a number": text('threads = "many"'),
    "a fraction for a number": text("threads = 1.5"),
    "a list for a number": text("threads = [4]"),
    "a number of 5,000 digits": text(f"threads = {'9' * 5000}"),
    "not a number": text("max_excluded_share = nan"),
    "infinity": text("max_excluded_share = inf"),
    "a negative pace": text("reads_per_second = -1"),
    "a pace that is no number": text("reads_per_second = nan"),
    "a number for a text": text("currency = 5"),
    "a currency of other letters": text('currency = "\uff35\uff33\uff24"'),
    "a currency of two lines": text('currency = "USD\\n"'),
    "a date for a text": text("as_of = 2026-01-01"),
    "a text for a yes": text('full = "perhaps"'),
    "a directory that is a number": text("data_dir = 5"),
    "a directory of a null character": text('data_dir = "a\\u0000b"'),
    "a file of a null character": text('fx = "a\\u0000b"'),
    "a catalog": text('catalog = "Moon"'),
    "a name of two lines": text('"a\\nb" = 1'),
    "a name of 10 MB": text(f"{'x' * TEN_MEGABYTES} = 1"),
    "a value of 10 MB": text(f'currency = "{"x" * TEN_MEGABYTES}"'),
    "10,000 levels": text(f"threads = {deep(10_000)}"),
    "bytes": raw(bytes(range(256))),
    "UTF-16": raw("threads = 4".encode("utf-16")),
    "null characters": raw(b"\0" * 1000),
    "a directory": Path.mkdir,
}

WORLD = {"opportunities": 60, "seed": 7, "started_at": "2025-05-01 00:00:00+00:00"}
WORLDS: dict[str, Maker] = {
    "nothing": text(""),
    "cut off": text(json.dumps(WORLD)[:-9]),
    "a list": text("[]"),
    "a number": text("5"),
    "null": text("null"),
    "no members": text("{}"),
    "no seed": text(json.dumps({name: value for name, value in WORLD.items() if name != "seed"})),
    "a text for the count": text(json.dumps(WORLD | {"opportunities": "many"})),
    "a negative count": text(json.dumps(WORLD | {"opportunities": -1})),
    "a fraction for the count": text(json.dumps(WORLD | {"opportunities": 1.5})),
    "null for the count": text(json.dumps(WORLD | {"opportunities": None})),
    "a huge count": text(json.dumps(WORLD | {"opportunities": 10**12})),
    "infinity for the count": text(json.dumps(WORLD | {"opportunities": float("inf")})),
    "a list for the seed": text(json.dumps(WORLD | {"seed": [7]})),
    "no date": text(json.dumps(WORLD | {"started_at": "yesterday"})),
    "a number for the date": text(json.dumps(WORLD | {"started_at": 1746057600})),
    "a date without a zone": text(json.dumps(WORLD | {"started_at": "2025-05-01 00:00:00"})),
    "a date of the past": text(json.dumps(WORLD | {"started_at": "0001-01-01 00:00:00+00:00"})),
    "a date of the future": text(json.dumps(WORLD | {"started_at": "9999-12-31 00:00:00+00:00"})),
    "100,000 levels": text(deep(100_000)),
    "10 MB": text(json.dumps(WORLD | {"seed": "x" * TEN_MEGABYTES})),
    "bytes": raw(bytes(range(256))),
    "a directory": Path.mkdir,
}

RATES: dict[str, Maker] = {
    "a header of 10 MB": text("x" * TEN_MEGABYTES),
    "a cell of 10 MB": text(f'date,currency,per_usd\n2026-03-31,EUR,"{"9" * TEN_MEGABYTES}"\n'),
    "a million columns": text("Date," + "USD," * 1_000_000),
    "null characters": text("date,currency,per_usd\n2026-03-31,EUR\0,0.92\n"),
    "a code written backwards": text("date,currency,per_usd\n2026-03-31,\u202eRUE,0.92\n"),
    "a date of other digits": text("date,currency,per_usd\n\uff12\uff10\uff12\uff16-03-31,EUR,0.92\n"),
    "half an archive": raw(b"PK\x03\x04" + b"\0" * 40),
    "semicolons": text("date;currency;per_usd\n2026-03-31;EUR;0,92\n"),
    "a page of HTML": text("<!doctype html>\n<html><body>Not found</body></html>\n"),
}


def bomb(path: Path) -> None:
    """64 KB that unpack to 64 MB and more."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", b"\n" * 200_000_000)


LANDINGS: dict[str, Maker] = {
    "nothing": raw(b""),
    "10 bytes": raw(b"\x17\x2a\xff\x00abcdef"),
    "a text": text("opportunity_id\n" * 1000),
    "a header and no more": raw(b"\0" * 8 + b"DUCK" + struct.pack("<Q", 64) + b"\0" * 4076),
    "null characters": raw(b"\0" * 100_000),
    "a directory": Path.mkdir,
    "a symlink to nowhere": symlink_to_nowhere,
    "a symlink to itself": lambda path: path.symlink_to(path),
}
IN_THE_WAY: dict[str, Maker] = {
    ".lock": Path.mkdir,
    ".work": text("not a directory"),
}
WAREHOUSES: dict[str, Maker] = {
    "nothing": raw(b""),
    "bytes": raw(bytes(range(256)) * 100),
    "another program's": lambda path: duckdb.connect(path).close(),
    "a symlink to nowhere": symlink_to_nowhere,
}


@contextmanager
def one_line(exit_code: int = 2, *words: str) -> Iterator[None]:
    with pytest.raises(CosellError) as caught:
        yield
    line = str(caught.value)
    assert caught.value.exit_code == exit_code
    assert line.isprintable()
    assert len(line) < LONGEST_LINE
    assert [word for word in words if word not in line] == []


def test_there_are_enough_of_them() -> None:
    of_all = SETTINGS, WORLDS, RATES, LANDINGS, IN_THE_WAY, WAREHOUSES
    assert sum(map(len, of_all)) >= 70


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    SETTINGS[name](tmp_path / "cosell.toml")
    with one_line(2, "cosell.toml"):
        load_settings()


@pytest.mark.parametrize("name", WORLDS)
def test_the_demos_world(tmp_path: Path, name: str) -> None:
    """Before anything is started or written."""
    WORLDS[name](tmp_path / "sandbox.json")
    with one_line(2, "sandbox.json"):
        keep_demo_rates(tmp_path, tmp_path, NOW)
    assert os.listdir(tmp_path) == ["sandbox.json"]


@pytest.mark.parametrize("name", RATES)
def test_rates(tmp_path: Path, name: str) -> None:
    RATES[name](tmp_path / "fx_rates.csv")
    with one_line(2, "fx_rates.csv"):
        reporting_currency(Settings(data_dir=tmp_path), NOW.date())


def test_rates_that_unpack_to_too_much(tmp_path: Path) -> None:
    bomb(tmp_path / "eurofxref-hist.zip")
    tracemalloc.start()
    with one_line(2, "eurofxref-hist.zip", "larger"):
        reporting_currency(Settings(data_dir=tmp_path), NOW.date())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """An empty data directory, and an AWS that nobody should ask: the night ends before."""
    with aws_environment("http://127.0.0.1:9", tmp_path):
        data_dir = tmp_path / "data"
        data_dir.mkdir()
        yield settings_for(data_dir)


@pytest.mark.parametrize("name", LANDINGS)
def test_landing(settings: Settings, name: str) -> None:
    LANDINGS[name](settings.landing_path)
    before = contents(settings.landing_path)
    with one_line(2, "landing.duckdb"):
        run_nightly(settings, as_of=NOW.date())
    assert contents(settings.landing_path) == before
    assert {path.name for path in settings.data_dir.iterdir()} <= {"landing.duckdb", ".lock"}


def contents(path: Path) -> bytes | str:
    return os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "a directory"


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_what_is_in_the_way_of_a_run(settings: Settings, name: str) -> None:
    IN_THE_WAY[name](settings.data_dir / name)
    with one_line(2, name if name == ".work" else "cannot write in"):
        run_nightly(settings, as_of=NOW.date())


@pytest.mark.parametrize("make", [text(""), symlink_to_nowhere], ids=["a file", "a symlink to nowhere"])
def test_data_directory(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / "data")
    with one_line(2, "cannot write in"):
        run_nightly(settings_for(tmp_path / "data"), as_of=NOW.date())


@pytest.mark.parametrize("name", WAREHOUSES)
def test_what_is_no_warehouse_is_built_upon_by_no_night_and_replaced(tmp_path: Path, name: str) -> None:
    landing, warehouse, built = (tmp_path / name for name in ("landing.duckdb", "warehouse.duckdb", "built.duckdb"))
    WAREHOUSES[name](warehouse)
    duckdb.connect(landing).close()
    for number in range(2):  # the second finds what the landing says of the first
        assert not start_from_published(warehouse, landing, built, "this code")
        with duckdb.connect(built) as connection:
            connection.execute(f"CREATE TABLE numbers AS SELECT {number} AS number")
        publish(built, warehouse, landing)
        with duckdb.connect(warehouse, read_only=True) as connection:
            assert connection.execute("FROM numbers").fetchall() == [(number,)]
        warehouse.unlink()
        WAREHOUSES[name](warehouse)


@pytest.mark.parametrize("make", [raw(b""), raw(b"DUCK" * 999), Path.mkdir, symlink_to_nowhere])
def test_what_is_no_warehouse_is_not_queried(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / "warehouse.duckdb")
    with one_line(2, "warehouse.duckdb"):
        print_query(tmp_path / "warehouse.duckdb", "SELECT 1", "csv")


def test_a_directory_in_the_warehouses_place_is_told_before_aws_is_asked(settings: Settings) -> None:
    settings.warehouse_path.mkdir()
    with one_line(2, "warehouse.duckdb"):
        run_nightly(settings, as_of=NOW.date())
