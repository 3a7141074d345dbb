"""What the warehouse needs to know of a table, read from the schema that declares it."""

import re
from dataclasses import dataclass

import dataframely as dy
import polars as pl

DUCKDB_TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Boolean(): "BOOLEAN",
    pl.Int32(): "INTEGER",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",  # shares and days; money is never a float
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
    pl.Decimal(38, 2): "DECIMAL(38,2)",
    pl.Decimal(38, 18): "DECIMAL(38,18)",
    pl.List(pl.Int32()): "INTEGER[]",
}


@dataclass(frozen=True, slots=True)
class ColumnDeclaration:
    """One column: its DuckDB type, whether it may be null, and its description."""

    name: str
    duckdb_type: str
    is_nullable: bool
    comment: str


@dataclass(frozen=True, slots=True)
class TableDeclaration:
    """One table: its comment opens with the grain; columns in their order."""

    name: str
    comment: str
    columns: tuple[ColumnDeclaration, ...]
    primary_key: tuple[str, ...]


def reporting_money(amount: str) -> dy.Decimal:
    """Declare a column that holds an amount in the reporting currency."""
    return dy.Decimal(
        38,
        2,
        nullable=True,
        description=f"{amount} in the reporting currency, at the rate of the as-of date; null when its own currency is "
        "unknown or has no rate.",
    )


def declaration(schema: type[dy.Schema]) -> TableDeclaration:
    """The table that `schema` declares, named after the class in snake case, with its docstring as comment.

    Raises ValueError when the table or a column is not described, or has a type the warehouse does not use.
    """
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", schema.__name__).lower()
    return TableDeclaration(
        name=name,
        comment=_one_line(name, schema.__doc__),
        columns=tuple(_column(name, column_name, column) for column_name, column in schema.columns().items()),
        primary_key=tuple(schema.primary_key()),
    )


def _column(table: str, name: str, column: dy.Column) -> ColumnDeclaration:
    duckdb_type = DUCKDB_TYPES.get(column.dtype)
    if duckdb_type is None:
        raise ValueError(f"{table}.{name}: no DuckDB type is declared for {column.dtype}")
    return ColumnDeclaration(name, duckdb_type, column.nullable, _one_line(f"{table}.{name}", column.description))


def _one_line(name: str, text: str | None) -> str:
    """`text` on one line."""
    if text is None or not text.strip():
        raise ValueError(f"{name} has no description")
    return " ".join(text.split())
