"""Dates and instants: text to UTC, the end of a business day, whole months between two days."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl

DATE = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
INSTANT = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
)
MICROSECONDS_PER_DAY = 86_400_000_000


def end_of_day(day: date) -> datetime:
    """First instant after `day` in UTC: what happened on it or earlier is `<` this."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)


def parse_date(text: pl.Expr) -> pl.Expr:
    """`YYYY-MM-DD` as a date; null for anything else, days that do not exist (2026-02-31) included."""
    return pl.when(text.str.contains(DATE)).then(text.str.to_date("%Y-%m-%d", strict=False))


def parse_instant(text: pl.Expr) -> pl.Expr:
    """ISO 8601 with Z or an offset as a UTC instant, cut to microseconds; null for anything else."""
    instant = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)
    return pl.when(text.str.contains(INSTANT)).then(instant)


def month_of(instant: pl.Expr) -> pl.Expr:
    """First day of the month (UTC) that an instant is in; its first midnight is."""
    return instant.dt.truncate("1mo").dt.date()


def days(duration: pl.Expr) -> pl.Expr:
    """A duration in days, with fractions."""
    return _in_days(duration.dt.total_microseconds())


def median_days(duration: pl.Expr) -> pl.Expr:
    """The median of a group of durations in days: of whole microseconds, rounded once."""
    return _in_days(duration.dt.total_microseconds().median())


def whole_months(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Whole calendar months of a term whose `first` and `last` day both belong to it; null below one month.

    The largest n for which `first` + n months, at the latest that month's last day, is not after the day that
    follows `last`: 2025-01-31 to 2025-02-28 is 1, 2025-01-15 to 2026-01-14 is 12.
    """
    after = last.dt.offset_by("1d")
    months = (after.dt.year() - first.dt.year()) * 12 + after.dt.month() - first.dt.month()
    is_short = (first.dt.day() > after.dt.day()) & (after != after.dt.month_end())
    whole = months.cast(pl.Int32) - is_short.cast(pl.Int32)
    return pl.when(whole >= 1).then(whole)


def _in_days(microseconds: pl.Expr) -> pl.Expr:
    """Microseconds in days. Polars divides by a number as it multiplies by its inverse, which is off in the last bit
    for some, and not in a frame of one row: so the divisor is a column."""
    return microseconds / (microseconds * 0 + MICROSECONDS_PER_DAY)
