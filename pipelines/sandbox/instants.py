"""Instants as AWS writes them: ISO 8601 with 0-9 fractional digits. Here: nanoseconds since 1970, UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone

NANOSECONDS_PER_SECOND = 1_000_000_000
MICROSECOND = 1_000  # in nanoseconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO_8601 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


def to_nanoseconds(moment: datetime) -> int:
    """The instant of an aware datetime in nanoseconds since 1970. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime is no instant: give it a time zone")
    return (moment - EPOCH) // timedelta(microseconds=1) * MICROSECOND


def parse_instant(text: object) -> int:
    """Nanoseconds since 1970 of an ISO 8601 date-time with an offset. Raises ValueError for anything else."""
    match = _ISO_8601.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("not an ISO 8601 date-time")
    *numbers, fraction, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        year, month, day, hour, minute, second = map(int, numbers)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except OverflowError as error:
        raise ValueError("an instant out of range") from error
    return to_nanoseconds(moment) + int((fraction or "0").ljust(9, "0"))


def format_instant(nanoseconds: int, digits: int = 6) -> str:
    """ISO 8601 in UTC with this many fractional digits (0-9), cut, not rounded."""
    seconds, fraction = divmod(nanoseconds, NANOSECONDS_PER_SECOND)
    whole = (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{whole}.{fraction:09d}"[: 20 + digits].rstrip(".") + "Z"
