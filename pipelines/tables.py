"""Tables of the warehouse, created as they are declared: types, comments, and rows that fit."""

import dataframely as dy
import duckdb
import polars as pl

from expectations.rules import literal
from transforms.schema import TableDeclaration, declaration


def create_table(connection: duckdb.DuckDBPyConnection, schema: str, table: TableDeclaration) -> None:
    """Create the table in `schema` unless it exists, with the types and comments that its declaration gives."""
    name = f"{schema}.{table.name}"
    columns = ", ".join(
        f"{column.name} {column.duckdb_type}{'' if column.is_nullable else ' NOT NULL'}" for column in table.columns
    )
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
    connection.execute(f"COMMENT ON TABLE {name} IS {literal(table.comment)}")
    for column in table.columns:
        connection.execute(f"COMMENT ON COLUMN {name}.{column.name} IS {literal(column.comment)}")


def fill_table(
    connection: duckdb.DuckDBPyConnection, schema: str, declared: type[dy.Schema], rows: pl.DataFrame
) -> None:
    """Append rows to `schema`.<table>, which is created as declared if need be.

    Raises dataframely's ValidationError when the rows are not what the schema declares: that is a bug.
    """
    table = declaration(declared)
    create_table(connection, schema, table)
    connection.register("rows_to_append", declared.validate(rows).to_arrow())
    connection.execute(f"INSERT INTO {schema}.{table.name} SELECT * FROM rows_to_append")
    connection.unregister("rows_to_append")
