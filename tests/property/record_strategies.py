"""What random records show beside stage and dates: spend, contract, software, the values that revenue is attributed to,
and what the rules of hygiene ask for."""

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import strategies as st
from strategies import Row

from transforms.limits import Thresholds

NEAR_ONE_PERCENT = [
    [("AWS", "100", "EUR"), ("Self", "1212", "EUR")],
    [("AWS", "100", "USD"), ("Self", "1212.06", "USD")],
    [("AWS", "100.60", "EUR"), ("Self", "1219.32", "EUR")],
    [("AWS", "100.50", "USD"), ("Self", "1193.94", "USD")],
    [("AWS", "100.50", "GBP"), ("Self", "1193.88", "GBP")],
]
"""A twelfth of the deal is 101.00, 101.01 (of .005), 101.61, 99.50 (of .495) and 99.49: it is 1.00, 1.01, 1.01, 1.00
and 1.01 off, where 1 % is 1.00, 1.00, 1.006, 1.005 and 1.005."""
SPEND = [
    [],
    [("AWS", "1000.00", "USD")],
    [("AWS", "1000.00", "USD")],
    [("AWS", "1000.01", "USD"), ("Self", "12000.00", "USD")],
    [("AWS", "250.5", "USD"), ("AWS", "0.05", "USD"), ("Acme", "7", "USD")],
    [("AWS", "800", "EUR"), ("Self", "100", "USD")],
    [("AWS", "800", "EUR"), ("AWS", "800", "USD")],
    [("AWS", "", "USD"), ("Self", "9", "EUR")],
    [("AWS", "0.05", None), ("Self", "0.01", "GBP")],
    [("AWS", "77", None)],
    [("Acme", "5", "EUR")],
    [("Self", "36000", "GBP")],
    [("AWS", "0", "USD"), ("Self", "0.05", "USD")],
    [("AWS", "0.07", "GBP")],
    [("AWS", "9999999999999999999999999999999.99", "USD")],
    *NEAR_ONE_PERCENT,
]
"""Target company, amount and currency of each entry."""
DURATIONS = [
    *[("Months", "12", "12 Months")] * 5,
    ("Months", "36", "36 Months"),
    ("Months", "145", "145 Months"),
    ("Years", "1", "1 Years"),
    ("Months", None, "x Months"),
    (None, None, None),
]
"""Term and value, and what AWS sent: a landing rule may have taken out the value."""
SOFTWARE = [
    (None, None, None, None),
    ("5000.00", "USD", None, None),
    ("0.99", "USD", "2026-01-01", "2026-12-31"),
    ("400", "EUR", "2026-01-01", "2027-01-31"),
    ("0.05", "GBP", "2026-01-01", "2027-02-28"),
    ("12", "USD", "2025-01-31", "2025-02-28"),
    ("7", "GBP", "2026-01-01", "2038-01-31"),
    ("x", "USD", "2026-02-31", "2026-12-31"),
    ("3.50", None, None, "2026-12-31"),
]
"""Amount, currency, effective and expiration date."""
VALUES = ["Zeta", "zeta", "Émile", "株式会社", "🚀", "(none)", "", None, "Zeta"]
"""What lists are made of, one of them twice."""
TOLERANCES = [Decimal("0.01"), Decimal("0.01"), Decimal(0), Decimal("0.0025"), Decimal(1)]

details = st.fixed_dictionaries(
    {
        "marketing__campaign_name": st.sampled_from(["Spring", "spring", "Ćwiczenie", "(none)", "", None]),
        "national_security": st.sampled_from(["No", "No", "Yes", None]),
        "customer__account__industry": st.sampled_from(["Government", "Retail", None]),
        "project__aws_partition": st.sampled_from([None, "aws", "aws-eusc"]),
        "life_cycle__closed_lost_reason": st.sampled_from([None, "Price"]),
        "life_cycle__review_status": st.sampled_from([None, "Approved", "Action Required"]),
        "life_cycle__next_steps": st.sampled_from([None, "", " \n", "Call them"]),
    }
)
thresholds = st.builds(
    Thresholds,
    stale_after_days=st.sampled_from([30, 30, 1, 120]),
    duration_tolerance_months=st.sampled_from([1, 1, 0, 12]),
    mrr_tolerance_share=st.sampled_from(TOLERANCES),
)


def items(key: str, dimensions: Iterable[str]) -> st.SearchStrategy[list[Row]]:
    """The items of the lists of a record: each of VALUES is in about every fourth list."""
    chosen = {dimension: st.integers(0, 4 ** len(VALUES) - 1) for dimension in dimensions}
    return st.fixed_dictionaries(chosen).map(lambda bits: [row for name in bits for row in _items(key, name, bits)])


def _items(key: str, dimension: str, bits: dict[str, int]) -> list[Row]:
    return [
        {"parent_key": key, "dimension": dimension, "value": value}
        for place, value in enumerate(VALUES)
        if bits[dimension] >> 2 * place & 3 == 3
    ]
