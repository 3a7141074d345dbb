"""The driver's side of a night on Spark: hand out the buckets, and put together what they hand back."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dataframely as dy
import duckdb
import polars as pl

from pipelines.changes import built_with
from pipelines.errors import ConfigurationError
from pipelines.examination import Finding
from pipelines.marts import SCHEMAS, create_marts
from pipelines.spark.buckets import (
    BUILT_WITH,
    DRIFTED,
    EXAMINED,
    FAILING,
    FAILING_IN_MARTS,
    FAILURE,
    HANDED_BACK,
    Night,
    bucket_function,
)
from pipelines.spark.landed import OWNER
from pipelines.tables import append_rows, create_table
from transforms.running_sums import RUNNING_SUMS, changed_sums
from transforms.schema import declaration

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RECORDS_A_BUCKET = 50_000  # of some kilobytes each, which a worker holds in memory two or three times
BUCKETS_A_CORE = 2
BUCKET = "bucket"


class WorkerError(RuntimeError):
    """A bucket could not be computed: a bug, with its traceback on the worker."""


@dataclass(slots=True)
class Combined:
    """What the buckets of a night hand back beside rows, added up: payloads by landing table, payloads by drift,
    failing rows by rule; and the rows of the running sums."""

    examined: Counter[str] = field(default_factory=Counter)
    drifted: Counter[Finding] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    failing_in_marts: Counter[str] = field(default_factory=Counter)
    sums: dict[type[dy.Schema], list[pl.DataFrame]] = field(
        default_factory=lambda: {table: [table.create_empty()] for table in RUNNING_SUMS}
    )

    @property
    def drifts(self) -> dict[Finding, tuple[int, int]]:
        """Each drift, with how many payloads have it of how many that were examined."""
        return {finding: (count, self.examined[finding.target]) for finding, count in self.drifted.items()}

    def add(self, name: str, rows: pl.DataFrame) -> None:
        """Add counts, or rows of a running sum, of one bucket."""
        counts = {EXAMINED: self.examined, FAILING: self.failing, FAILING_IN_MARTS: self.failing_in_marts}
        if name == DRIFTED:
            self.drifted.update({Finding(*named): count for *named, count in rows.iter_rows()})
        elif name in counts:
            counts[name].update(dict(rows.iter_rows()))
        else:
            self.sums[HANDED_BACK[name][1]].append(rows)


def compute_buckets(landed: "DataFrame", buckets: int, connection: duckdb.DuckDBPyConnection, night: Night) -> Combined:
    """Fill the tables in HANDED_BACK of the open, empty warehouse with the rows of all opportunities.

    Raises ConfigurationError for a worker that computes with other code, WorkerError for a bucket that failed.
    """
    combined, expected = Combined(), built_with(night.reporting.code)
    create_marts(connection)
    for schema, table in HANDED_BACK.values():
        create_table(connection, schema, declaration(table))
    for name, content in _handed_back(landed, buckets, night):
        if name == FAILURE:
            raise WorkerError(f"a bucket could not be computed; on its worker:\n{content.decode()}")
        if name == BUILT_WITH:
            _check_code(content.decode(), expected)
        elif name in HANDED_BACK and HANDED_BACK[name][1] not in RUNNING_SUMS:
            append_rows(connection, *HANDED_BACK[name], pl.read_ipc(content))
        else:
            combined.add(name, pl.read_ipc(content))
    nothing = {table: table.create_empty().lazy() for table in RUNNING_SUMS}
    added = {table: pl.concat(parts).lazy() for table, parts in combined.sums.items()}
    for table, rows in changed_sums(nothing, nothing, added).items():
        append_rows(connection, SCHEMAS[table], table, rows.collect())
    return combined


def bucket_count(spark: "SparkSession", landed: "DataFrame") -> int:
    """Choose how many buckets: enough for all cores, and for the memory of one."""
    import pyspark.sql.functions as f

    cores = spark.range(1 << 20).select(f.spark_partition_id()).distinct().count()
    return max(BUCKETS_A_CORE * int(cores), -(-int(landed.count()) // RECORDS_A_BUCKET))


def _handed_back(landed: "DataFrame", buckets: int, night: Night) -> Iterator[tuple[str, bytes]]:
    """Have every bucket computed, and yield what they hand back, bucket after bucket."""
    import pyspark.sql.functions as f
    from pyspark import StorageLevel

    bucketed = landed.withColumn(BUCKET, f.expr(f"cast(pmod(xxhash64({OWNER}), {buckets}) AS INT)"))
    results = (
        bucketed.repartitionById(buckets, f.col(BUCKET))
        .groupBy(BUCKET)
        .applyInArrow(bucket_function(night), "name string, content binary")
        .persist(StorageLevel.DISK_ONLY)
    )
    try:
        results.count()  # computes them side by side: an iterator would ask for one after the other
        for row in results.toLocalIterator():
            yield row.name, bytes(row.content)
    finally:
        results.unpersist()


def _check_code(found: str, expected: str) -> None:
    if found != expected:
        raise ConfigurationError(
            "a Spark worker computes with another version of cosell-revenue or of its libraries: install on every "
            "worker what is on this machine (docs/scale.md)"
        )
