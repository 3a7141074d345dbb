"""An amount in reporting currency is its own amount at the rate of its own currency, or null."""

import duckdb
import pytest
from marts_world import broken, change, insert, mart_tables, own_rules, rule_ids

from expectations.marts import marts_rules, reporting
from transforms import revenue
from transforms.currency import LARGEST_CENTS

CONVERTED = "amounts_are_converted"
# 1 EUR is 1.25 USD, 0.80 GBP and 160 JPY: 1 GBP is 1.5625 USD, 1 JPY 0.0078125 USD. CHF has no rate.
FX_RATES = """
    currency_code  rate_date   per_base  base_currency_code
    EUR            -           1         EUR
    GBP            2026-03-31  0.80      EUR
    JPY            2026-03-30  160       EUR
    USD            2026-03-31  1.25      EUR
"""
CASES = [
    # currency, amount, in US dollars, the rules that are broken
    ("USD", "100.00", "100.00", ""),
    ("USD", "100.00", "100.01", CONVERTED),
    ("USD", "100.00", None, CONVERTED),
    ("USD", None, None, ""),
    ("USD", None, "0.00", CONVERTED),
    ("USD", f"{10**35}.01", f"{10**35}.01", ""),  # in its own currency an amount may be of any size
    ("USD", f"{10**35}.01", f"{10**35}.02", CONVERTED),
    ("EUR", "100.00", "125.00", ""),
    ("EUR", "100.00", "125.01", CONVERTED),
    ("EUR", "100.00", "100.00", CONVERTED),
    ("EUR", "100.00", None, CONVERTED),
    ("EUR", None, None, ""),
    ("EUR", None, "0.00", CONVERTED),
    ("EUR", "0.00", "0.00", ""),
    ("EUR", "0.00", None, CONVERTED),
    ("EUR", "0.02", "0.03", ""),  # 0.025
    ("EUR", "0.01", "0.01", ""),  # 0.0125
    ("EUR", "0.01", "0.02", CONVERTED),
    ("GBP", "0.08", "0.13", ""),  # 0.125, as the base is neither's own
    ("GBP", "1000.00", "1562.50", ""),
    ("JPY", "1000.00", "7.81", ""),  # 7.8125
    ("JPY", "1000.00", "7.82", CONVERTED),
    ("CHF", "100.00", None, ""),
    ("CHF", "100.00", "100.00", CONVERTED),
    (None, "100.00", None, ""),
    (None, "100.00", "100.00", CONVERTED),
    ("EUR", f"{79 * 10**25}.00", f"{9875 * 10**23}.00", ""),
    ("EUR", f"{79 * 10**25}.00", None, CONVERTED),
    ("EUR", f"{81 * 10**25}.00", None, ""),  # more than 10^27 US dollars, which is beyond any sum
    ("EUR", f"{81 * 10**25}.00", f"{10125 * 10**23}.00", CONVERTED),
]
HAS_FACTS = "opportunity_id.has_record_facts"
OF_REPORTING = [
    rule for rule in own_rules("opportunities") if rule.id in rule_ids("opportunities", f"{CONVERTED} {HAS_FACTS}")
]


@pytest.fixture
def rated(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    insert(connection, "ops.fx_rates", FX_RATES)
    return connection


def publish(
    connection: duckdb.DuckDBPyConnection, *, aws: str | None = None, deal: str | None = None, **values: str | None
) -> None:
    """Insert one opportunity, the currencies of its AWS spend and of its deal among its facts."""
    connection.execute(
        "INSERT INTO ops.record_facts (opportunity_id, aws_currency_code, deal_currency_code) VALUES ('O1', ?, ?)",
        [aws, deal],
    )
    row = {"opportunity_id": "O1", **values}
    places = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO marts.opportunities ({', '.join(row)}) VALUES ({places})", list(row.values()))


@pytest.mark.parametrize(("currency", "amount", "converted", "failed"), CASES)
def test_an_amount_is_converted_or_null(
    rated: duckdb.DuckDBPyConnection, currency: str | None, amount: str | None, converted: str | None, failed: str
) -> None:
    publish(rated, aws=currency, aws_mrr=amount, aws_mrr_reporting=converted)
    assert broken(rated, OF_REPORTING) == rule_ids("opportunities", failed)


@pytest.mark.parametrize("amount", reporting.CURRENCY_OF)
def test_each_amount_is_at_the_rate_of_its_own_currency(rated: duckdb.DuckDBPyConnection, amount: str) -> None:
    currencies = {"aws": "USD", "deal": "EUR", "software_currency_code": "GBP"}
    rate = {"aws": "1", "deal": "1.25", "software": "1.5625"}[amount.split("_", maxsplit=1)[0]]
    publish(rated, **currencies, **{amount: "100.00"})
    assert broken(rated, OF_REPORTING) == rule_ids("opportunities", CONVERTED)
    change(rated, "opportunities", "O1", f"{amount}_reporting = 100 * {rate}")
    assert broken(rated, OF_REPORTING) == set()


@pytest.mark.parametrize(
    ("code", "converted"), [("EUR", "100.00"), ("GBP", "80.00"), ("JPY", "16000.00"), ("CHF", None)]
)
def test_the_reporting_currency_may_be_any(rated: duckdb.DuckDBPyConnection, code: str, converted: str | None) -> None:
    publish(rated, aws="EUR", aws_mrr="100.00", aws_mrr_reporting=converted)
    ids = {rule.id for rule in OF_REPORTING}
    rules = [rule for rule in marts_rules(mart_tables(), reporting_currency=code) if rule.id in ids]
    assert broken(rated, rules) == set()


def test_without_rates_only_the_own_currency_is_known(connection: duckdb.DuckDBPyConnection) -> None:
    publish(connection, aws="USD", deal="EUR", aws_mrr="1.00", aws_mrr_reporting="1.00", deal_tcv="1.00")
    assert broken(connection, OF_REPORTING) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ops.record_facts",
        "INSERT INTO ops.record_facts FROM ops.record_facts",
        "INSERT INTO ops.record_facts (opportunity_id) VALUES ('O2')",
    ],
)
def test_each_opportunity_has_one_row_of_facts(rated: duckdb.DuckDBPyConnection, statement: str) -> None:
    publish(rated, aws="USD", aws_mrr="1.00", aws_mrr_reporting="1.00")
    rated.execute(statement)
    assert broken(rated, OF_REPORTING) == rule_ids("opportunities", HAS_FACTS)


def test_the_currencies_and_the_largest_amount_are_those_of_the_transforms() -> None:
    assert reporting.CURRENCY_OF == revenue.CURRENCY_OF
    assert LARGEST_CENTS == 100 * reporting.LARGEST
