"""The revenue rules. Unknown stays null: nothing is ever taken as 0, 1 or 12."""

import polars as pl

from transforms.currency import ReportingCurrency, exchange_rate, to_reporting_currency
from transforms.dates import parse_date, whole_months
from transforms.limits import LONGEST_CONTRACT_MONTHS
from transforms.money import parse_amount, quotient

MONTHS_PER_YEAR = 12
SOFTWARE_REVENUE = (
    "software_revenue__value__amount",
    "software_revenue__value__currency_code",
    "software_revenue__effective_date",
    "software_revenue__expiration_date",
)
"""The staged columns that software revenue comes from."""
CURRENCY_OF = {
    "aws_mrr": "aws_currency_code",
    "deal_tcv": "deal_currency_code",
    "deal_mrr": "deal_currency_code",
    "aws_tcv": "aws_currency_code",
    "aws_arr": "aws_currency_code",
    "aws_acv": "aws_currency_code",
    "software_tcv": "software_currency_code",
    "software_mrr": "software_currency_code",
}
"""Each money column and the column that holds the currency of that very amount."""
UNKNOWN_CURRENCY = "(unknown)"


def contract_months(term: pl.Expr, value: pl.Expr) -> pl.Expr:
    """ExpectedContractDuration in months: 1 to 144 when Term is `Months` and Value all digits, else null."""
    months = value.str.extract("^0*([1-9][0-9]{0,2})$").cast(pl.Int32)
    return pl.when(term == "Months", months <= LONGEST_CONTRACT_MONTHS).then(months)


def spend_of_versions(spend: pl.LazyFrame) -> pl.LazyFrame:
    """One row per version (`parent_key`) that has spend entries: `currency_code`, `aws_mrr`, `deal_tcv` and
    the currencies of these two. Entries of other companies than AWS and Self are in no amount."""
    aws, deal = pl.col("is_aws").sum(), pl.col("is_deal").sum()
    is_single = deal == 1
    return (
        spend.select("parent_key", "currency_code", **_entry("aws", "AWS"), **_entry("deal", "Self"))
        .group_by("parent_key")
        .agg(
            currency_code=_common("currency_code", pl.len()),
            aws_currency_code=_common("aws_currency", aws),
            aws_mrr=_sum_of_one_currency("aws_amount", "aws_currency", aws),
            deal_currency_code=pl.when(is_single).then(pl.col("deal_currency").max()),
            deal_tcv=pl.when(is_single).then(pl.col("deal_amount").max()),
        )
    )


def with_revenue(versions: pl.LazyFrame, spend: pl.LazyFrame) -> pl.LazyFrame:
    """`versions` with the revenue columns in native currency, and the currency of each amount."""
    own = spend.join(versions, left_on="parent_key", right_on="row_key", how="semi")
    return (
        versions.join(spend_of_versions(own), left_on="row_key", right_on="parent_key", how="left")
        .with_columns(
            contract_months=contract_months(
                pl.col("project__expected_contract_duration__term"),
                pl.col("project__expected_contract_duration__value"),
            ),
            software_tcv=parse_amount(pl.col("software_revenue__value__amount")),
            software_currency_code=pl.col("software_revenue__value__currency_code"),
        )
        .pipe(_with_software_months)
        .pipe(_with_derived_amounts)
    )


def with_reporting(revenue: pl.LazyFrame, reporting: ReportingCurrency) -> pl.LazyFrame:
    """`revenue` with each money column again in the reporting currency, named `…_reporting`."""
    rates = {currency: f"{currency}_rate" for currency in CURRENCY_OF.values()}
    return (
        revenue.with_columns(**{rate: exchange_rate(pl.col(currency), reporting) for currency, rate in rates.items()})
        .with_columns(
            to_reporting_currency(pl.col(amount), pl.col(rates[currency])).alias(f"{amount}_reporting")
            for amount, currency in CURRENCY_OF.items()
        )
        .drop(rates.values())
    )


def unconverted_currencies() -> pl.Expr:
    """The currencies of the amounts of spend and software that are known and null in the reporting currency, with
    commas between; null when there are none. An amount without a currency is in UNKNOWN_CURRENCY."""
    amounts = {
        "aws_currency_code": "aws_mrr",
        "deal_currency_code": "deal_tcv",
        "software_currency_code": "software_tcv",
    }
    aws, deal, software = (
        pl.when(pl.col(amount).is_not_null() & pl.col(f"{amount}_reporting").is_null()).then(
            pl.col(currency).fill_null(UNKNOWN_CURRENCY)
        )
        for currency, amount in amounts.items()
    )
    other_deal = pl.when(deal.ne_missing(aws)).then(deal)
    other_software = pl.when(software.ne_missing(aws) & software.ne_missing(deal)).then(software)
    is_any = pl.any_horizontal(currency.is_not_null() for currency in (aws, deal, software))
    return pl.when(is_any).then(pl.concat_str(aws, other_deal, other_software, separator=", ", ignore_nulls=True))


def _with_software_months(versions: pl.LazyFrame) -> pl.LazyFrame:
    from_dates = whole_months(
        parse_date(pl.col("software_revenue__effective_date")),
        parse_date(pl.col("software_revenue__expiration_date")),
    )
    return versions.with_columns(software_months=pl.coalesce("contract_months", from_dates))


def _with_derived_amounts(versions: pl.LazyFrame) -> pl.LazyFrame:
    aws_mrr, months = pl.col("aws_mrr"), pl.col("contract_months")
    return versions.with_columns(
        deal_mrr=quotient(pl.col("deal_tcv"), months),
        aws_tcv=aws_mrr * months,
        aws_arr=aws_mrr * MONTHS_PER_YEAR,
        aws_acv=aws_mrr * months.clip(upper_bound=MONTHS_PER_YEAR),
        software_mrr=quotient(pl.col("software_tcv"), pl.col("software_months")),
    )


def _entry(name: str, target_company: str) -> dict[str, pl.Expr]:
    """Columns that hold an entry's amount and currency if it is one of this company's: what is in columns before the
    grouping needs no filter in each group."""
    is_own = pl.col("target_company").eq_missing(pl.lit(target_company))
    return {
        f"is_{name}": is_own,
        f"{name}_amount": pl.when(is_own).then(parse_amount(pl.col("amount"))),
        f"{name}_currency": pl.when(is_own).then("currency_code"),
    }


def _common(column: str, entries: pl.Expr) -> pl.Expr:
    """The one value of so many entries; null when there are none, when they differ or when one of them is unknown."""
    values = pl.col(column)
    return pl.when(values.count() == entries, values.min() == values.max()).then(values.min())


def _sum_of_one_currency(amount: str, currency: str, entries: pl.Expr) -> pl.Expr:
    """The sum of so many amounts; null when there are none, when one is unknown, or when they cannot be added because
    their currencies differ or are not known to be the same."""
    # A grouped sum may pass 38 digits unchecked: the landing rule `is_summable` keeps amounts far below.
    is_one_currency = _common(currency, entries).is_not_null() | (entries == 1)
    amounts = pl.col(amount)
    return pl.when(entries > 0, amounts.count() == entries, is_one_currency).then(amounts.sum())
