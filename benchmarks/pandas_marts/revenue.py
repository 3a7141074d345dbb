"""The revenue rules, with amounts as whole cents in nullable integers, and dates parsed."""

from fractions import Fraction

import numpy as np
import pandas as pd

from benchmarks.staged_data import REPORTING
from transforms.dates import DATE
from transforms.limits import LONGEST_CONTRACT_MONTHS
from transforms.money import AMOUNT

CURRENCY_OF = {"aws_mrr": "aws", "aws_tcv": "aws", "deal_tcv": "deal", "software_tcv": "software"}
"""Each amount of an observation, and whose currency it has."""
DERIVED_CURRENCY_OF = {"deal_mrr": "deal", "aws_arr": "aws", "aws_acv": "aws", "software_mrr": "software"}
"""Those that the current state alone has."""


def parse_cents(text: pd.Series) -> pd.Series:
    """Amounts in cents; missing for what is no amount."""
    number = pd.to_numeric(text.where(text.str.match(AMOUNT)))
    return (number * 100).round().astype("Int64")


def parse_date(text: pd.Series) -> pd.Series:
    """`YYYY-MM-DD` as a midnight; missing for anything else, days that do not exist included."""
    return pd.to_datetime(text.where(text.str.match(DATE)), format="%Y-%m-%d", errors="coerce")


def with_revenue(records: pd.DataFrame, spend: pd.DataFrame) -> pd.DataFrame:
    """`records` with contract_months, aws_mrr, aws_tcv, deal_tcv, software_tcv and their currencies."""
    term, value = (records[f"project__expected_contract_duration__{name}"] for name in ("term", "value"))
    is_number = (term == "Months") & value.str.match("^0*[1-9][0-9]{0,2}$")
    months = pd.to_numeric(value.where(is_number)).astype("Int32")
    contract_months = months.where(months <= LONGEST_CONTRACT_MONTHS)
    revenue = records.merge(_spend_of_records(spend), how="left", left_on="row_key", right_index=True)
    return revenue.assign(
        contract_months=contract_months,
        aws_tcv=revenue["aws_mrr"] * contract_months,
        software_tcv=parse_cents(revenue["software_revenue__value__amount"]),
        software_currency_code=revenue["software_revenue__value__currency_code"],
    )


def with_derived_amounts(revenue: pd.DataFrame) -> pd.DataFrame:
    """`revenue` with the amounts that only the current state of an opportunity has."""
    months = revenue["contract_months"]
    effective, expiration = (
        parse_date(revenue[f"software_revenue__{end}_date"]) for end in ("effective", "expiration")
    )
    dates_months = whole_months(effective, expiration)
    software_months = months.fillna(dates_months.where(dates_months >= 1))
    return revenue.assign(
        dates_months=dates_months.clip(lower=0),
        software_months=software_months,
        deal_mrr=half_up(revenue["deal_tcv"], months),
        aws_arr=revenue["aws_mrr"] * 12,
        aws_acv=revenue["aws_mrr"] * months.clip(upper=12),
        software_mrr=half_up(revenue["software_tcv"], software_months),
    )


def with_reporting(revenue: pd.DataFrame, currency_of: dict[str, str]) -> pd.DataFrame:
    """`revenue` with the amounts that `currency_of` names in the reporting currency too."""
    rates = {**REPORTING.rates, REPORTING.code: Fraction(1)}
    numerators = {currency: rate.numerator for currency, rate in rates.items()}
    denominators = {currency: rate.denominator for currency, rate in rates.items()}
    converted = {}
    for whose in dict.fromkeys(currency_of.values()):
        currency = revenue[f"{whose}_currency_code"]
        numerator, denominator = currency.map(numerators).astype("Int64"), currency.map(denominators).astype("Int64")
        for amount in (amount for amount, owner in currency_of.items() if owner == whose):
            converted[f"{amount}_reporting"] = half_up(revenue[amount] * numerator, denominator)
    return revenue.assign(**converted)


def half_up(dividend: pd.Series, divisor: pd.Series) -> pd.Series:
    """The quotient of whole numbers, rounded half up; missing when either is."""
    return (dividend * 2 + divisor) // (divisor * 2)


def whole_months(first: pd.Series, last: pd.Series) -> pd.Series:
    """Whole calendar months of a term whose first and last day both belong to it; may be below 1."""
    after = last + pd.Timedelta(days=1)
    months = (after.dt.year - first.dt.year) * 12 + after.dt.month - first.dt.month
    is_short = (first.dt.day > after.dt.day) & ~after.dt.is_month_end
    return (months - is_short).astype("Int32")


def _spend_of_records(spend: pd.DataFrame) -> pd.DataFrame:
    """One row per record with spend entries of AWS or Self: its sums, and their currencies."""
    currency = spend["currency_code"].astype("category")
    entries = spend[["parent_key", "target_company"]].assign(
        cents=parse_cents(spend["amount"]), currency=currency.cat.codes.astype(np.int32)
    )
    aws = (
        entries[entries["target_company"] == "AWS"]
        .groupby("parent_key", sort=False)
        .agg(
            entries=("cents", "size"),
            known=("cents", "count"),
            aws_mrr=("cents", "sum"),
            lowest=("currency", "min"),
            highest=("currency", "max"),
        )
    )
    is_common = (aws["lowest"] == aws["highest"]) & (aws["lowest"] >= 0)
    is_known = (aws["known"] == aws["entries"]) & (is_common | (aws["entries"] == 1))
    own = entries[entries["target_company"] == "Self"].drop_duplicates("parent_key", keep=False)
    deal = own.set_index("parent_key").rename(columns={"cents": "deal_tcv", "currency": "deal_currency_code"})
    codes = dict(enumerate(currency.cat.categories))
    return (
        aws.assign(aws_mrr=aws["aws_mrr"].where(is_known), aws_currency_code=aws["lowest"].where(is_common).map(codes))
        .join(deal.assign(deal_currency_code=deal["deal_currency_code"].map(codes)), how="outer")
        .filter(["aws_mrr", "aws_currency_code", "deal_tcv", "deal_currency_code"])
    )
