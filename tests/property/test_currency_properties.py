"""Amounts in the reporting currency stay within half a cent of what they are worth, and keep their order."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import plain_python
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from reporting_strategies import CURRENCIES, reporting_currencies
from strategies import AS_OF

from transforms.currency import FxRates, Quote, ReportingCurrency, exchange_rate, quotes_as_of, to_reporting_currency
from transforms.money import MONEY

HALF_A_CENT = Fraction(1, 200)
LARGEST = Fraction(10**27)

cents = st.integers(0, 1000) | st.integers(0, 10**12) | st.integers(0, 10**33)
some_cents = st.lists(cents, min_size=1, max_size=6)
quotes = st.builds(
    Quote,
    day=st.integers(-4, 15).map(lambda days: AS_OF - timedelta(days=days)),
    currency=st.sampled_from(CURRENCIES),
    per_base=st.integers(1, 10**6).map(Decimal),
)


def money(cents: int) -> Decimal:
    return Decimal(f"{cents}e-2")


def convert(amounts: Sequence[Decimal | None], currency: str | None, reporting: ReportingCurrency) -> list[Decimal]:
    frame = pl.DataFrame({"amount": amounts, "currency": [currency] * len(amounts)}, {"amount": MONEY, "currency": str})
    rated = frame.with_columns(rate=exchange_rate(pl.col("currency"), reporting))
    result = rated.select(to_reporting_currency(pl.col("amount"), pl.col("rate"))).to_series()
    assert result.dtype == MONEY
    return result.to_list()


@settings(max_examples=400)
@given(some_cents, st.sampled_from(CURRENCIES), reporting_currencies)
def test_amounts_are_within_half_a_cent_of_what_they_are_worth(
    cents: list[int], currency: str, reporting: ReportingCurrency
) -> None:
    """A whole half cent only downwards, as halves are rounded up."""
    worth = plain_python.rate(currency, reporting)
    for count, converted in zip(cents, convert([money(count) for count in cents], currency, reporting), strict=True):
        if worth is None or (currency != reporting.code and worth * count / 100 > LARGEST):
            assert converted is None
        else:
            assert -HALF_A_CENT <= worth * count / 100 - Fraction(converted) < HALF_A_CENT


@settings(max_examples=200)
@given(st.sampled_from(CURRENCIES), reporting_currencies)
def test_what_is_worth_more_than_any_sum_can_hold_is_unknown(currency: str, reporting: ReportingCurrency) -> None:
    worth = plain_python.rate(currency, reporting)
    if worth is None or currency == reporting.code:
        return
    last = min(int(LARGEST * 100 / worth), 10**38 - 2)
    below, beyond = convert([money(last), money(last + 1)], currency, reporting)
    assert below is not None
    assert (beyond is None) == (worth * (last + 1) / 100 > LARGEST)


@settings(max_examples=200)
@given(some_cents, st.sampled_from(CURRENCIES), reporting_currencies)
def test_larger_amounts_are_never_worth_less(cents: list[int], currency: str, reporting: ReportingCurrency) -> None:
    """Those beyond any sum, which are unknown, are the largest."""
    converted = convert([money(count) for count in sorted(cents)], currency, reporting)
    known = [amount for amount in converted if amount is not None]
    assert known == sorted(known)
    assert converted[: len(known)] == known


@settings(max_examples=200)
@given(some_cents, reporting_currencies)
def test_amounts_in_the_reporting_currency_stay_as_they_are(cents: list[int], reporting: ReportingCurrency) -> None:
    amounts = [money(count) for count in cents]
    assert convert(amounts, reporting.code, reporting) == amounts
    assert convert([None, *amounts], None, reporting) == [None] * (1 + len(amounts))
    assert convert(amounts, "XXX", reporting) == [None] * len(amounts)


@settings(max_examples=200)
@given(st.integers(0, 10**14), reporting_currencies, st.sampled_from(["USD", "EUR", "GBP"]))
def test_there_and_back_differs_by_rounding_alone(count: int, reporting: ReportingCurrency, currency: str) -> None:
    """By half a cent of the way there, worth what it is on the way back, and by half a cent of the way back."""
    there = convert([money(count)], currency, reporting)[0]
    worth = plain_python.rate(currency, reporting)
    if worth is None or there is None:
        return
    back = convert([there], reporting.code, ReportingCurrency(currency, reporting.base, reporting.quotes))[0]
    assert abs(Fraction(back) - Fraction(count, 100)) <= HALF_A_CENT / worth + HALF_A_CENT


@settings(max_examples=300)
@given(st.lists(quotes, max_size=12, unique_by=lambda quote: (quote.day, quote.currency)), st.integers(0, 12))
def test_the_last_usable_quote_of_each_currency_counts(found: list[Quote], max_age_days: int) -> None:
    usable = [quote for quote in found if 0 <= (AS_OF - quote.day).days <= max_age_days]
    expected = {quote.currency: quote for quote in sorted(usable, key=lambda quote: quote.day)}
    chosen = quotes_as_of(found, AS_OF, max_age_days)
    assert chosen == tuple(expected[currency] for currency in sorted(expected))
    assert chosen == quotes_as_of(reversed(found), AS_OF, max_age_days)


@settings(max_examples=100)
@given(reporting_currencies)
def test_the_table_of_rates_is_what_was_converted_with(reporting: ReportingCurrency) -> None:
    """An amount times the reporting currency's per_base, divided by that of its own, is the amount converted."""
    table = reporting.table()
    assert FxRates.validate(table).equals(table)
    per_base = {row["currency_code"]: Fraction(row["per_base"]) for row in table.to_dicts()}
    dated: dict[str, date | None] = dict(table.select("currency_code", "rate_date").rows())
    assert [code for code, day in dated.items() if day is None] == [code for code in [reporting.base] if code]
    for currency in per_base.keys() - {reporting.code}:
        own = per_base.get(reporting.code)
        assert plain_python.rate(currency, reporting) == (own and own / per_base[currency])
