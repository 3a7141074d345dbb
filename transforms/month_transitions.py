"""How many opportunities went from which stage to which in each month, with their amounts."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.money import MONEY

AMOUNTS = ("aws_mrr", "aws_tcv", "deal_tcv", "software_tcv")
KEY = ("month", "opening_stage", "closing_stage", "is_moved")


def _sum(end: str, amount: str) -> dy.Decimal:
    return dy.Decimal(38, 2, description=f"Sum of {amount} at the month's {end}, reporting currency, where known.")


def _known(end: str, amount: str) -> dy.Int64:
    return dy.Int64(description=f"Opportunities whose {amount} at the month's {end} is known.")


class MonthTransitions(dy.Schema):
    """One row per month (UTC), stage at its start, stage at its end, and whether a stage was entered within it, for the
    opportunities with a row in month_ends. All other columns are sums over them: that is what lets a night take out
    what changed and put in what it changed to."""

    month = dy.Date(description="First day of the month.")
    opening_stage = dy.String(
        nullable=True, description="Stage at the month's start; `unobserved`; null: not yet created, nor observed."
    )
    closing_stage = dy.String(description="Stage at the month's end, or `unobserved`.")
    is_moved = dy.Bool(description="Whether the opportunities were seen to enter a stage within the month.")
    opportunities = dy.Int64(description="Opportunities.")
    increased_aws_mrr = dy.Decimal(38, 2, description="Sum of the rises of aws_mrr, unknown taken as 0.")
    decreased_aws_mrr = dy.Decimal(38, 2, description="Sum of the falls of aws_mrr, as a positive number.")
    opening_aws_mrr = _sum("start", "aws_mrr")
    opening_aws_tcv = _sum("start", "aws_tcv")
    opening_deal_tcv = _sum("start", "deal_tcv")
    opening_software_tcv = _sum("start", "software_tcv")
    closing_aws_mrr = _sum("end", "aws_mrr")
    closing_aws_tcv = _sum("end", "aws_tcv")
    closing_deal_tcv = _sum("end", "deal_tcv")
    closing_software_tcv = _sum("end", "software_tcv")
    opening_known_aws_mrr = _known("start", "aws_mrr")
    opening_known_aws_tcv = _known("start", "aws_tcv")
    opening_known_deal_tcv = _known("start", "deal_tcv")
    opening_known_software_tcv = _known("start", "software_tcv")
    closing_known_aws_mrr = _known("end", "aws_mrr")
    closing_known_aws_tcv = _known("end", "aws_tcv")
    closing_known_deal_tcv = _known("end", "deal_tcv")
    closing_known_software_tcv = _known("end", "software_tcv")


def month_transitions(month_ends: pl.LazyFrame) -> pl.LazyFrame:
    """One row per month, stage at its start, stage at its end, and whether a stage was entered within it, of the
    table `month_ends`."""
    reporting = {
        f"{end}_{amount}": pl.col(f"{end}_{amount}_reporting") for end in ("opening", "closing") for amount in AMOUNTS
    }
    known = {name.replace("_", "_known_", 1): amount.count().cast(pl.Int64) for name, amount in reporting.items()}
    rise = reporting["closing_aws_mrr"].fill_null(0) - reporting["opening_aws_mrr"].fill_null(0)
    zero = pl.lit(0, MONEY)
    return (
        month_ends.with_columns(rise=rise)
        .group_by(KEY)
        .agg(
            opportunities=pl.len().cast(pl.Int64),
            increased_aws_mrr=pl.max_horizontal("rise", zero).sum(),
            decreased_aws_mrr=zero - pl.min_horizontal("rise", zero).sum(),
            **{name: amount.sum() for name, amount in reporting.items()},
            **known,
        )
        .sort(KEY, nulls_last=False)
        .select(MonthTransitions.column_names())
    )


def calendar(transitions: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """One row per month from the first in which an opportunity was created or observed in a stage to that of `as_of`;
    none without opportunities."""
    return (
        transitions.select(month=pl.date_ranges(pl.col("month").min(), as_of.replace(day=1), "1mo"))
        .explode("month")
        .drop_nulls()
    )
