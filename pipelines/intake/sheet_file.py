"""The rows of a CSV or Parquet file. Nothing is guessed: of CSV every cell is text, of Parquet its type counts."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import ConfigurationError
from pipelines.intake.cells import SHEET_COLUMNS, Cell
from pipelines.intake.deals import LISTS, Reason

LARGEST_BYTES = 64 * 1024 * 1024  # 10,000 deals, a day's writes, have 30 at most in plain letters
PARQUET, ARCHIVE = b"PAR1", b"PK\x03\x04"
AS_UTF_8 = "save it as `CSV UTF-8` and give that file"
NUMBERS = frozenset({"tcv", "contract_months"})
"""The columns that may have a fractional type: an identifier or a postal code that has one has been spoilt."""
DATES = frozenset({"target_close_date"})

FLOAT_DIGITS = sys.float_info.dig  # 15: what a float64 keeps of every decimal number
TOO_LONG = f"has more than the {FLOAT_DIGITS} digits that a float keeps: write the column as decimal or text"
_MIDNIGHT = re.compile(r" 00:00:00(\.0+)?$")

ReadCell = Cell | Reason
"""What stands in a cell, or why that cannot be told."""
Row = tuple[int, list[ReadCell]]


@dataclass(frozen=True, slots=True)
class Table:
    """The names of a file's columns, and its rows that are not blank, each with its number and "" where it is empty.

    Numbers are a spreadsheet's, blank rows counted and the header being row 1. A row of CSV may have fewer cells than
    there are names.
    """

    names: list[str]
    rows: list[Row]


def read_table(path: Path) -> Table:
    """Read a file by its first bytes, whatever it is called. Raises ConfigurationError for one that cannot be read."""
    where, content = in_line(str(path)), _content(path)
    table = _parquet_table(where, content) if content.startswith(PARQUET) else _csv_table(where, content)
    if not table.rows:
        raise ConfigurationError(f"{where} has a header and no rows: put one row for each deal below it")
    return table


def in_line(name: str) -> str:
    """Return the name of a file or a column as a line can hold it: it may be any text, and that of a file any bytes."""
    return name if name.isprintable() else ascii(name)


def shown(name: str) -> str:
    """Return the name of a column, cut to what a line has room for."""
    return in_line(name if len(name) <= 40 else f"{name[:40]}...")


def _content(path: Path) -> bytes:
    where = in_line(str(path))
    try:
        if not path.is_file():
            raise ConfigurationError(f"{where} is no file: name a CSV or Parquet file of deals")
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise ConfigurationError(f"{where} cannot be read: {reason}; name a CSV or Parquet file of deals") from error
    if len(content) > LARGEST_BYTES:
        raise ConfigurationError(f"{where} is larger than {LARGEST_BYTES:,} bytes: split it into several sheets")
    if not content:
        raise ConfigurationError(f"{where} is empty: put a header and one row for each deal in it")
    if content.startswith(ARCHIVE):
        raise ConfigurationError(f"{where} is a workbook or an archive, and no CSV: {AS_UTF_8}")
    return content


def _csv_table(where: str, content: bytes) -> Table:
    text = _text(where, content)
    numbered = ((row, cells) for row, cells in _records(where, text) if any(cells))
    _, names = next(numbered, (0, []))
    if not names:
        raise ConfigurationError(f"{where} is empty: put a header and one row for each deal in it")
    for separator, kind in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise ConfigurationError(
                f"{where} has {kind} between its cells, as spreadsheets in some countries write them: save it with "
                "commas and with points in its amounts"
            )
    rows: list[Row] = []
    for row, cells in numbered:
        if len(cells) > len(names):
            raise ConfigurationError(
                f"{where}, row {row}: {len(cells)} cells under {len(names)} columns: put double quotes around a cell "
                "that has a comma in it"
            )
        rows.append((row, list(cells)))
    return Table(names, rows)


def _text(where: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{where}, line {line}: it is not written in UTF-8: {AS_UTF_8}") from error
    before, null, _ = text.partition("\0")
    if null:
        line = before.count("\n") + 1
        raise ConfigurationError(f"{where}, line {line}: it has null bytes, as no CSV in UTF-8 has: {AS_UTF_8}")
    return text


def _records(where: str, text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row, cells in enumerate(reader, start=1):
            yield row, [cell.strip() for cell in cells]
    except csv.Error as error:
        if "field larger" in str(error):
            raise ConfigurationError(
                f"{where}, line {reader.line_num}: it has a cell of more than {csv.field_size_limit():,} characters: "
                "shorten it, or end it where its double quotes are not closed"
            ) from error
        raise ConfigurationError(
            f"{where}, line {reader.line_num}: it is no CSV ({error}): write a double quote inside a quoted cell twice"
        ) from error


def _parquet_table(where: str, content: bytes) -> Table:
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        table.validate(full=True)
        columns = [_texts(where, name, column) for name, column in zip(table.column_names, table.columns, strict=True)]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ConfigurationError(f"{where} is a damaged Parquet file: write it again") from error
    rows = enumerate(zip(*columns, strict=True), start=2)
    return Table(list(table.column_names), [(row, list(cells)) for row, cells in rows if any(cells)])


def _texts(where: str, name: str, column: Any) -> list[ReadCell]:
    """Turn a column into text, as its type demands. Raises ConfigurationError for a type that it cannot have."""
    known = name.strip().lower()
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        return ["" if value is None else str(value).strip() for value in column.to_pylist()]
    if known in LISTS and _is_list_of_texts(kind):
        lists = (value or () for value in column.to_pylist())
        return [tuple(entry.strip() for entry in entries if entry and entry.strip()) for entries in lists]
    if known == "tcv" and pa.types.is_float32(kind):
        raise ConfigurationError(f"{where}: its column tcv is of type {kind}, too short: write it as decimal or text")
    if known in NUMBERS and (pa.types.is_float32(kind) or pa.types.is_float64(kind)):
        return [_plain_float(value) for value in column.cast(pa.string()).to_pylist()]
    if known in NUMBERS and pa.types.is_decimal(kind):
        return [_plain(value) for value in column.to_pylist()]
    if known in DATES and (pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)):
        return [_day(value) for value in column.cast(pa.string()).to_pylist()]
    if known in SHEET_COLUMNS:
        raise ConfigurationError(f"{where}: its column {known} is of type {kind}: write it as text")
    return [""] * len(column)  # never read


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_list_of_texts(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type)


def _plain_float(text: str | None) -> ReadCell:
    """Write a float that has been written with the fewest digits that tell it from others: past FLOAT_DIGITS these need
    not be those of the number that was meant."""
    if text is not None and (number := Decimal(text)).is_finite():
        written = number.normalize().as_tuple()
        if len(written.digits) > FLOAT_DIGITS and int(written.exponent) >= -2:
            return Reason(None, TOO_LONG)
    return _plain(text)


def _plain(number: str | Decimal | None) -> str:
    """Write a number without an exponent, and without the zeros that only its column's scale puts after the cents."""
    if number is None:
        return ""
    text = format(Decimal(number), "f")
    whole, point, decimals = text.partition(".")
    return f"{whole}{point}{decimals[:2]}{decimals[2:].rstrip('0')}"


def _day(text: str | None) -> str:
    """Write a day; an instant within a day is none, nor is one past the calendar's end, and is told of as such."""
    return _MIDNIGHT.sub("", text or "")
