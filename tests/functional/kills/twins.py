"""What differs between two data directories that have seen the same world: counts and keys, never values."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from dlt.common.versioned_state import decompress_state

from pipelines.marts import SCHEMAS
from transforms.schema import declaration

SIDES = ("disturbed", "undisturbed")
LANDING_KEYS = {
    "opportunity_versions": "opportunity_id, last_modified_date",
    "opportunities": "opportunity_id",
    "aws_opportunity_summaries": "opportunity_id, last_modified_date",
    "opportunity_visibility": "opportunity_id, observed_at",
    "engagement_associations": "engagement_id, resource_id",
    "resource_snapshots": "engagement_id, resource_id, template, revision",
    "solutions": "solution_id",
}
BUILT = [f"{schema}.{declaration(table).name}" for table, schema in SCHEMAS.items()]
CHANGES_OF_SIGHT = """
    SELECT opportunity_id, is_visible, row_number() OVER (PARTITION BY opportunity_id ORDER BY observed_at) AS change
    FROM {side}_landing.partner_central.opportunity_visibility"""
LAST_RUN = "run_id = (SELECT arg_max(run_id, started_at) FROM {side}_warehouse.ops.runs)"
QUERIES = {
    **{
        f"landing {table}": f"SELECT * EXCLUDE fetched_at FROM {{side}}_landing.partner_central.{table}"
        for table in LANDING_KEYS
    },
    "landing opportunity_visibility": CHANGES_OF_SIGHT,
    **{table: f"FROM {{side}}_warehouse.{table}" for table in BUILT},
    "marts.observations": "SELECT * REPLACE (CASE WHEN evidence <> 'vanished' THEN observed_at END AS observed_at) "
    "FROM {side}_warehouse.marts.observations",
    "ops.inputs": "SELECT * EXCLUDE fingerprint FROM {side}_warehouse.ops.inputs",
    **{table: f"FROM {{side}}_warehouse.{table}" for table in ("ops.checked", "ops.offences")},
    "last quality.quarantine": f"SELECT * EXCLUDE run_id FROM {{side}}_warehouse.quality.quarantine WHERE {LAST_RUN}",
    "last quality.results": "SELECT * EXCLUDE run_id FROM {side}_warehouse.quality.results "
    f"WHERE suite <> 'drift' AND {LAST_RUN}",
    "drift, which is told once": "SELECT expectation, target, column_name FROM {side}_warehouse.quality.results "
    "WHERE suite = 'drift'",
}
"""What is the same in both, however often nights were killed. The instants of our own clock are not."""


def differences(disturbed: Path, undisturbed: Path) -> list[str]:
    """One line for each table that is not the same in both data directories, or holds a key twice in one."""
    with duckdb.connect() as connection:
        for side, directory in zip(SIDES, (disturbed, undisturbed), strict=True):
            for file in ("landing", "warehouse"):
                connection.execute(f"ATTACH '{directory / file}.duckdb' AS {side}_{file} (READ_ONLY)")
        return [
            *_doubled(connection),
            *_cursors(connection),
            *(line for name, query in QUERIES.items() for line in _differing(connection, name, query)),
        ]


def _doubled(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for side in SIDES:
        for table, key in LANDING_KEYS.items():
            if _has(connection, side, table):
                rows = f"SELECT {key} FROM {side}_landing.partner_central.{table} GROUP BY ALL HAVING count(*) > 1"
                yield from _told(connection, rows, f"landing {table}: twice in the {side} one")


def _differing(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> Iterator[str]:
    table = name.removeprefix("landing ")
    if table in LANDING_KEYS:
        missing = [side for side in SIDES if not _has(connection, side, table)]
        if len(missing) == 1:
            yield f"{name}: not in the {missing[0]} one"
        if missing:
            return
    one, other = query.format(side="disturbed"), query.format(side="undisturbed")
    yield from _told(connection, f"({one}) EXCEPT ALL ({other})", f"{name}: in the disturbed one alone")
    yield from _told(connection, f"({other}) EXCEPT ALL ({one})", f"{name}: in the undisturbed one alone")


def _told(connection: duckdb.DuckDBPyConnection, rows: str, what: str) -> Iterator[str]:
    """Say how many rows there are, and what is in the first column of some."""
    found = connection.execute(rows).fetchall()
    if found:
        yield f"{what}: {len(found)} rows, {', '.join(sorted({str(row[0]) for row in found})[:3])}"


def _cursors(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    one, other = (_cursor(connection, side) for side in SIDES)
    if one != other:
        yield f"the cursor: {one} in the disturbed one, {other} in the undisturbed one"


def _cursor(connection: duckdb.DuckDBPyConnection, side: str) -> tuple[object, ...]:
    """The last listed instant that has landed, and the opportunities that have landed at it."""
    ((stored,),) = connection.execute(
        f"SELECT arg_max(state, version) FROM {side}_landing.partner_central._dlt_pipeline_state"
    ).fetchall()
    state = decompress_state(stored)["sources"]["partner_central"]["resources"]["opportunity_pages"]
    return state["incremental"]["listed_through"]["last_value"], *state["ids_at_cursor"]


def _has(connection: duckdb.DuckDBPyConnection, side: str, table: str) -> bool:
    """Whether a table of the landing has been made: none is before it has rows."""
    found = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'partner_central' AND table_name = ?",
        [f"{side}_landing", table],
    )
    return found.fetchone() is not None
