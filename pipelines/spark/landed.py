"""The landing as one Spark frame: the rows of all its tables, each with the opportunity that it belongs to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from expectations.rules import literal
from pipelines.changes import NO_OPPORTUNITY
from pipelines.database import has_table
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.spark.session import is_on_this_machine
from pipelines.staging import LANDING_DATASET

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


@dataclass(frozen=True, slots=True)
class Landed:
    """A landing table: the SQL of the opportunity that a row belongs to, and its key."""

    owner: str
    key: tuple[str, ...]


LANDED: Mapping[str, Landed] = {
    "opportunity_versions": Landed("opportunity_id", ("opportunity_id", "last_modified_date")),
    "aws_opportunity_summaries": Landed("opportunity_id", ("opportunity_id", "last_modified_date")),
    "opportunity_visibility": Landed("opportunity_id", ("opportunity_id", "observed_at")),
    "engagement_associations": Landed("resource_id", ("engagement_id", "resource_id")),
    "resource_snapshots": Landed("resource_id", ("engagement_id", "resource_id", "template", "revision")),
    "solutions": Landed(literal(NO_OPPORTUNITY), ("solution_id",)),
}
"""The landing tables that a night reads."""
TABLE, OWNER = "landing_table", "owner_id"
COLUMNS: Mapping[str, pa.DataType] = {TABLE: pa.string(), OWNER: pa.string()} | {
    field.name: field.type for table in LANDED for field in LANDING_SCHEMAS[table]
}
"""Every column of these tables, after which one a row is of; it has null in those of the others."""
ROWS_AT_ONCE = 20_000  # of some kilobytes each, sent to a remote server


def landed_here(spark: "SparkSession", connection: duckdb.DuckDBPyConnection, scratch: Path) -> "DataFrame":
    """Hand the attached `landing` to Spark: as a file in `scratch`, or in pieces where workers do not see that."""
    connection.register("no_rows", pa.schema(list(COLUMNS.items())).empty_table())  # which gives absent columns a type
    rows = connection.sql(" UNION ALL ".join(["FROM no_rows", *_rows_of(connection)]))
    if is_on_this_machine(spark):
        path = scratch / "landed.parquet"
        rows.write_parquet(str(path), compression="zstd", row_group_size=ROWS_AT_ONCE)
        return spark.read.schema(spark_schema(COLUMNS)).parquet(path.as_uri())
    pieces = [
        spark.createDataFrame(pa.Table.from_batches([batch]), schema=spark_schema(COLUMNS))
        for batch in rows.to_arrow_reader(ROWS_AT_ONCE)
    ]
    return union(pieces or [spark.createDataFrame([], schema=spark_schema(COLUMNS))])


def _rows_of(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for table, landed in LANDED.items():
        if has_table(connection, LANDING_DATASET, table, database="landing"):
            own = {TABLE: literal(table), OWNER: landed.owner} | {name: name for name in LANDING_SCHEMAS[table].names}
            columns = (f"{own.get(name, 'NULL')} AS {name}" for name in COLUMNS)
            yield f"SELECT {', '.join(columns)} FROM landing.{LANDING_DATASET}.{table}"


def spark_schema(columns: Mapping[str, pa.DataType]) -> "StructType":
    """Return columns of Arrow's as Spark's."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(pa.schema(list(columns.items())))


def union(pieces: Sequence["DataFrame"]) -> "DataFrame":
    """Put frames together as a tree: a server refuses plans that are a thousand deep."""
    if len(pieces) == 1:
        return pieces[0]
    half = len(pieces) // 2
    return union(pieces[:half]).unionAll(union(pieces[half:]))
