"""Attribution the slow way: plain Python over dictionaries and fractions. It shares nothing with the transforms but
the staged rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

import plain_python
from plain_history import microseconds
from plain_python import Row

LIST_DIMENSIONS = ["channel", "solution", "aws_product", "apn_program", "partner_need"]
DIMENSIONS = ["campaign", *LIST_DIMENSIONS]
MODELS = ["linear", "first_touch", "last_touch", "position_based", "time_decay"]
AMOUNTS = ["aws_mrr", "aws_tcv", "software_tcv"]
UNITS_OF_CREDIT = 10**18
MICROSECONDS_PER_HOUR = 3_600_000_000


def touches(world: Any, end: datetime) -> list[Row]:
    rows = []
    for opportunity_id, last in sorted(plain_python.last_of_each(world.versions, end).items()):
        if not last["is_excluded"]:
            for dimension in sorted(DIMENSIONS):
                rows += _touches(world, opportunity_id, dimension, last, end)
    return rows


def _touches(world: Any, opportunity_id: str, dimension: str, last: Row, end: datetime) -> Iterator[Row]:
    first_seen: dict[str, datetime] = {}
    for seen_at, values in _shown(world, opportunity_id, dimension, end):
        for value in values:
            first_seen[value] = min(seen_at, first_seen.get(value, seen_at))
    current = set(_values_of(world, last, dimension))
    instants = sorted({first_seen[value] for value in current})
    for value, touched_at in sorted(first_seen.items()):
        yield {
            "opportunity_id": opportunity_id,
            "dimension": dimension,
            "value": value,
            "touched_at": touched_at,
            "is_current": value in current,
            "position": instants.index(touched_at) + 1 if value in current else None,
        }


def _shown(world: Any, opportunity_id: str, dimension: str, end: datetime) -> Iterator[tuple[datetime, list[str]]]:
    """When each observation was made, and the values it shows."""
    versions, snapshots = (
        [row for row in rows if row["opportunity_id"] == opportunity_id and not row["is_excluded"]]
        for rows in (world.versions, world.snapshots)
    )
    for version in versions:
        if version["last_modified_at"] < end:
            yield version["last_modified_at"], _values_of(world, version, dimension)
    for snapshot in snapshots:
        if snapshot["created_at"] is not None and snapshot["created_at"] < end:
            yield snapshot["created_at"], _items(world.snapshot_values, snapshot["row_key"], dimension)


def _values_of(world: Any, version: Row, dimension: str) -> list[str]:
    if dimension != "campaign":
        return _items(world.values, version["row_key"], dimension)
    campaign = version.get("marketing__campaign_name")
    return [campaign] if campaign else []


def _items(values: list[Row], key: str, dimension: str) -> list[str]:
    return [
        row["value"] for row in values if row["parent_key"] == key and row["dimension"] == dimension if row["value"]
    ]


@cache
def power(microseconds_of_unit: int, count: int) -> int:
    """10^18 * 2^(-count units ÷ 30 days), rounded down."""
    with localcontext(prec=70):
        exponent = Decimal(-count * microseconds_of_unit) / (720 * MICROSECONDS_PER_HOUR)
        return int(Decimal(10) ** 18 * (exponent * Decimal(2).ln()).exp()) if count else 10**18


def decay_weight(age: int) -> int:
    """The weight of an age in microseconds, as the docstring of transforms/time_decay.py says it is made."""
    hours, rest = divmod(age, MICROSECONDS_PER_HOUR)
    half_lives, hours = divmod(hours, 720)
    seconds, rest = divmod(rest, 1_000_000)
    milliseconds, micros = divmod(rest, 1000)
    weight = power(MICROSECONDS_PER_HOUR, hours)
    for unit, count in ((1_000_000, seconds), (1000, milliseconds), (1, micros)):
        weight = weight * power(unit, count) // 10**18
    return weight // 2**half_lives // 1000


def position_weights(model: str, instants: list[datetime]) -> list[Fraction]:
    """What each position gets, of whatever the weights add up to."""
    count = len(instants)
    match model:
        case "linear":
            return [Fraction(1)] * count
        case "first_touch":
            return [Fraction(place == 0) for place in range(count)]
        case "last_touch":
            return [Fraction(place == count - 1) for place in range(count)]
        case "time_decay":
            return [Fraction(decay_weight(microseconds(instant, instants[-1]))) for instant in instants]
    if count <= 2:
        return [Fraction(1, count)] * count
    return [Fraction(2, 5), *[Fraction(1, 5) / (count - 2)] * (count - 2), Fraction(2, 5)]


def shares(model: str, touched: list[Row]) -> dict[str, Fraction]:
    """The exact share of each current value of an opportunity in a dimension; without any, `(none)` has all."""
    current = {row["value"]: row["touched_at"] for row in touched if row["is_current"]}
    if not current:
        return {"(none)": Fraction(1)}
    instants = sorted(set(current.values()))
    weights = position_weights(model, instants)
    return {
        value: weights[instants.index(at)] / sum(weights) / list(current.values()).count(at)
        for value, at in current.items()
    }


def split(whole: int, exact: dict[str, Fraction]) -> dict[str, int]:
    """Round each part down, and give what is left to the largest remainders, one each, the first names first."""
    parts = {name: int(whole * share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (parts[name] - whole * exact[name], name))
    for name in by_remainder[: whole - sum(parts.values())]:
        parts[name] += 1
    return parts


def contributions(touched: list[Row], opportunities: list[Row]) -> Iterator[tuple[tuple[str, ...], Row]]:
    """What each opportunity gives to each model, dimension, value and outcome: whole units of credit, and cents."""
    by_dimension = defaultdict(list)
    for row in touched:
        by_dimension[row["opportunity_id"], row["dimension"]].append(row)
    for opportunity in opportunities:
        outcome = next((name for name in ("open", "won", "lost") if opportunity[f"is_{name}"]), None)
        if outcome is None:
            continue
        cents = {name: opportunity[f"{name}_reporting"] for name in AMOUNTS}
        wholes = {"credit": UNITS_OF_CREDIT} | {
            name: int(Fraction(amount) * 100) for name, amount in cents.items() if amount is not None
        }
        for model in MODELS:
            for dimension in DIMENSIONS:
                exact = shares(model, by_dimension[opportunity["opportunity_id"], dimension])
                parts = {name: split(whole, exact) for name, whole in wholes.items()}
                for value in exact:
                    yield (model, dimension, value, outcome), {name: part[value] for name, part in parts.items()}


def attribution_sums(touched: list[Row], opportunities: list[Row]) -> list[Row]:
    groups = defaultdict(list)
    for key, parts in contributions(touched, opportunities):
        groups[key].append(parts)
    return [
        {
            **dict(zip(("model", "dimension", "value", "outcome"), key, strict=True)),
            "touched": len(those),
            "credit": _decimal(sum(parts["credit"] for parts in those), 18),
            **{name: _decimal(sum(parts.get(name, 0) for parts in those), 2) for name in AMOUNTS},
            **{f"known_{name}": sum(name in parts for parts in those) for name in AMOUNTS},
        }
        for key, those in sorted(groups.items())
    ]


def attribution(sums: list[Row]) -> list[Row]:
    return [
        {
            **{name: row[name] for name in ("model", "dimension", "value", "outcome")},
            "opportunities": float(row["credit"]),
            **{name: row[name] if row[f"known_{name}"] else None for name in AMOUNTS},
        }
        for row in sums
    ]


def _decimal(units: int, places: int) -> Decimal:
    """So many units of 10^-places; scaleb would round to 28 digits."""
    return Decimal(f"{units}e-{places}")
