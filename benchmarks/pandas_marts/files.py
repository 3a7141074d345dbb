"""From a DuckDB file of staged tables to frames, and from frames to a DuckDB file of marts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.rollups import ROLLUPS
from transforms.schema import declaration
from transforms.staged import AWS_OPPORTUNITY_SUMMARIES, OPPORTUNITY_VERSIONS
from transforms.touches import LISTS, SNAPSHOT_LISTS

RECORDS = ("opportunity_versions", "resource_snapshots")
SPEND = "project__expected_customer_spend"
SNAPSHOT_COLUMNS = """
row_key, opportunity_id, engagement_id, revision, created_at AS last_modified_at, is_excluded,
lifecycle__stage AS life_cycle__stage, lifecycle__target_close_date AS life_cycle__target_close_date,
project__expected_contract_duration__term, project__expected_contract_duration__value
"""
DECLARED = {declaration(table).name: declaration(table) for table in (*PER_OPPORTUNITY, *ROLLUPS)}


@dataclass(frozen=True, slots=True)
class Staged:
    """The staged tables. Snapshots have the column names of versions; spend and the values of each dimension are those
    of both. `opportunity_id` is a category, the same in all of them."""

    versions: pd.DataFrame
    snapshots: pd.DataFrame
    spend: pd.DataFrame
    values: Mapping[str, pd.DataFrame]
    summaries: pd.DataFrame
    visibility: pd.DataFrame


def read(path: Path) -> Staged:
    """Read everything staged."""
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")

        def table(name: str, columns: str) -> pd.DataFrame:
            frame: pd.DataFrame = connection.sql(f"SELECT {columns} FROM {name}").df()
            empty = frame.select_dtypes("object").columns  # how DuckDB hands over a text column without any text
            return frame.astype(dict.fromkeys(empty, "str"))

        def items(path: str, columns: str, records: tuple[str, ...] = RECORDS) -> pd.DataFrame:
            return pd.concat([table(f"{record}__{path}", columns) for record in records], ignore_index=True)

        versions = table("opportunity_versions", ", ".join(OPPORTUNITY_VERSIONS))
        identifiers = pd.CategoricalDtype(versions["opportunity_id"].drop_duplicates().sort_values(), ordered=True)
        staged = Staged(
            versions=versions,
            snapshots=table("resource_snapshots", SNAPSHOT_COLUMNS),
            spend=items(SPEND, "parent_key, target_company, amount, currency_code"),
            values={
                dimension: items(path, "parent_key, value", RECORDS if dimension in SNAPSHOT_LISTS else RECORDS[:1])
                for dimension, path in LISTS.items()
            },
            summaries=table("aws_opportunity_summaries", ", ".join(AWS_OPPORTUNITY_SUMMARIES)),
            visibility=table("opportunity_visibility", "opportunity_id, observed_at, is_visible"),
        )
    for frame in (staged.versions, staged.snapshots, staged.summaries, staged.visibility):
        frame["opportunity_id"] = frame["opportunity_id"].astype(identifiers)
    return staged


def write(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the tables, by schema and name, to a new file, with the columns and types of the marts; amounts are whole
    cents so far."""
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA marts; CREATE SCHEMA ops")
        for name, frame in tables.items():
            columns = DECLARED[name.partition(".")[2]].columns
            casts = [
                f"({column.name}::DECIMAL(36,0) * 0.01)::DECIMAL(38,2) AS {column.name}"
                if column.duckdb_type == "DECIMAL(38,2)"
                else f"{column.name}::{column.duckdb_type} AS {column.name}"
                for column in columns
            ]
            connection.register("frame", frame[[column.name for column in columns]])
            connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(casts)} FROM frame")
            connection.unregister("frame")
