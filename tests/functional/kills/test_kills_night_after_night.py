"""Nights killed over a world that moves on, and the proof that a difference would have been seen."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from killed_nights import STAGES
from readers import LAST_RUN, half_seen
from trial import Comparison, Trial, trial
from twins import differences

OPPORTUNITIES = 60
ROUNDS = 8
SEED = 196

pytestmark = pytest.mark.timeout(1800)  # a busy machine takes ten times as long


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trial, list[Comparison]]]:
    with trial(tmp_path_factory.mktemp("nights"), OPPORTUNITIES, SEED, COSELL_REPORT="true") as done:
        yield done, list(done.run(ROUNDS))


def test_nothing_is_lost_or_doubled(killed: tuple[Trial, list[Comparison]]) -> None:
    done, comparisons = killed
    assert [line for comparison in comparisons for line in comparison.wrong] == []
    assert len(comparisons) >= 2
    assert done.kills.total() >= ROUNDS
    assert set(done.kills) == set(STAGES)
    assert done.world.edits > 0


def test_readers_see_whole_warehouses(killed: tuple[Trial, list[Comparison]]) -> None:
    done, _ = killed
    assert {way: seen.errors for way, seen in done.seen.items()} == {"holds": [], "reopens": []}
    assert all(seen.queries > 50 and len(seen.published) >= 2 for seen in done.seen.values())


@pytest.mark.parametrize(
    ("file", "sql", "told"),
    [
        (
            "landing",
            "INSERT INTO partner_central.opportunity_versions FROM partner_central.opportunity_versions LIMIT 1",
            ["landing opportunity_versions: twice in the disturbed one: 1 rows",
             "landing opportunity_versions: in the disturbed one alone: 1 rows"],
        ),
        (
            "landing",
            "DELETE FROM partner_central.resource_snapshots WHERE revision = 1",
            ["landing resource_snapshots: in the undisturbed one alone: "],
        ),
        (
            "landing",
            "UPDATE partner_central.opportunities SET payload = '{}' "
            "WHERE opportunity_id = (SELECT min(opportunity_id) FROM partner_central.opportunities)",
            ["landing opportunities: in the disturbed one alone: 1 rows",
             "landing opportunities: in the undisturbed one alone: 1 rows"],
        ),
        ("landing", "DROP TABLE partner_central.solutions", ["landing solutions: not in the disturbed one"]),
        (
            "landing",
            "DELETE FROM partner_central._dlt_pipeline_state "
            "WHERE version > (SELECT min(version) FROM partner_central._dlt_pipeline_state)",
            ["the cursor: "],
        ),
        (
            "warehouse",
            "UPDATE marts.stage_funnel SET reached = reached + 1",
            ["marts.stage_funnel: in the disturbed one alone: ", "marts.stage_funnel: in the undisturbed one alone: "],
        ),
        (
            "warehouse",
            "DELETE FROM quality.quarantine",
            ["last quality.quarantine: in the undisturbed one alone: "],
        ),
    ],
)  # fmt: skip
def test_a_difference_is_told(
    killed: tuple[Trial, list[Comparison]], tmp_path: Path, file: str, sql: str, told: list[str]
) -> None:
    done, _ = killed
    for name in ("landing.duckdb", "warehouse.duckdb"):
        shutil.copyfile(done.disturbed / "data" / name, tmp_path / name)
    with duckdb.connect(tmp_path / f"{file}.duckdb") as connection:
        connection.execute(sql)
    found = differences(tmp_path, done.undisturbed / "data")
    assert len(found) == len(told)
    assert all(line.startswith(expected) for line, expected in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM marts.stage_funnel", "rows published"),
        ("UPDATE marts.stage_history SET exited_at = entered_at", "rows published"),
        ("UPDATE ops.runs SET status = 'running'", "the newest run is running"),
        ("DELETE FROM quality.results", "not there"),
    ],
)
def test_a_half_warehouse_is_seen(killed: tuple[Trial, list[Comparison]], tmp_path: Path, sql: str, told: str) -> None:
    done, _ = killed
    path = tmp_path / "warehouse.duckdb"
    shutil.copyfile(done.disturbed / "data" / "warehouse.duckdb", path)
    with duckdb.connect(path) as connection:
        assert half_seen(connection.execute(LAST_RUN).fetchone()) is None
        connection.execute(sql)
        assert told in str(half_seen(connection.execute(LAST_RUN).fetchone()))
