from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sandbox.instants import format_instant, parse_instant, to_nanoseconds


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T19:00:00.25-05:00", 250_000_000),
    ],
)
def test_reads_what_aws_and_sdks_write(text: str, nanoseconds: int) -> None:
    assert parse_instant(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-31T00:00:00Z",
        "2026-01-01T00:00:00.1234567890Z",
        "soon",
        "",
        None,
        7,
    ],
)
def test_refuses_what_is_no_instant(text: object) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|day|month"):
        parse_instant(text)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 9))
def test_writing_cuts_and_reading_gives_it_back(moment: datetime, digits: int) -> None:
    nanoseconds = to_nanoseconds(moment)
    unit = 10 ** (9 - digits)
    text = format_instant(nanoseconds, digits)
    assert parse_instant(text) == nanoseconds // unit * unit
    assert len(text.partition(".")[2].rstrip("Z")) == digits


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_nanoseconds(datetime(2026, 1, 1) + timedelta(days=1))  # noqa: DTZ001 - a naive one is the point
