from datetime import UTC, date, datetime

import polars as pl
import pytest

from transforms.dates import end_of_day, parse_date, parse_instant, whole_months


def test_a_day_ends_at_the_next_midnight_utc() -> None:
    assert end_of_day(date(2026, 2, 28)) == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-02-29", None),
        ("2026-02-31", None),
        ("2026-13-01", None),
        ("0999-01-01", None),
        ("2026-1-1", None),
        ("2026-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_only_real_days_are_dates(text: str | None, day: date | None) -> None:
    parsed = pl.DataFrame({"text": [text]}, {"text": pl.String}).select(parse_date(pl.col("text"))).to_series()
    assert parsed.dtype == pl.Date
    assert parsed.to_list() == [day]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1Z", datetime(2026, 1, 2, 3, 4, 5, 100_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-02T03:04:05.999999999Z", datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)),
        ("1960-01-02T03:04:05.123456789Z", datetime(1960, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-01T00:30:00+05:30", datetime(2025, 12, 31, 19, 0, tzinfo=UTC)),
        ("2026-01-01T23:30:00-0330", datetime(2026, 1, 2, 3, 0, tzinfo=UTC)),
        ("2026-01-02T03:04:05", None),
        ("2026-01-02", None),
        ("2026-02-31T00:00:00Z", None),
        ("2026-01-02T24:00:00Z", None),
        ("2026-01-02T23:59:60Z", None),
        ("2026-01-02T03:04:05+25:00", None),
        (" 2026-01-02T03:04:05Z", None),
        ("", None),
        (None, None),
    ],
)
def test_instants_are_utc_cut_to_microseconds(text: str | None, instant: datetime | None) -> None:
    parsed = pl.DataFrame({"text": [text]}, {"text": pl.String}).select(parse_instant(pl.col("text"))).to_series()
    assert parsed.dtype == pl.Datetime("us", "UTC")
    assert parsed.to_list() == [instant]


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2025-01-31", "2025-02-28", 1),
        ("2025-01-15", "2026-01-14", 12),
        ("2025-01-15", "2026-01-13", 11),
        ("2025-01-01", "2025-01-31", 1),
        ("2025-01-01", "2025-01-30", None),
        ("2025-01-15", "2025-02-13", None),
        ("2024-02-29", "2025-02-27", 12),  # a year after a leap day is 2025-02-28
        ("2024-02-29", "2025-02-26", 11),
        ("2024-01-31", "2024-02-28", 1),
        ("2024-01-31", "2024-02-27", None),
        ("2024-01-01", "2026-12-31", 36),
        ("2025-06-01", "2025-05-31", None),
        ("2025-06-01", "2024-05-31", None),
        ("2025-01-01", "9999-12-31", 95_700),
        (None, "2025-05-31", None),
        ("2025-06-01", None, None),
    ],
)
def test_both_ends_are_days_of_the_term(first: str | None, last: str | None, months: int | None) -> None:
    term = pl.DataFrame({"first": [first], "last": [last]}, {"first": pl.String, "last": pl.String})
    counted = term.select(whole_months(parse_date(pl.col("first")), parse_date(pl.col("last")))).to_series()
    assert counted.dtype == pl.Int32
    assert counted.to_list() == [months]
