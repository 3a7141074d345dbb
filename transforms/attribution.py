"""What brought the revenue in: the credit of every opportunity, by five models over six dimensions."""

import dataframely as dy
import polars as pl

from transforms.attribution_sums import AMOUNTS


def _part(amount: str) -> dy.Decimal:
    return dy.Decimal(
        38,
        2,
        nullable=True,
        description=f"Sum of the value's parts of {amount} in marts.opportunities, reporting currency, over the "
        "opportunities where it is known; null when it is known of none that has the value.",
    )


class Attribution(dy.Schema):
    """One row per model, dimension, value and outcome. For every model and dimension, each amount adds up over the
    values, to the cent, to its total in marts.opportunities by outcome, and the credit to the number of opportunities.
    A value of an opportunity is one that its current record shows, first seen at touched_at in marts.touches; values
    first seen at the same instant form one position, and share its credit equally. All models list the same values,
    those without credit with 0. Opportunities of unknown stage have no outcome and are left out."""

    model = dy.String(
        primary_key=True,
        description="How positions share the credit of an opportunity: `linear` (equally), `first_touch` (the first "
        "one has all), `last_touch` (the last one has all), `position_based` (40 % the first, 40 % the last, 20 % "
        "those in between; 50 % each of two), `time_decay` (by 2^(-days before the decision / 30)).",
    )
    dimension = dy.String(
        primary_key=True,
        description="`campaign`, `channel`, `solution`, `aws_product`, `apn_program` or `partner_need`.",
    )
    value = dy.String(
        primary_key=True, description="Value that gets the credit; `(none)` for opportunities whose record shows none."
    )
    outcome = dy.String(primary_key=True, description="How the opportunities stand now: `open`, `won` or `lost`.")
    opportunities = dy.Float64(description="Sum of its shares of the credit; each opportunity gives 1 in all.")
    aws_mrr = _part("aws_mrr_reporting")
    aws_tcv = _part("aws_tcv_reporting")
    software_tcv = _part("software_tcv_reporting")


def attribution(sums: pl.LazyFrame) -> pl.LazyFrame:
    """One row per model, dimension, value and outcome, of the table `attribution_sums` of all opportunities."""
    return (
        sums.with_columns(
            opportunities=pl.col("credit").cast(pl.Float64),
            **{name: pl.when(pl.col(f"known_{name}") > 0).then(name) for name in AMOUNTS},
        )
        .sort("model", "dimension", "value", "outcome")
        .select(Attribution.column_names())
    )
