"""Random reporting currencies: any of three, with quotes of one to seventeen digits, some missing, or none at all."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from strategies import AS_OF, NO_RATES

from transforms.currency import Quote, ReportingCurrency

CURRENCIES = ("USD", "EUR", "GBP", "JPY")


def rate_of(digits: int, places: int) -> Decimal:
    """`digits` with so many of them behind the point, and at most nine before it, as a rates file may have them."""
    return Decimal(digits).scaleb(-max(places, len(str(digits)) - 9))


per_base = st.builds(rate_of, st.integers(1, 99) | st.integers(1, 10**17 - 1), st.integers(0, 18))


def quotes(currency: str) -> st.SearchStrategy[Quote]:
    days = st.integers(0, 10).map(lambda days: AS_OF - timedelta(days=days))
    return st.builds(Quote, day=days, currency=st.just(currency), per_base=per_base)


@st.composite
def currencies_with_quotes(draw: st.DrawFn) -> ReportingCurrency:
    base = draw(st.sampled_from(["EUR", "USD"]))
    quoted = [currency for currency in CURRENCIES if currency != base and draw(st.sampled_from([True, True, False]))]
    code = draw(st.sampled_from(["USD", "EUR", "GBP"]))
    return ReportingCurrency(code, base, tuple(draw(quotes(currency)) for currency in quoted))


reporting_currencies = st.one_of(
    currencies_with_quotes(),
    currencies_with_quotes(),
    currencies_with_quotes(),
    st.sampled_from([NO_RATES, ReportingCurrency("EUR")]),
)
