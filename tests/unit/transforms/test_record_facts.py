"""Each fact by hand. How spend entries read stands in hygiene_records.py."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from histories import lines, shown
from hygiene_records import EARLIER, facts_of, facts_table, version

MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def test_what_is_known_of_an_empty_record() -> None:
    assert facts_of() == {
        "opportunity_id": "O1",
        "contract_duration_as_sent": None,
        "dates_months": None,
        "has_spend": False,
        "spend_currencies": None,
        "aws_currency_code": None,
        "deal_currency_code": None,
        "is_national_security": False,
        "has_next_steps": False,
        "has_solution": False,
        "unconverted_currencies": None,
    }


@pytest.mark.parametrize(
    ("spend", "has_spend"),
    [
        (["AWS 1000 USD"], True),
        (["Self 36000 USD"], True),
        (["AWS 0 USD"], True),
        (["AWS 1000 -"], True),
        (["AWS 1000 USD", "Self 36000 EUR"], True),
        (["Self 36000 USD", "Self 36000 USD"], True),
        (["AWS 1000 USD", "AWS '' USD"], False),  # the MRR is unknown
        (["AWS '' USD", "AWS 1000 USD"], False),
        (["AWS '' USD", "Self 36000 USD"], False),
        (["AWS 1000 USD", "Self '' USD"], False),  # the TCV is unknown
        (["AWS 1000 USD", "Self - USD"], False),
        (["AWS 1000 USD", "AWS 5 USD", "AWS 1e3 USD"], False),
        (["AWS '' USD", "Self '' USD"], False),
        (["AWS '' USD"], False),
        (["AWS - USD"], False),
        (["AWS 1e3 USD"], False),
        ([], False),
    ],
)
def test_there_is_spend_when_every_entry_for_aws_and_self_has_an_amount(spend: Sequence[str], has_spend: bool) -> None:
    assert facts_of(*spend)["has_spend"] is has_spend


@pytest.mark.parametrize(
    ("spend", "has_spend"),
    [
        (["AWS 1000 USD", "Acme '' USD"], True),
        (["- '' USD", "AWS 1000 USD"], True),
        (["aws '' USD", "Self 36000 USD"], True),
        (["AWS '' USD", "Acme 700 USD"], False),
        (["Acme 700 USD"], False),
        (["Acme '' USD"], False),
        (["- 700 USD"], False),
        (["aws 700 USD", "self 700 USD"], False),
    ],
)
def test_entries_for_others_are_no_spend_and_need_no_amount(spend: Sequence[str], has_spend: bool) -> None:
    assert facts_of(*spend)["has_spend"] is has_spend


@pytest.mark.parametrize(
    ("spend", "currencies"),
    [
        (["AWS 1000 USD"], "USD"),
        (["AWS 1000 USD", "AWS 1000 USD", "Self 36000 USD"], "USD"),
        (["AWS 1000 USD", "Self 36000 EUR"], "EUR, USD"),
        (["AWS 1000 USD", "Acme 700 GBP", "- 5 EUR"], "EUR, GBP, USD"),  # whoever they are for
        (["AWS '' USD", "AWS - EUR"], "EUR, USD"),  # whatever their amounts
        (["AWS 1000 USD", "Self 36000 -"], "USD"),
        (["AWS 1000 -"], None),
        (["AWS 1000 -", "Self 36000 -"], None),
        ([], None),
    ],
)
def test_the_known_currencies_of_all_entries(spend: Sequence[str], currencies: str | None) -> None:
    assert facts_of(*spend)["spend_currencies"] == currencies


@pytest.mark.parametrize(
    ("spend", "aws", "deal"),
    [
        (["AWS 1000 USD", "Self 36000 EUR"], "USD", "EUR"),
        (["AWS 1000 USD", "AWS 5 USD", "Acme 700 GBP"], "USD", None),
        (["AWS '' USD"], "USD", None),
        (["AWS 1000 USD", "AWS 5 EUR"], None, None),
        (["AWS 1000 USD", "AWS 5 -"], None, None),
        (["Self 36000 EUR", "Self 36000 EUR"], None, None),
        (["Self '' EUR"], None, "EUR"),
        (["AWS 1000 -", "Self 36000 -"], None, None),
        (["Acme 700 GBP"], None, None),
        ([], None, None),
    ],
)
def test_the_currencies_of_the_amounts(spend: Sequence[str], aws: str | None, deal: str | None) -> None:
    row = facts_of(*spend)
    assert [row["aws_currency_code"], row["deal_currency_code"]] == [aws, deal]


@pytest.mark.parametrize(
    ("effective", "expiration", "months"),
    [
        ("2025-01-15", "2026-01-14", 12),
        ("2025-01-15", "2026-01-13", 11),  # a day short of twelve
        ("2025-01-15", "2026-01-15", 12),
        ("2025-01-31", "2025-02-28", 1),
        ("2025-01-15", "2025-02-13", 0),  # a day short of one
        ("2025-01-15", "2025-02-14", 1),
        ("2025-01-01", "2036-12-31", 144),
        ("2025-01-01", "2037-01-31", 145),
        ("2025-01-15", "2025-01-15", 0),
        ("2025-01-15", "2025-01-14", 0),  # no day at all
        ("2026-01-15", "2025-01-14", 0),  # the wrong way round
        ("2026-01-14", "2025-01-15", 0),
        ("2025-02-30", "2026-01-14", None),
        ("2025-01-15", "2026-02-30", None),
        ("2026-02-30", "2025-01-15", None),
        ("", "2026-01-14", None),
        ("2025-01-15", "", None),
        ("2025-01-15", None, None),
        (None, "2026-01-14", None),
        (None, None, None),
    ],
)
def test_the_months_that_the_software_dates_span(
    effective: str | None, expiration: str | None, months: int | None
) -> None:
    row = facts_of(software_revenue__effective_date=effective, software_revenue__expiration_date=expiration)
    assert row["dates_months"] == months


def test_the_contract_duration_is_kept_as_sent() -> None:
    assert facts_of(contract_duration_as_sent="3 Years")["contract_duration_as_sent"] == "3 Years"


@pytest.mark.parametrize(("mark", "is_set"), [("Yes", True), ("No", False), ("yes", False), ("", False), (None, False)])
def test_the_mark_of_national_security(mark: str | None, is_set: bool) -> None:
    assert facts_of(national_security=mark)["is_national_security"] is is_set


@pytest.mark.parametrize(
    ("next_steps", "has_next_steps"),
    [
        ("Call the CFO", True),
        ("-", True),
        (" \n.", True),
        ("", False),
        ("   ", False),
        ("\r\n\t", False),
        ("\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}", False),
        (None, False),
    ],
)
def test_next_steps_need_a_character(next_steps: str | None, has_next_steps: bool) -> None:
    assert facts_of(life_cycle__next_steps=next_steps)["has_next_steps"] is has_next_steps


@pytest.mark.parametrize(
    ("values", "has_solution"),
    [
        ([("v1", "solution", "S-1")], True),
        ([("v1", "solution", "S-1"), ("v1", "solution", "S-2"), ("v1", "solution", "S-1")], True),
        ([("v1", "solution", ""), ("v1", "solution", "S-1")], True),
        ([("v1", "solution", "")], False),
        ([("v1", "solution", None)], False),
        ([("v1", "aws_product", "S3")], False),
        ([("v0", "solution", "S-1")], False),  # of the version before
        ([], False),
    ],
)
def test_a_solution_is_an_item_with_a_value(values: Sequence[tuple[str, str, str | None]], has_solution: bool) -> None:
    versions = [version("v0", "O1", EARLIER), version("v1", "O1", JUST_BEFORE)]
    assert facts_table(versions, values=values)["has_solution"].to_list() == [has_solution]


@pytest.mark.parametrize(
    ("observed", "currencies"),
    [
        ([("O1", "EUR")], "EUR"),
        ([("O1", "USD, EUR")], "EUR, USD"),
        ([("O1", "EUR"), ("O1", None)], "EUR"),  # in the history alone
        ([("O1", None), ("O1", "EUR")], "EUR"),
        ([("O1", "JPY, EUR"), ("O1", "EUR"), ("O1", "CHF, JPY")], "CHF, EUR, JPY"),
        ([("O1", "(unknown)")], "(unknown)"),
        ([("O1", "EUR, (unknown)"), ("O1", "CHF")], "(unknown), CHF, EUR"),
        ([("O1", None), ("O1", None)], None),
        ([("O2", "EUR")], None),
        ([], None),
    ],
)
def test_the_unconverted_currencies_of_all_observations(
    observed: Sequence[tuple[str, str | None]], currencies: str | None
) -> None:
    table = facts_table([version("v1", "O1", EARLIER)], unconverted=observed)
    assert table["unconverted_currencies"].to_list() == [currencies]


def test_each_opportunity_has_its_own_unconverted_currencies() -> None:
    versions = [version(f"v{number}", f"O{number}", EARLIER) for number in (3, 1, 4, 2)]
    observed = [("O1", "USD"), ("O2", None), ("O3", "JPY, GBP"), ("O1", "EUR"), ("O3", "GBP")]
    assert shown(facts_table(versions, unconverted=observed), "opportunity_id unconverted_currencies") == lines("""
        O1  EUR, USD
        O2  -
        O3  GBP, JPY
        O4  -
    """)


def test_the_facts_are_those_of_the_last_version_of_each_opportunity() -> None:
    """O2's one version comes at the first instant after the as-of day, O3's last one is excluded, O4's first one. An
    amount is missing in the version of O1 before, and in the current one of O4."""
    versions = [
        version("v6", "O4", JUST_BEFORE, national_security="Yes"),
        version("v5", "O4", EARLIER, is_excluded=True),
        version("v4", "O3", JUST_BEFORE, is_excluded=True),
        version("v3", "O3", EARLIER, national_security="Yes"),
        version("v2", "O2", MIDNIGHT, national_security="Yes"),
        version("v7", "O1", MIDNIGHT, life_cycle__next_steps="Sign"),
        version("v1", "O1", JUST_BEFORE, national_security="No"),
        version("v0", "O1", EARLIER, national_security="Yes", life_cycle__next_steps="Call"),
    ]
    spend = [
        ("v0", "AWS '' USD"),
        ("v1", "Self 36000 EUR"),
        ("v6", "AWS 5 GBP"),
        ("v6", "Self '' GBP"),
        ("v7", "AWS 9 JPY"),
    ]
    names = "opportunity_id is_national_security has_next_steps has_spend spend_currencies aws_currency_code"
    assert shown(facts_table(versions, spend), names) == lines("""
        O1  False  False  True   EUR  -
        O4  True   False  False  GBP  GBP
    """)
