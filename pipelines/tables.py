"""Tables of the warehouse, created as they are declared: types, comments, and rows that fit."""

import dataframely as dy
import duckdb
import polars as pl

from expectations.rules import literal
from pipelines.database import registered
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


def append_rows(
    connection: duckdb.DuckDBPyConnection, schema: str, declared: type[dy.Schema], rows: pl.DataFrame
) -> None:
    """Append rows to `schema`.<table>.

    Raises dataframely's ValidationError when the rows are not what the schema declares: that is a bug.
    """
    with registered(connection, "rows_to_append", declared.validate(rows)):
        connection.execute(f"INSERT INTO {schema}.{declaration(declared).name} SELECT * FROM rows_to_append")


def replace_rows(
    connection: duckdb.DuckDBPyConnection, schema: str, declared: type[dy.Schema], rows: pl.DataFrame
) -> None:
    """Give `schema`.<table> these rows alone. Raises what `append_rows` raises."""
    connection.execute(f"DELETE FROM {schema}.{declaration(declared).name}")
    append_rows(connection, schema, declared, rows)


def fill_table(
    connection: duckdb.DuckDBPyConnection, schema: str, declared: type[dy.Schema], rows: pl.DataFrame
) -> None:
    """Append rows to `schema`.<table>, which is created as declared if need be. Raises what `append_rows` raises."""
    create_table(connection, schema, declaration(declared))
    append_rows(connection, schema, declared, rows)


def replace_table(
    connection: duckdb.DuckDBPyConnection, schema: str, declared: type[dy.Schema], rows: pl.DataFrame
) -> None:
    """Make `schema`.<table> as declared, with these rows alone. Raises what `append_rows` raises."""
    create_table(connection, schema, declaration(declared))
    replace_rows(connection, schema, declared, rows)
