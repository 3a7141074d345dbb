"""The currencies of the amounts of an observation that are known, and null in the reporting currency. Amounts are in US
dollars; there are rates of euros and pounds, but for those tests that say otherwise."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from histories import lines, shown
from observed_records import WITHOUT_RATES, at, entries, months, observed, snapshot, software, version

from transforms.currency import Quote, ReportingCurrency

DAY = date(2026, 3, 31)
DOLLARS, POUNDS = Quote(DAY, "USD", Decimal("1.25")), Quote(DAY, "GBP", Decimal("0.83"))
IN_DOLLARS = ReportingCurrency("USD", "EUR", (DOLLARS, POUNDS))


def unconverted(
    *spend: str, revenue: str = "- -", contract: str = "12", reporting: ReportingCurrency = IN_DOLLARS
) -> str | None:
    """Of one version with these spend entries, software revenue and months."""
    members = software(*revenue.split()) | months(contract)
    table = observed(
        [version("v1", "O1", at(1), "Prospect", **members)],
        spend=entries(*(f"v1 {entry}" for entry in spend)),
        reporting=reporting,
    )
    return table["unconverted_currencies"].item()


@pytest.mark.parametrize(
    ("spend", "revenue", "currencies"),
    [
        (["AWS 5 JPY"], "- -", "JPY"),
        (["Self 5 JPY"], "- -", "JPY"),
        ([], "5 JPY", "JPY"),
        (["AWS 0 JPY"], "- -", "JPY"),
        (["AWS 5 SEK", "Self 5 JPY"], "5 CHF", "SEK, JPY, CHF"),  # in the order of the amounts
        (["Self 5 JPY", "AWS 5 SEK"], "- -", "SEK, JPY"),
        (["AWS 5 JPY", "Self 5 GBP"], "5 CHF", "JPY, CHF"),
        (["AWS 5 EUR", "Self 5 JPY"], "5 USD", "JPY"),
        (["AWS 5 EUR", "Self 5 GBP"], "5 USD", None),
        ([], "- -", None),
    ],
)
def test_each_amount_has_its_own_currency(spend: Sequence[str], revenue: str, currencies: str | None) -> None:
    assert unconverted(*spend, revenue=revenue) == currencies


@pytest.mark.parametrize(
    ("spend", "revenue", "currencies"),
    [
        (["AWS 5 JPY", "Self 5 JPY"], "5 CHF", "JPY, CHF"),
        (["AWS 5 JPY", "Self 5 CHF"], "5 JPY", "JPY, CHF"),
        (["AWS 5 JPY", "Self 5 CHF"], "5 CHF", "JPY, CHF"),
        (["AWS 5 JPY", "Self 5 USD"], "5 JPY", "JPY"),
        (["AWS 5 JPY", "AWS 7 JPY", "Self 5 JPY"], "5 JPY", "JPY"),
    ],
)
def test_a_currency_is_named_once(spend: Sequence[str], revenue: str, currencies: str) -> None:
    assert unconverted(*spend, revenue=revenue) == currencies


@pytest.mark.parametrize(
    ("spend", "revenue", "currencies"),
    [
        (["AWS 5 -"], "- -", "(unknown)"),
        (["Self 5 -"], "- -", "(unknown)"),
        ([], "5 -", "(unknown)"),
        (["AWS 5 -", "Self 5 -"], "5 -", "(unknown)"),
        (["AWS 5 JPY", "Self 5 -"], "5 -", "JPY, (unknown)"),
        (["AWS 5 -", "Self 5 JPY"], "5 GBP", "(unknown), JPY"),
        (["AWS 5 -", "AWS 7 JPY"], "- -", None),  # cannot be added: the MRR itself is unknown
        (["AWS 5 -", "AWS 7 -"], "- -", None),
    ],
)
def test_an_amount_whose_own_currency_is_unknown(spend: Sequence[str], revenue: str, currencies: str | None) -> None:
    assert unconverted(*spend, revenue=revenue) == currencies


@pytest.mark.parametrize(
    ("spend", "revenue"),
    [
        (["AWS '' JPY", "Self - JPY"], "- JPY"),
        (["AWS - -", "Self '' -"], "'' -"),
        (["AWS 1e3 JPY"], "1e3 JPY"),
        (["AWS 5 JPY", "AWS '' JPY"], "- -"),
        (["AWS 5 JPY", "AWS 5 CHF"], "- -"),
        (["Self 5 JPY", "Self 5 JPY"], "- -"),  # which of them is the TCV
        (["Acme 5 JPY", "- 5 JPY"], "- -"),
    ],
)
def test_an_unknown_amount_has_nothing_to_convert(spend: Sequence[str], revenue: str) -> None:
    assert unconverted(*spend, revenue=revenue) is None


@pytest.mark.parametrize(
    ("reporting", "currencies"),
    [
        (IN_DOLLARS, None),
        (ReportingCurrency("USD", "EUR", (DOLLARS,)), "GBP"),
        (ReportingCurrency("USD", "EUR", (POUNDS,)), "EUR, GBP"),  # no rate of the dollar itself
        (WITHOUT_RATES, "EUR, GBP"),
        (ReportingCurrency("JPY", "EUR", (DOLLARS, POUNDS)), "EUR, GBP, USD"),
    ],
)
def test_the_rates_that_there_are(reporting: ReportingCurrency, currencies: str | None) -> None:
    assert unconverted("AWS 5 EUR", "Self 5 GBP", revenue="5 USD", reporting=reporting) == currencies


@pytest.mark.parametrize(
    ("amount", "currencies"),
    [
        ("8" + "0" * 26 + ".01", "EUR"),  # beyond any sum: at 1.25, a cent and a quarter more than 10^29 cents
        ("8" + "0" * 26, None),  # although twelve times as much, the AWS ARR, is beyond any
    ],
)
def test_an_amount_beyond_any_sum(amount: str, currencies: str | None) -> None:
    assert unconverted(f"AWS {amount} EUR") == currencies


def test_each_observation_has_its_own_and_a_snapshot_no_software() -> None:
    """s1 and s2 follow a version whose software revenue, theirs too, is in francs without a rate."""
    table = observed(
        [
            version("v1", "O1", at(2), "Prospect", **software("720", "CHF")),
            version("v2", "O1", at(8), "Prospect", **software("720", "GBP")),
            version("v3", "O2", at(3), "Prospect"),
        ],
        [
            snapshot("s1", at(4), "Prospect", 1),
            snapshot("s2", at(6), "Prospect", 2),
            snapshot("s3", at(9), "Prospect", 3),
            snapshot("s4", at(9), "Prospect", 4),
        ],
        entries("v1 AWS 100 JPY", "v2 AWS 100 USD", "v3 AWS 100 -"),
        entries("s1 AWS 100 SEK", "s1 Self 900 JPY", "s2 AWS 100 EUR", "s3 Self 900 -", "s4 AWS 100 CHF"),
        reporting=IN_DOLLARS,
    )
    assert table.schema["unconverted_currencies"] == pl.String
    columns = "opportunity_id observation evidence software_tcv_reporting unconverted_currencies"
    assert shown(table, columns) == lines("""
        O1  1  version   -        JPY, CHF
        O1  2  snapshot  -        SEK, JPY
        O1  3  snapshot  -        -
        O1  4  version   1084.34  -
        O1  5  snapshot  1084.34  (unknown)
        O1  6  snapshot  1084.34  CHF
        O2  1  version   -        (unknown)
    """)
