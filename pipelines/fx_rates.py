"""The user's exchange rates: one CSV file, checked whole before a run begins.

Either `date,currency,per_usd`, or the European Central Bank's reference rates (`Date,USD,JPY,…` per euro, `N/A` for
none), as the bank publishes them, zipped or not.
"""

import csv
import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from babel.numbers import list_currencies

from pipelines.errors import ConfigurationError
from pipelines.settings import Settings
from transforms.currency import (
    RATE_DECIMALS,
    RATE_DIGITS,
    RATE_WHOLE_DIGITS,
    Quote,
    ReportingCurrency,
    quotes_as_of,
)

OWN_FILE = "fx_rates.csv"
FILES = (OWN_FILE, "eurofxref-hist.csv", "eurofxref-hist.zip")
"""What a rates file in the data directory is called; its header says what it is."""
CURRENCIES = frozenset(list_currencies())
LARGEST_BYTES = 64 * 1024 * 1024  # the bank's file has less than one million
NO_RATE = "N/A"
_CSV_NAME = re.compile(r"(?!__MACOSX/).*\.csv", re.IGNORECASE)
_RATE = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(\.(?P<decimals>[0-9]+))?")
Row = list[str]
Fault = Callable[[str], ConfigurationError]


def reporting_currency(settings: Settings, as_of: date) -> ReportingCurrency:
    """Read the rates file, if there is one, and give what counts on a day.

    Raises ConfigurationError for a reporting currency or a file that cannot be used; of a row, with file, line and
    reason.
    """
    if settings.currency not in CURRENCIES:
        raise ConfigurationError(f"--currency {settings.currency} is no currency: give a code of ISO 4217, such as EUR")
    path = _find(settings)
    if path is None:
        return ReportingCurrency(settings.currency)
    base, quotes = _read(path)
    return ReportingCurrency(settings.currency, base, quotes_as_of(quotes, as_of, settings.fx_max_age_days))


def find_in(data_dir: Path) -> Path | None:
    """Return the rates file of a data directory, or None. Raises ConfigurationError for more than one."""
    found = [data_dir / name for name in FILES if os.path.lexists(data_dir / name)]
    if len(found) > 1:
        raise ConfigurationError(
            f"{data_dir} has more than one file of exchange rates, {' and '.join(path.name for path in found)}: keep "
            "one, or name one with --fx FILE"
        )
    return found[0] if found else None


def _find(settings: Settings) -> Path | None:
    path = settings.fx or find_in(settings.data_dir)
    if path is None:
        return None
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    raise ConfigurationError(f"{path} is no file: name a CSV file of exchange rates with --fx, or leave it out")


def _read(path: Path) -> tuple[str, Iterator[Quote]]:
    """Return the base of a file's rates, and its quotes, which are checked as they are taken."""
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)

    def fault(reason: str) -> ConfigurationError:
        next_step = "mend it, or take the file away to leave other currencies unconverted"
        return ConfigurationError(f"{path}, line {rows.line_num}: {reason}: {next_step}")

    numbered = _rows(rows, fault)
    header = next(numbered, None)
    match header:
        case None:
            raise ConfigurationError(f"{path} is empty: put exchange rates in it, or take it away")
        case ["date", "currency", "per_usd"]:
            return "USD", _listed_quotes(numbered, fault)
        case ["Date", *currencies]:
            return "EUR", _bank_quotes(numbered, _without_last_comma(currencies), fault)
    raise fault("its header is neither `date,currency,per_usd` nor the European Central Bank's `Date,USD,JPY,…`")


def _text(path: Path) -> str:
    """Return the text of a file, or of the one CSV file in a zip archive."""
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    (name,) = (name for name in archive.namelist() if _CSV_NAME.fullmatch(name))
                    content = archive.open(name).read(LARGEST_BYTES + 1)
            else:
                file.seek(0)
                content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise ConfigurationError(f"{path} is larger than {LARGEST_BYTES:,} bytes: it cannot be a file of rates")
        return content.decode("utf-8-sig")
    except PermissionError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: give a CSV file in UTF-8, or a zip archive with one such file"
        ) from error


def _rows(rows: Iterator[Row], fault: Fault) -> Iterator[Row]:
    """Yield the rows that are not blank, their cells without the space around them."""
    try:
        for row in rows:
            if row:
                yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise fault(f"it is no CSV ({error})") from error


def _listed_quotes(rows: Iterator[Row], fault: Fault) -> Iterator[Quote]:
    """Yield the quotes of a file with one rate a row."""
    seen: set[tuple[date, str]] = set()
    for row in rows:
        if len(row) != 3:
            raise fault(f"{len(row)} values instead of date, currency and per_usd")
        day, currency = _day(row[0], fault), row[1]
        _check_currency(currency, fault)
        rate = _rate(row[2], currency, fault)
        if (day, currency) in seen:
            raise fault(f"there is a rate of {currency} for {day} already")
        seen.add((day, currency))
        if currency != "USD":
            yield Quote(day, currency, rate)
        elif rate != 1:
            raise fault("one USD is 1 USD")


def _bank_quotes(rows: Iterator[Row], currencies: Row, fault: Fault) -> Iterator[Quote]:
    """Yield the quotes of a file with one day a row and one currency a column."""
    for currency in currencies:
        _check_currency(currency, fault)
        if currency == "EUR":
            raise fault("one EUR is 1 EUR: rates per euro have no such column")
        if currencies.count(currency) > 1:
            raise fault(f"there are two columns of {currency}")
    seen: set[date] = set()
    for row in rows:
        day, *rates = _without_last_comma(row)
        if len(rates) != len(currencies):
            raise fault(f"{len(rates)} rates instead of {len(currencies)}")
        on = _day(day, fault)
        if on in seen:
            raise fault(f"there are rates for {on} already")
        seen.add(on)
        for currency, rate in zip(currencies, rates, strict=True):
            if rate != NO_RATE:
                yield Quote(on, currency, _rate(rate, currency, fault))


def _without_last_comma(row: Row) -> Row:
    """`row` without the empty cell after the comma that ends each line of the bank's file."""
    return row[:-1] if len(row) > 1 and not row[-1] else row


def _day(text: str, fault: Fault) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise fault(f"{_shown(text)} is no date as YYYY-MM-DD")
    return day


def _check_currency(currency: str, fault: Fault) -> None:
    if currency not in CURRENCIES:
        raise fault(f"{_shown(currency)} is no currency of ISO 4217")


def _rate(text: str, currency: str, fault: Fault) -> Decimal:
    found = _RATE.fullmatch(text)
    if found is None:
        raise fault(f"the rate {_shown(text)} of {currency} is no number as 1.0765")
    whole, decimals = found["whole"].lstrip("0"), found["decimals"] or ""
    digits = f"{whole}{decimals}".strip("0")
    if not digits or found["sign"]:
        raise fault(f"the rate {_shown(text)} of {currency} is {'negative' if digits else 'zero'}")
    if len(digits) > RATE_DIGITS or len(whole) > RATE_WHOLE_DIGITS or len(decimals) > RATE_DECIMALS:
        most = f"{RATE_DIGITS} at most, {RATE_WHOLE_DIGITS} before the point and {RATE_DECIMALS} after it"
        raise fault(f"the rate {_shown(text)} of {currency} has too many digits ({most})")
    return Decimal(text)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
