"""The rules of the `…_reporting` columns of `marts.opportunities`, computed again in doubles."""

from collections.abc import Iterator, Mapping

from expectations.marts.table import MartTable, reconciles
from expectations.rules import BATCH, BATCH_ALIAS, Rule, literal

CURRENCY_OF: Mapping[str, str] = {
    "aws_mrr": "aws_currency_code",
    "deal_tcv": "deal_currency_code",
    "deal_mrr": "deal_currency_code",
    "aws_tcv": "aws_currency_code",
    "aws_arr": "aws_currency_code",
    "aws_acv": "aws_currency_code",
    "software_tcv": "software_currency_code",
    "software_mrr": "software_currency_code",
}
"""Each amount, and the column of the mart or of `ops.record_facts` that holds its currency."""
LARGEST = 10**27  # in reporting currency: what converts to more is null
_FACTS = "ops.record_facts AS facts"


def reporting_rules(table: MartTable, reporting_currency: str) -> Iterator[Rule]:
    """Yield the rules of the amounts in reporting currency, and of the facts that name their own currencies."""
    yield reconciles(
        table,
        "opportunity_id",
        "has_record_facts",
        "opportunity_id",
        f"SELECT opportunity_id, 1 AS number FROM {BATCH}",
        "SELECT opportunity_id, 1 AS number FROM ops.record_facts",
        reason="One row of ops.record_facts each, which names the currencies of the amounts.",
    )
    rates = ", ".join(f"({_rate(currency, reporting_currency)}) AS {_rate_of(currency)}" for currency in _currencies())
    records = (
        f"SELECT {BATCH_ALIAS}.*, aws_currency_code, deal_currency_code FROM {BATCH}, {_FACTS} "
        f"WHERE facts.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    )
    yield table.fails_where(
        None,
        "amounts_are_converted",
        " OR ".join(_is_off(amount, currency, reporting_currency) for amount, currency in CURRENCY_OF.items()),
        f"SELECT *, {rates} FROM ({records})",
        reason="Each amount at the rate of its own currency, to half a cent; null without a known currency and rate.",
    )


def _is_off(amount: str, currency: str, reporting_currency: str) -> str:
    exact, shown = f"({amount} * {_rate_of(currency)})", f"{amount}_reporting"
    return (
        f"CASE WHEN {currency} = {literal(reporting_currency)} THEN {shown} IS DISTINCT FROM {amount} "
        f"WHEN {shown} IS NULL THEN {exact} < (1 - 1e-9) * {LARGEST} "
        f"ELSE coalesce(abs({shown} - {exact}) > 0.005 + 1e-9 * {exact} OR {exact} > (1 + 1e-9) * {LARGEST}, true) END"
    )


def _rate(currency: str, reporting_currency: str) -> str:
    quoted = "SELECT CAST(max(per_base) AS DOUBLE) FROM ops.fx_rates AS rates WHERE rates.currency_code ="
    return f"({quoted} {literal(reporting_currency)}) / ({quoted} {currency})"


def _rate_of(currency: str) -> str:
    return currency.replace("_currency_code", "_rate")


def _currencies() -> list[str]:
    return list(dict.fromkeys(CURRENCY_OF.values()))
