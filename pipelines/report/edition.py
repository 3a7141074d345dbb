"""The published warehouse as the report reads it: whose run it is, in which currency, and queries on it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.errors import ConfigurationError
from pipelines.report import format as write


@dataclass(frozen=True, slots=True)
class Edition:
    """One published warehouse, open for reading, and the run that published it."""

    connection: duckdb.DuckDBPyConnection
    run: dict[str, Any]
    currency: str

    @property
    def as_of(self) -> date:
        """The business date."""
        day: date = self.run["as_of"]
        return day

    @property
    def month(self) -> date:
        """The running month, by its first day."""
        return self.as_of.replace(day=1)

    @property
    def last_month(self) -> date:
        """The last full month, by its first day."""
        return (self.month - timedelta(days=1)).replace(day=1)

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """Return the rows of a query by column name."""
        return _rows(self.connection, sql, parameters)

    def row(self, sql: str, **parameters: object) -> dict[str, Any]:
        """Return the one row of a query by column name."""
        (row,) = self.rows(sql, **parameters)
        return row

    def amount(self, amount: Decimal | None) -> str | None:
        """Write an amount of the reporting currency exactly, below a heading that names the currency."""
        return write.amount(amount, self.currency)

    def compact(self, amount: Decimal | None) -> str | None:
        """Write an amount in the reporting currency in a few digits: USD 5.22 M."""
        return None if amount is None else f"{self.currency} {write.compact(amount)}"


def edition(connection: duckdb.DuckDBPyConnection) -> Edition:
    """Read whose warehouse an open one is, and in which currency. Raises ConfigurationError when it does not say so."""
    runs = _rows(connection, "FROM ops.runs WHERE status = 'published' ORDER BY started_at DESC LIMIT 1")
    currencies = _rows(connection, "SELECT reporting_currency FROM ops.basis")
    if not (runs and currencies):
        raise ConfigurationError("this warehouse does not say which run published it: `cosell nightly` replaces it")
    return Edition(connection, runs[0], currencies[0]["reporting_currency"])


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None
) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters or {})
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
