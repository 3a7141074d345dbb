"""The work list of the golden data set."""

from datetime import date

from golden_history import tables
from golden_records import in_euros
from histories import Lines, built, lines, shown

from transforms.currency import ReportingCurrency
from transforms.hygiene import Hygiene
from transforms.hygiene_rules import HYGIENE_RULES

JANUARY = date(2026, 1, 10)
MARCH = date(2026, 3, 15)


def found(as_of: date, reporting: ReportingCurrency | None = None) -> Lines:
    return shown(built(Hygiene, tables(as_of, reporting=reporting or in_euros(as_of))[Hygiene].lazy()))


def findings(as_of: date, columns: slice) -> Lines:
    return [row[columns] for row in found(as_of)]


def test_march() -> None:
    """O5 and O9 are open; nothing is asked of O7 and O8, whose stage is unknown, but rates."""
    assert findings(MARCH, slice(0, 3)) == lines("""
        O2  missing_closed_lost_reason     warning
        O3  missing_solution               critical
        O5  action_required                critical
        O5  duration_disagrees_with_dates  warning
        O5  missing_next_steps             info
        O5  missing_spend                  warning
        O5  national_security_industry     critical
        O5  stale                          warning
        O5  target_close_date_past         warning
        O8  missing_fx_rate                warning
        O9  invalid_contract_duration      critical
        O9  mixed_currencies               critical
        O9  partition_currency             critical
    """)


def test_what_is_found_in_march_and_what_to_set() -> None:
    # O5: from April 2026 to September 2027 are 18 months; from February 10 to March 15 are 18 + 15 days.
    # O9: from April 2026 to March 2027 are 12 months. Its target close date is the as-of date itself.
    assert findings(MARCH, slice(3, 5)) == lines("""
        Closed Lost without a valid reason                         -
        Launched without a solution                                -
        AWS's review asks for corrections                          -
        12 months, but the dates span 18                           -
        no next steps                                              -
        expected spend for AWS or Self without an amount, or none  -
        national security, but industry Retail                     -
        last changed 2026-02-10 (days ago: 33)                     -
        target close date 2026-03-14 (days past: 1)                -
        amounts in GBP cannot be converted as of 2026-03-15        -
        sent as "200 Months": not 1 to 144 whole months            12
        expected spend in EUR, USD                                 -
        aws-eusc, but expected spend in EUR, USD                   EUR
    """)


def test_january() -> None:
    """O1, O2, O3 and O5 are open."""
    # O1: 3,600 over 36 months; its dates span 35, one less. O2: from February 2026 to January 2028 are 24 months.
    # O5: from December 1 to January 10 are 30 + 10 days. Its TCV gives 500 dollars a month, the AWS entries 500 euros.
    assert [[*row[:2], *row[3:]] for row in found(JANUARY)] == lines("""
        O1  tcv_disagrees_with_mrr     the TCV gives 100.00 USD a month, the AWS entries 150.00 USD  100.00
        O2  missing_contract_duration  no expected contract duration                                 24
        O3  missing_next_steps         no next steps                                                 -
        O5  mixed_currencies           expected spend in EUR, USD                                    -
        O5  partition_currency         aws-eusc, but expected spend in EUR, USD                      EUR
        O5  stale                      last changed 2025-12-01 (days ago: 40)                        -
    """)


def test_between_them_every_rule_is_broken() -> None:
    assert {row[1] for as_of in (JANUARY, MARCH) for row in found(as_of)} == {rule.id for rule in HYGIENE_RULES}


def test_without_rates_every_other_currency_lacks_one() -> None:
    """O4's and O5's software and O9's TCV are in euros, O8's software is in pounds."""
    in_dollars = found(MARCH, ReportingCurrency("USD"))
    assert [row[:1] + row[3:4] for row in in_dollars if row[1] == "missing_fx_rate"] == lines("""
        O4  amounts in EUR cannot be converted as of 2026-03-15
        O5  amounts in EUR cannot be converted as of 2026-03-15
        O8  amounts in GBP cannot be converted as of 2026-03-15
        O9  amounts in EUR cannot be converted as of 2026-03-15
    """)
    others = [row for row in found(MARCH) if row[1] != "missing_fx_rate"]
    assert [row for row in in_dollars if row[1] != "missing_fx_rate"] == others


def test_an_amount_of_the_history_lacks_a_rate() -> None:
    """O5's amounts of January 20 are all in dollars, those of December are in euros, too."""
    in_dollars = found(date(2026, 1, 20), ReportingCurrency("USD"))
    assert [row[:1] + row[3:4] for row in in_dollars if row[1] == "missing_fx_rate"] == lines("""
        O4  amounts in EUR cannot be converted as of 2026-01-20
        O5  amounts in EUR cannot be converted as of 2026-01-20
    """)
