"""The reporting currency, and what other currencies are worth in it as of a day.

Constant currency: every amount of every month is converted at the rates of the as-of date, so that months compare.
Rates stay exact fractions of decimals; each converted amount is rounded once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import dataframely as dy
import polars as pl

from transforms.money import times_fraction

PER_BASE = pl.Decimal(38, 18)
RATE_DIGITS, RATE_WHOLE_DIGITS, RATE_DECIMALS = 17, 9, 18
"""Most significant digits of a rate, before the point, and after it: any two such rates convert exactly."""
LARGEST_CENTS = 10**29  # DECIMAL(38,2) then holds the sum of a hundred million such amounts
ANY_CENTS = 10**38  # more than any column holds


class FxRates(dy.Schema):
    """One row per currency with a usable rate: its rate against the base of the rates file, as of the as-of
    date. An amount times the reporting currency's per_base, divided by that of its own currency, is the amount in
    reporting currency."""

    currency_code = dy.String(primary_key=True, description="The currency, ISO 4217.")
    rate_date = dy.Date(
        nullable=True,
        description="Day of the rate: the last one on or before the as-of date; null for the base itself.",
    )
    per_base = dy.Decimal(38, 18, description="Units of the currency for one unit of the base, as in the rates file.")
    base_currency_code = dy.String(description="Base of the rates file, ISO 4217.")


@dataclass(frozen=True, slots=True)
class Quote:
    """So many units of a currency for one unit of the base of the rates file, on a day."""

    day: date
    currency: str
    per_base: Decimal


@dataclass(frozen=True)
class ReportingCurrency:
    """The currency of the `…_reporting` columns, and the quotes to convert with: the last usable one of each."""

    code: str
    base: str | None = None
    quotes: tuple[Quote, ...] = ()

    @cached_property
    def rates(self) -> Mapping[str, Fraction]:
        """What one unit of each other currency is worth in this one: across the base, exact. Empty where this currency
        itself has no quote."""
        return rates_in(self.table(), self.code)

    def table(self) -> pl.DataFrame:
        """The quotes as rows of FxRates, the base's own among them."""
        quoted = [(quote.currency, quote.day, quote.per_base, self.base) for quote in self.quotes]
        based = [] if self.base is None else [(self.base, None, Decimal(1), self.base)]
        types = [pl.String(), pl.Date(), PER_BASE, pl.String()]
        schema = dict(zip(FxRates.column_names(), types, strict=True))
        return pl.DataFrame([*based, *quoted], schema, orient="row").sort("currency_code")


def rates_in(table: pl.DataFrame, code: str) -> Mapping[str, Fraction]:
    """What one unit of each other currency is worth in the currency `code`, by rows of FxRates: across the base, exact.
    Empty where `code` has no row."""
    per_base = {currency: Fraction(rate) for currency, rate in table.select("currency_code", "per_base").iter_rows()}
    own = per_base.pop(code, None)
    return {} if own is None else {currency: own / other for currency, other in per_base.items()}


def quotes_as_of(quotes: Iterable[Quote], as_of: date, max_age_days: int) -> tuple[Quote, ...]:
    """The last quote of each currency on or before `as_of` and at most so many days before it, by currency."""
    last: dict[str, Quote] = {}
    for quote in quotes:
        if 0 <= (as_of - quote.day).days <= max_age_days:
            known = last.get(quote.currency)
            if known is None or known.day < quote.day:
                last[quote.currency] = quote
    return tuple(last[currency] for currency in sorted(last))


def exchange_rate(currency: pl.Expr, reporting: ReportingCurrency) -> pl.Expr:
    """What `to_reporting_currency` takes of a currency: a struct, to be kept in a column, as looking it up costs more
    than converting; its members are null for an unknown currency and for one without a rate."""
    rates = {**reporting.rates, reporting.code: Fraction(1)}
    largest = {code: min(int(LARGEST_CENTS / rate), ANY_CENTS) for code, rate in rates.items()} | {
        reporting.code: ANY_CENTS
    }
    return pl.struct(
        numerator=_looked_up(currency, {code: rate.numerator for code, rate in rates.items()}),
        denominator=_looked_up(currency, {code: rate.denominator for code, rate in rates.items()}),
        largest=_looked_up(currency, largest),
    )


def to_reporting_currency(amount: pl.Expr, rate: pl.Expr) -> pl.Expr:
    """`amount` in the reporting currency, rounded half up to the cent; null when its currency is unknown or has no
    rate, or when the result would be beyond any sum."""
    numerator, denominator, largest = (rate.struct.field(name) for name in ("numerator", "denominator", "largest"))
    return pl.when(amount.to_physical() <= largest).then(times_fraction(amount, numerator, denominator))


def _looked_up(currency: pl.Expr, values: Mapping[str, int]) -> pl.Expr:
    return currency.replace_strict(
        list(values), pl.Series(list(values.values()), dtype=pl.Int128), default=None, return_dtype=pl.Int128
    )
