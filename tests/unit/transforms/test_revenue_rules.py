"""Every rule by hand. In the tables, `spend` reads `target amount currency` and `-` is an absent value."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from transforms.currency import Quote, ReportingCurrency
from transforms.revenue import contract_months, with_reporting, with_revenue
from transforms.staged import EXPECTED_CUSTOMER_SPEND, OPPORTUNITY_VERSIONS

LARGEST = "9" * 31 + ".99"
USD = ReportingCurrency("USD")


def text(value: str) -> str | None:
    return None if value == "-" else value.strip("'")


def revenue(
    *spend: str,
    months: str = "-",
    software: str = "- -",
    term: tuple[str, str] = ("-", "-"),
    reporting: ReportingCurrency = USD,
) -> dict[str, object]:
    """The revenue of one version with these entries, duration, software value and software dates."""
    amount, currency = software.split()
    version = {
        "row_key": "v1",
        "project__expected_contract_duration__term": None if months == "-" else "Months",
        "project__expected_contract_duration__value": text(months),
        "software_revenue__value__amount": text(amount),
        "software_revenue__value__currency_code": text(currency),
        "software_revenue__effective_date": text(term[0]),
        "software_revenue__expiration_date": text(term[1]),
    }
    entries = [
        {
            "parent_key": key,
            "target_company": text(target),
            "amount": text(amount),
            "currency_code": text(currency),
        }
        for key, entry in [*(("v1", entry) for entry in spend), ("v2", "AWS 5 GBP"), ("v2", "Self 5 GBP")]
        for target, amount, currency in [entry.split()]
    ]
    versions = pl.LazyFrame([version], OPPORTUNITY_VERSIONS)
    result = with_revenue(versions, pl.LazyFrame(entries, EXPECTED_CUSTOMER_SPEND))
    return with_reporting(result, reporting).collect().row(0, named=True)


def amounts(row: dict[str, object], *names: str) -> list[object]:
    return [str(value) if isinstance(value := row[name], Decimal) else value for name in names]


@pytest.mark.parametrize(
    ("term", "value", "months"),
    [
        ("Months", "1", 1),
        ("Months", "36", 36),
        ("Months", "036", 36),
        ("Months", "144", 144),
        ("Months", "145", None),
        ("Months", "0", None),
        ("Months", "000", None),
        ("Months", "-12", None),
        ("Months", "12.0", None),
        ("Months", "twelve", None),
        ("Months", "1" * 40, None),
        ("Months", "", None),
        ("Months", None, None),
        ("Years", "3", None),
        ("months", "3", None),
        (None, "3", None),
    ],
)
def test_contract_months_are_1_to_144_or_unknown(term: str | None, value: str | None, months: int | None) -> None:
    duration = pl.DataFrame({"term": [term], "value": [value]}, {"term": pl.String, "value": pl.String})
    counted = duration.select(contract_months(pl.col("term"), pl.col("value"))).to_series()
    assert counted.dtype == pl.Int32
    assert counted.to_list() == [months]


@pytest.mark.parametrize(
    ("spend", "aws_mrr", "deal_tcv", "currency_code"),
    [
        (["AWS 1000 USD"], "1000.00", None, "USD"),
        (["AWS 1000.5 USD", "AWS 0.25 USD"], "1000.75", None, "USD"),
        (["AWS 1000 USD", "AWS 1000 USD"], "2000.00", None, "USD"),  # equal entries are two entries
        (["AWS 1000 USD", "Self 36000 USD"], "1000.00", "36000.00", "USD"),  # Self is in no MRR
        (["Self 36000 USD"], None, "36000.00", "USD"),
        (["Self 36000 USD", "Self 36000 USD"], None, None, "USD"),
        (["Acme 700 USD"], None, None, "USD"),
        (["AWS 1000 USD", "Acme 700 USD"], "1000.00", None, "USD"),
        (["aws 1000 USD", "- 5 USD"], None, None, "USD"),
        (["AWS 1. USD"], "1.00", None, "USD"),
        (["AWS 0 USD"], "0.00", None, "USD"),
        (["AWS '' USD"], None, None, "USD"),
        (["AWS 1000 USD", "AWS '' USD"], None, None, "USD"),  # 1000 and an unknown amount is unknown
        (["AWS 1000 USD", "AWS - USD"], None, None, "USD"),
        (["AWS 1000 USD", "AWS 1000 EUR"], None, None, None),
        (["AWS 1000 USD", "AWS 1000 -"], None, None, None),
        (["AWS 1000 -", "AWS 1000 -"], None, None, None),
        (["AWS 1000 -"], "1000.00", None, None),
        (["AWS 1000 USD", "Self 36000 EUR"], "1000.00", "36000.00", None),
        (["AWS 1000 USD", "Acme 700 EUR"], "1000.00", None, None),
        ([f"AWS {LARGEST} USD"] * 10, "99999999999999999999999999999999.90", None, "USD"),
        ([], None, None, None),
    ],
)
def test_what_the_spend_entries_mean(
    spend: Sequence[str], aws_mrr: str | None, deal_tcv: str | None, currency_code: str | None
) -> None:
    assert amounts(revenue(*spend), "aws_mrr", "deal_tcv", "currency_code") == [
        aws_mrr,
        deal_tcv,
        currency_code,
    ]


@pytest.mark.parametrize(
    ("months", "deal_mrr", "aws_tcv", "aws_arr", "aws_acv"),
    [
        ("36", "277.81", "36003.60", "12001.20", "12001.20"),  # 10001 / 36 = 277.805…
        ("12", "833.42", "12001.20", "12001.20", "12001.20"),
        ("8", "1250.13", "8000.80", "12001.20", "8000.80"),  # 1250.125 is half a cent: up
        ("1", "10001.00", "1000.10", "12001.20", "1000.10"),
        ("145", None, None, "12001.20", None),
        ("-", None, None, "12001.20", None),
    ],
)
def test_amounts_over_the_contract(
    months: str, deal_mrr: str | None, aws_tcv: str | None, aws_arr: str, aws_acv: str | None
) -> None:
    row = revenue("AWS 1000.10 USD", "Self 10001 USD", months=months)
    derived = amounts(row, "deal_mrr", "aws_tcv", "aws_arr", "aws_acv")
    assert derived == [deal_mrr, aws_tcv, aws_arr, aws_acv]


def test_unknown_amounts_stay_unknown_over_the_contract() -> None:
    row = revenue("AWS '' USD", months="12", software="- -")
    money = (
        "aws_mrr",
        "deal_tcv",
        "deal_mrr",
        "aws_tcv",
        "aws_arr",
        "aws_acv",
        "software_tcv",
        "software_mrr",
    )
    assert amounts(row, *money) == [None] * 8


def test_the_largest_amounts_are_exact() -> None:
    row = revenue(f"AWS {LARGEST} USD", f"Self {LARGEST} USD", months="144", software=f"{LARGEST} USD")
    assert amounts(row, "aws_tcv", "aws_arr", "deal_mrr", "software_mrr") == [
        "1439999999999999999999999999999998.56",
        "119999999999999999999999999999999.88",
        "69444444444444444444444444444.44",
        "69444444444444444444444444444.44",
    ]


@pytest.mark.parametrize(
    ("software", "months", "term", "software_months", "software_mrr"),
    [
        ("1200 EUR", "24", ("2025-01-15", "2026-01-14"), 24, "50.00"),  # the contract's duration comes first
        ("1200 EUR", "-", ("2025-01-15", "2026-01-14"), 12, "100.00"),
        ("1200 EUR", "145", ("2025-01-15", "2026-01-14"), 12, "100.00"),
        ("1200 EUR", "-", ("2025-01-31", "2025-02-28"), 1, "1200.00"),
        ("1200 EUR", "-", ("2025-01-15", "2025-01-31"), None, None),
        ("1200 EUR", "-", ("2026-02-31", "2027-02-28"), None, None),
        ("1200 EUR", "-", ("2025-01-15", "-"), None, None),
        ("0.05 EUR", "2", ("-", "-"), 2, "0.03"),
        ("- EUR", "12", ("-", "-"), 12, None),
    ],
)
def test_software_revenue(
    software: str, months: str, term: tuple[str, str], software_months: int | None, software_mrr: str | None
) -> None:
    row = revenue("AWS 7 USD", months=months, software=software, term=term)
    assert amounts(row, "software_months", "software_mrr", "software_currency_code") == [
        software_months,
        software_mrr,
        "EUR",
    ]


@pytest.mark.parametrize(
    ("reporting_currency", "aws", "deal", "software"),
    [("USD", "1000.00", None, None), ("EUR", None, "36000.00", None), ("GBP", None, None, None)],
)
def test_without_rates_an_amount_is_reported_in_its_own_currency_alone(
    reporting_currency: str, aws: str | None, deal: str | None, software: str | None
) -> None:
    row = revenue(
        "AWS 1000 USD",
        "Self 36000 EUR",
        months="36",
        software="9 -",
        reporting=ReportingCurrency(reporting_currency),
    )
    assert amounts(row, "aws_mrr_reporting", "deal_tcv_reporting", "software_tcv_reporting") == [
        aws,
        deal,
        software,
    ]
    assert (row["aws_tcv_reporting"] is None, row["deal_mrr_reporting"] is None) == (
        aws is None,
        deal is None,
    )


def test_mixed_currencies_are_reported_in_none() -> None:
    row = revenue("AWS 1000 USD", "AWS 1000 EUR", months="12")
    assert amounts(row, "aws_mrr_reporting", "aws_arr_reporting") == [None, None]


def test_derived_amounts_are_converted_as_they_are_rounded() -> None:
    """Per euro 1.08 dollars and 0.83 pounds: a pound is 1.08 / 0.83 = 1.30120… dollars."""
    quotes = [("USD", Decimal("1.08")), ("GBP", Decimal("0.83"))]
    per_euro = ReportingCurrency("USD", "EUR", tuple(Quote(date(2026, 3, 31), *quote) for quote in quotes))
    row = revenue("AWS 0.10 EUR", "Self 10001 GBP", months="8", software="12.34 USD", reporting=per_euro)
    assert amounts(row, "aws_mrr_reporting", "aws_arr_reporting") == ["0.11", "1.30"]  # 0.108, 1.296 and not 12 * 0.11
    assert amounts(row, "aws_tcv_reporting", "aws_acv_reporting") == ["0.86", "0.86"]  # 0.80 * 1.08 = 0.864
    assert amounts(row, "deal_tcv_reporting") == ["13013.35"]  # 10001 * 1.08 / 0.83 = 13013.349…
    assert amounts(row, "deal_mrr") == ["1250.13"]  # 10001 / 8 = 1250.125
    assert amounts(row, "deal_mrr_reporting") == ["1626.68"]  # 1250.13 is 1626.675…, 1250.125 would be 1626.668…
    assert amounts(row, "software_tcv_reporting", "software_mrr_reporting") == ["12.34", "1.54"]  # 12.34 / 8 = 1.5425
