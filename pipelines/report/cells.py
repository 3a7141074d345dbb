"""Figures and tables of the report: what is shown, and the exact value behind it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value of the warehouse under a name, and how the report writes it; `text` is None where it is unknown."""

    name: str
    value: str
    text: str | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. A key names its row; what `show` writes is a figure, and without it there is a text."""

    name: str
    heading: str
    show: Callable[[Any], str | None] | None = None
    is_key: bool = False
    is_prose: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below their headings, each cell a figure or a text."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Figure | str | None]]

    kind = "table"


def exact(value: object) -> str:
    """Write a value as a program reads it: all digits, ISO dates, nothing where it is unknown."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case float():
            return repr(value)
        case _:
            return str(value)


def table(
    section: str, caption: str, columns: Sequence[Column], rows: Iterable[Row], *, keys: Sequence[str] = ()
) -> Table:
    """Make the table of a section. Its figures are named after section and column, and keyed by `keys`, which all rows
    share, and the row's own."""

    def cell(column: Column, row: Row, key: str) -> Figure | str | None:
        value = row[column.name]
        if column.show is None:
            return None if value is None else str(value)
        text = column.show(value)
        return text if column.is_key else Figure(f"{section}.{column.name}", exact(value), text, key)

    def key_of(row: Row) -> str:
        return "|".join([*keys, *(exact(row[column.name]) for column in columns if column.is_key)])

    return Table(caption, columns, [[cell(column, row, key_of(row)) for column in columns] for row in rows])
