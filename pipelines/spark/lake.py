"""A landing in a folder or bucket, as dlt's filesystem destination leaves it: Parquet files, or Delta tables."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from expectations.rules import literal
from pipelines.errors import ConfigurationError
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.spark.landed import COLUMNS, LANDED, OWNER, TABLE, spark_schema, union

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOADS = "_dlt_loads"
_COMPLETED = re.compile(r"__(\d+\.\d+)\.jsonl$")
_LOADED = re.compile(r"/(\d{9,}\.\d+)\.[^/]*$")
"""The identifier of a load, in the names of dlt's files: of what it completed, and of the rows that it brought."""


def landed_at(spark: "SparkSession", url: str) -> "DataFrame":
    """Read the landing that the dlt source has filled, of the loads that completed.

    A key may be there more than once, where the destination could not merge. Raises ConfigurationError where no load
    completed, where files do not say of which load they are, or for a Delta table that needs more than its files.
    """
    root = (url if "://" in url else Path(url).absolute().as_uri()).rstrip("/")
    if not _is_there(spark, f"{root}/{LOADS}"):
        raise ConfigurationError(
            f"--landing holds no completed load of dlt's: give the folder of its dataset, which has {LOADS} in it"
        )
    completed = {_load_of(path, _COMPLETED) for path in spark.read.text(f"{root}/{LOADS}").inputFiles()}
    tables = {table: _files(spark, root, table, completed) for table in LANDED}
    pieces = [_as_landed(_read(spark, table, files), table) for table, files in tables.items() if files]
    return union([*pieces, spark.createDataFrame([], schema=spark_schema(COLUMNS))])


def _files(spark: "SparkSession", root: str, table: str, completed: set[str]) -> list[str]:
    """List the Parquet files of a table: of completed loads, since of another one there may be a part, or the files
    that a Delta table consists of now."""
    path = f"{root}/{table}"
    if _is_there(spark, f"{path}/_delta_log"):
        return _delta_files(path)
    if not _is_there(spark, path):
        return []
    # A path is given back as a URL, but taken as it is.
    listed = [unquote(file) for file in _read(spark, table, [path]).inputFiles()]
    return [file for file in listed if _load_of(file, _LOADED) in completed]


def _delta_files(path: str) -> list[str]:
    from deltalake import DeltaTable

    delta = DeltaTable(path)
    if delta.protocol().min_reader_version > 1:
        raise ConfigurationError(
            "a Delta table of --landing has deletion vectors or mapped columns, which are not read: write it without, "
            "as dlt does"
        )
    return list(delta.file_uris())


def _load_of(path: str, named: re.Pattern[str]) -> str:
    """Return the load that a file is of. Raises ConfigurationError where its name does not say."""
    if found := named.search(path):
        return found[1]
    raise ConfigurationError(
        "a file of --landing does not say which load brought it: keep dlt's layout, {table_name}/{load_id}.{file_id}"
    )


def _read(spark: "SparkSession", table: str, paths: Sequence[str]) -> "DataFrame":
    columns = {field.name: field.type for field in LANDING_SCHEMAS[table]}
    reader = spark.read.schema(spark_schema(columns)).option("pathGlobFilter", "*.parquet")
    return reader.option("recursiveFileLookup", "true").parquet(*paths)


def _as_landed(rows: "DataFrame", table: str) -> "DataFrame":
    own = {TABLE: literal(table), OWNER: LANDED[table].owner} | {name: name for name in LANDING_SCHEMAS[table].names}
    types = {field.name: field.dataType.simpleString() for field in spark_schema(COLUMNS)}
    return rows.selectExpr(*(f"CAST({own.get(name, 'NULL')} AS {types[name]}) AS {name}" for name in COLUMNS))


def _is_there(spark: "SparkSession", path: str) -> bool:
    from pyspark.errors import AnalysisException

    try:
        return bool(spark.read.format("binaryFile").load(path).schema)
    except AnalysisException as error:
        if error.getCondition() == "PATH_NOT_FOUND":
            return False
        raise
