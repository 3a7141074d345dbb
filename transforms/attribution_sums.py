"""The credit of each opportunity, split over its touches by five models and summed."""

from decimal import Decimal

import dataframely as dy
import polars as pl

from transforms.largest_remainder import split, split_equally
from transforms.money import CENT
from transforms.time_decay import decay_weight
from transforms.touches import DIMENSIONS

MODELS = ("linear", "first_touch", "last_touch", "position_based", "time_decay")
OUTCOMES = {"open": "is_open", "won": "is_won", "lost": "is_lost"}
NO_VALUE = "(none)"
AMOUNTS = ("aws_mrr", "aws_tcv", "software_tcv")
KEY = ("model", "dimension", "value", "outcome")
CREDIT_UNIT = Decimal("0.000000000000000001")
UNITS = {"credit": CREDIT_UNIT, **dict.fromkeys(AMOUNTS, CENT)}
"""What is split, and the unit it is split in."""


class AttributionSums(dy.Schema):
    """One row per model, dimension, value and outcome: the columns of marts.attribution as sums over opportunities,
    which lets a night take out what changed and put in what it changed to."""

    model = dy.String(primary_key=True, description="Model of attribution.")
    dimension = dy.String(primary_key=True, description="Dimension of the value.")
    value = dy.String(primary_key=True, description="Value that gets the credit, or `(none)`.")
    outcome = dy.String(primary_key=True, description="`open`, `won` or `lost`.")
    touched = dy.Int64(description="Opportunities that have the value, or none.")
    credit = dy.Decimal(38, 18, description="Sum of its share of the credit for each of them.")
    aws_mrr = dy.Decimal(38, 2, description="Sum of its part of aws_mrr, reporting currency, where known.")
    aws_tcv = dy.Decimal(38, 2, description="Sum of its part of aws_tcv, reporting currency, where known.")
    software_tcv = dy.Decimal(38, 2, description="Sum of its part of software_tcv, reporting currency, where known.")
    known_aws_mrr = dy.Int64(description="Opportunities among them whose aws_mrr is known.")
    known_aws_tcv = dy.Int64(description="Opportunities among them whose aws_tcv is known.")
    known_software_tcv = dy.Int64(description="Opportunities among them whose software_tcv is known.")


def attribution_sums(touches: pl.LazyFrame, opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """One row per model, dimension, value and outcome, of the tables `touches` and `opportunities` of the same
    opportunities. One whose stage is unknown has no outcome and gives no credit.

    The credit of an opportunity is split within each dimension into parts of 10^-18, and its money to the cent, so that
    the parts of each add up to the whole.
    """
    touched = _positions(_credited(touches, _outcomes(opportunities))).cache()
    alone = touched.filter(pl.col("positions") == 1)  # where all values have one position, the models agree
    several = touched.filter(pl.col("positions") > 1)
    parts = {model: _parts(several, model) for model in MODELS}
    summed = [
        _summed(split_equally(alone, UNITS)).join(pl.LazyFrame({"model": MODELS}), how="cross"),
        *(_summed(rows).with_columns(model=pl.lit(model)) for model, rows in parts.items()),
    ]
    columns = AttributionSums.column_names()
    return pl.concat([rows.select(columns) for rows in summed]).group_by(KEY).agg(pl.exclude(KEY).sum()).sort(KEY)


def _outcomes(opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """One row per opportunity with an outcome: what there is to split, as whole numbers."""
    outcome = pl.coalesce(pl.when(flag).then(pl.lit(name)) for name, flag in OUTCOMES.items())
    return opportunities.select(
        "opportunity_id",
        outcome=outcome,
        credit=pl.lit(int(1 / CREDIT_UNIT), pl.Int128),
        **{name: pl.col(f"{name}_reporting").to_physical().cast(pl.Int128) for name in AMOUNTS},
    ).filter(pl.col("outcome").is_not_null())


def _credited(touches: pl.LazyFrame, outcomes: pl.LazyFrame) -> pl.LazyFrame:
    """One row per opportunity, dimension and current value, or `(none)`, group by group and in the values' order."""
    current = touches.filter("is_current").drop("is_current")
    return (
        outcomes.join(pl.LazyFrame({"dimension": DIMENSIONS}), how="cross")
        .with_row_index("group")
        .join(current, on=["opportunity_id", "dimension"], how="left")
        .with_columns(pl.col("value").fill_null(NO_VALUE), pl.col("position").fill_null(1))
        .sort("group", "value")
    )


def _positions(credited: pl.LazyFrame) -> pl.LazyFrame:
    """`credited` with how many positions the group has, how many values share each, which of these it is, and how long
    before the last position it was."""
    place = ("group", "position")
    return credited.with_columns(
        positions=pl.col("position").max().over("group"),
        tied=pl.len().over(place).cast(pl.Int128),
        turn=pl.int_range(pl.len()).over(place).cast(pl.Int128),
        age=(pl.col("touched_at").max().over("group") - pl.col("touched_at")).dt.total_microseconds(),
    )


def _parts(touched: pl.LazyFrame, model: str) -> pl.LazyFrame:
    """`touched` with what each row gets by `model` in place of what there is to split."""
    place, positions = pl.col("position"), pl.col("positions")
    is_first, is_last = place == 1, place == positions
    if model in ("first_touch", "last_touch"):
        has_all = is_first if model == "first_touch" else is_last
        parts = split_equally(touched, UNITS)
        return parts.with_columns(pl.when(has_all | pl.col(name).is_null()).then(name).otherwise(0) for name in UNITS)
    weights = {
        "linear": pl.lit(1),
        # Of 5 (n - 2) parts the first and the last get 2 (n - 2) each, 40 %, and n - 2 in the middle one each.
        "position_based": pl.when(positions == 2)
        .then(1)
        .when(is_first | is_last)
        .then(2 * (positions - 2))
        .otherwise(1),
        "time_decay": decay_weight(pl.col("age")),
    }
    weight = pl.col("weight")
    return (
        touched.with_columns(weight=weights[model].cast(pl.Int128))
        .with_columns(total=pl.when(pl.col("turn") == 0).then(weight).otherwise(0).sum().over("group"))
        .pipe(split, UNITS, "group")
    )


def _summed(parts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per dimension, value and outcome: the sums of the parts that its opportunities give."""
    return (
        parts.group_by("dimension", "value", "outcome")
        .agg(
            pl.col(UNITS).sum(),
            touched=pl.len().cast(pl.Int64),
            **{f"known_{name}": pl.col(name).count().cast(pl.Int64) for name in AMOUNTS},
        )
        .with_columns(pl.col(name).cast(pl.Decimal(38, 0)) * pl.lit(unit) for name, unit in UNITS.items())
    )
