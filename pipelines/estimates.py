"""How long it takes to read what is left of a load."""

from math import ceil

from pipelines.partner_central.limits import CALLS_PER_OPPORTUNITY


def calls_for(opportunities: int) -> int:
    """Count the calls that so many opportunities take, their snapshots aside: AWS does not say how many there are."""
    return opportunities * CALLS_PER_OPPORTUNITY


def time_for(opportunities: int, reads_per_second: float) -> str | None:
    """Say how long so many opportunities take at a pace; None if that is less than a minute, or without a pace."""
    minutes = round(calls_for(opportunities) / reads_per_second / 60) if reads_per_second else 0
    if not minutes:
        return None
    return f"about {minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"about {minutes} min"


def nights_for(opportunities: int, reads_left: int, reads_per_day: int) -> int:
    """Count the nights over which so many opportunities land, the first with what is left of its day's reads."""
    beyond = calls_for(opportunities) - reads_left
    return 1 + max(0, ceil(beyond / reads_per_day))
