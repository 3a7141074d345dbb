"""A SQLAlchemy dialect that lends Great Expectations an open DuckDB connection.

Great Expectations 1.24 does not know DuckDB 2, and duckdb-engine 0.17 trips over it. What is mended here: rows
are read when a statement runs, since Great Expectations closes a connection before it fetches; columns are
described by DuckDB instead of PostgreSQL's catalogue; there are no transactions; and the dialect bears
PostgreSQL's name, for which Great Expectations writes regular expressions as `~`. To be dropped when upstream
supports DuckDB 2.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import duckdb_engine
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedPrimaryKeyConstraint

_lent: dict[str, duckdb.DuckDBPyConnection] = {}
_numbers = itertools.count()


@contextmanager
def lend(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield the URL under which SQLAlchemy reaches an open connection; the connection stays the caller's."""
    name = f"lent{next(_numbers)}"
    _lent[name] = connection
    try:
        yield f"duckdb+lent:///{name}"
    finally:
        del _lent[name]


class DuckDBType(sa.types.UserDefinedType[Any]):
    """A column type under DuckDB's own name, such as `DECIMAL(38,2)`."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """Return the type as DuckDB writes it."""
        return self.name


class BufferedCursor(duckdb_engine.CursorWrapper):
    """A cursor that holds its rows, so that they outlive the next statement on the one shared connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, wrapper: "LentConnection") -> None:
        super().__init__(connection, wrapper)
        self._connection = connection
        self._rows: Iterator[Any] = iter(())
        self.description: Any = None

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        """Run a statement and read all of its rows."""
        super().execute(statement, parameters, context)
        self.description = self._connection.description
        self._rows = iter(self._connection.fetchall() if self.description else ())

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next `size` rows, one by default."""
        return list(itertools.islice(self._rows, size or 1))

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        return list(self._rows)


class LentConnection(duckdb_engine.ConnectionWrapper):
    """A connection of which SQLAlchemy's close is not the end."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._connection = connection

    def cursor(self) -> BufferedCursor:
        """Open a cursor on the shared connection."""
        return BufferedCursor(self._connection, self)

    def close(self) -> None:
        """Leave the connection open: it is the lender's."""


class LentDuckDBDialect(duckdb_engine.Dialect):
    """duckdb-engine's dialect on a connection that is open already."""

    name = "postgresql"  # Great Expectations has a list of dialects that may use regular expressions
    supports_statement_cache = True

    def connect(self, *_: Any, **parameters: Any) -> Any:
        """Wrap the connection that was lent under the URL's database name."""
        return LentConnection(_lent[parameters["database"]])

    @classmethod
    def get_pool_class(cls, _url: sa.URL) -> type[sa.Pool]:
        """Share the one connection."""
        return sa.StaticPool

    def do_begin(self, dbapi_connection: Any) -> None:
        """Do nothing: each statement commits itself."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Do nothing: each statement commits itself."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Do nothing: each statement commits itself."""

    def get_pk_constraint(self, *_: Any, **__: Any) -> ReflectedPrimaryKeyConstraint:
        """Report no primary key; rules say what is unique."""
        return {"constrained_columns": [], "name": None}

    def get_columns(
        self, connection: sa.Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[ReflectedColumn]:
        """Describe the columns of a table, with DuckDB's own types."""
        quoted = ".".join(self.identifier_preparer.quote(part) for part in (schema, table_name) if part)
        described = connection.exec_driver_sql(f"DESCRIBE {quoted}")
        return [
            {"name": name, "type": DuckDBType(type_name), "nullable": True, "default": None}
            for name, type_name, *_ in described
        ]


registry.register("duckdb.lent", __name__, LentDuckDBDialect.__name__)
