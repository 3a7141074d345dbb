"""Instants as AWS writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.partner_central.tables import LANDING_SCHEMAS, parse_id, parse_instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1Z", datetime(2026, 1, 2, 3, 4, 5, 100_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-02T03:04:05.9999999Z", datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:30", datetime(2026, 1, 2, 0, 34, 5, tzinfo=UTC)),
    ],
)
def test_an_instant_is_cut_to_microseconds(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        1767323045,
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",  # no zone: no instant
        "2026-01-02T03:04:05.1234567890Z",
        "2026-02-31T00:00:00Z",
        "2026-01-02T25:00:00Z",
        "0001-01-01T00:00:00+10:00",  # before the calendar
        "٢٠٢٦-01-02T03:04:05Z",
        " 2026-01-02T03:04:05Z",
    ],
)
def test_anything_else_is_unknown(value: object) -> None:
    assert parse_instant(value) is None


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 9))
def test_every_number_of_digits_is_read(instant: datetime, digits: int) -> None:
    fraction = f".{instant.microsecond:06d}000"[: digits + 1] if digits else ""
    parsed = parse_instant(f"{instant:%Y}".zfill(4) + f"{instant:-%m-%dT%H:%M:%S}{fraction}Z")
    assert parsed is not None
    assert timedelta(0) <= instant - parsed < timedelta(seconds=10.0**-digits if digits < 6 else 1e-6)


def test_an_identifier_is_kept_as_it_came() -> None:
    assert [parse_id(value) for value in ("O1", "x y", "", None, 7)] == ["O1", "x y", "", "", ""]


def test_every_landing_table_of_what_aws_sent_keeps_the_payload_and_its_fetching() -> None:
    without = {name for name, schema in LANDING_SCHEMAS.items() if not {"fetched_at", "payload"} <= set(schema.names)}
    assert without == {"opportunity_visibility"}
