"""The rules of `marts.attribution`."""

from collections.abc import Iterator, Sequence

from expectations.marts.stages import listed
from expectations.marts.table import MONEY, MartTable, money_rules, reconciles
from expectations.marts.touches import DIMENSIONS
from expectations.rules import BATCH, Rule, has_length, in_range, in_set, literal

_OF_GROUP = "(PARTITION BY opportunity_id, dimension)"
OUTCOMES = ("open", "won", "lost")
NO_VALUE = "(none)"
HALF_LIFE_MICROSECONDS = 30 * 86_400_000_000
_SHARES_OF_POSITION = {
    "linear": "1 / positions",
    "first_touch": "CASE WHEN position = 1 THEN 1 ELSE 0 END",
    "last_touch": "CASE WHEN position = positions THEN 1 ELSE 0 END",
    "position_based": "CASE WHEN positions <= 2 THEN 1 / positions "
    "WHEN position IN (1, positions) THEN 0.4 ELSE 0.2 / (positions - 2) END",
    "time_decay": f"weight / sum(weight / tied) OVER {_OF_GROUP}",
}
"""The part of an opportunity's credit that each model gives a position, of which there are `positions`. Its values,
`tied` in number, share it."""
MODELS = tuple(_SHARES_OF_POSITION)
_OUTCOME = "CASE WHEN is_open THEN 'open' WHEN is_won THEN 'won' WHEN is_lost THEN 'lost' END"
_EVERY_DIMENSION = f"(SELECT unnest({listed(DIMENSIONS)}) AS dimension) AS dimensions"
_CURRENT = "FROM touches WHERE is_current"
_WITHOUT_VALUE = (
    f"SELECT opportunity_id, dimension FROM opportunities, {_EVERY_DIMENSION} "
    f"EXCEPT SELECT opportunity_id, dimension {_CURRENT}"
)
_CREDITED = (
    f"SELECT opportunity_id, dimension, value, position, epoch_us(touched_at) AS touched_at {_CURRENT} "
    f"UNION ALL SELECT *, {literal(NO_VALUE)}, 1, 0 FROM ({_WITHOUT_VALUE})"
)
_POSITIONS = (
    f"SELECT *, max(position) OVER {_OF_GROUP} AS positions, "
    "count(*) OVER (PARTITION BY opportunity_id, dimension, position) AS tied, "
    f"pow(2, (touched_at - max(touched_at) OVER {_OF_GROUP}) / {HALF_LIFE_MICROSECONDS}) AS weight FROM ({_CREDITED})"
)
_SHARES = (
    "SELECT opportunity_id, dimension, value, "
    f"{', '.join(f'({share}) / tied AS {model}' for model, share in _SHARES_OF_POSITION.items())} FROM ({_POSITIONS})"
)
"""One row per opportunity, dimension and current value, or none: its share by each model, in doubles."""


def attribution_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.attribution`: every model gives all credit and all money, and what the touches say."""
    for column, values in (("model", MODELS), ("dimension", DIMENSIONS), ("outcome", OUTCOMES)):
        yield in_set(table.target(column), "in_enum", values)
    yield has_length(table.target("value"), 1, None)
    yield in_range(table.target("opportunities"), 0, None)
    yield from money_rules(table)
    yield _credit_adds_up(table)
    yield _money_adds_up(table)
    yield _agrees_with_touches(table)


def _credit_adds_up(table: MartTable) -> Rule:
    key = "model, dimension, outcome"
    both = (
        f"SELECT {key}, fsum(opportunities) AS shown, 0 AS found FROM {BATCH} GROUP BY {key} "
        f"UNION ALL SELECT {key}, 0, opportunities FROM ({_totals([])})"
    )
    return table.fails_with(
        "opportunities",
        "adds_up",
        f"SELECT concat_ws('/', {key}) AS row_key FROM ({both}) GROUP BY {key} "
        "HAVING abs(sum(shown) - sum(found)) > 1e-9 * sum(found)",
        reason="Each opportunity of a known stage gives a credit of 1 in every model and dimension.",
    )


def _money_adds_up(table: MartTable) -> Rule:
    amounts = _amounts(table)
    return reconciles(
        table,
        None,
        "money_adds_up",
        "model, dimension, outcome, amount",
        _by_amount(f"SELECT * FROM {BATCH}", amounts),
        _by_amount(_totals(amounts), amounts),
        reason="To the cent, the total of marts.opportunities in every model and dimension.",
    )


def _agrees_with_touches(table: MartTable) -> Rule:
    key = "model, dimension, value, outcome"
    amounts = _amounts(table)
    measures = ", ".join(("opportunities", *amounts))
    wholes = [f"whole_{amount}" for amount in amounts]
    both = (
        f"SELECT {key}, {measures}, false AS is_found, 0 AS touched, {', '.join(f'0 AS {name}' for name in wholes)} "
        f"FROM {BATCH} UNION ALL SELECT {key}, {measures}, true, touched, {', '.join(wholes)} FROM ({_sums(amounts)})"
    )
    is_off = [_differs("opportunities", "1e-9 * max(touched)")]
    is_off += [_differs(amount, f"0.01 * max(touched) + 1e-9 * max(whole_{amount})") for amount in amounts]
    return table.fails_with(
        "value",
        "agrees_with_touches",
        f"SELECT concat_ws('/', {key}) AS row_key FROM ({both}) GROUP BY {key} "
        f"HAVING count(*) <> 2 OR {' OR '.join(is_off)}",
        reason="A row for each current value in every model, with the credit that doubles give too; and its money, "
        "which rounding moves by less than a cent an opportunity, null where it is known of none.",
    )


def _totals(amounts: Sequence[str]) -> str:
    """Return the SQL of one row per model, dimension and outcome, with what there is to give."""
    sums = "".join(f", sum({amount}_reporting) AS {amount}" for amount in amounts)
    outcomes = f"SELECT {_OUTCOME} AS outcome, count(*) AS opportunities{sums} FROM opportunities GROUP BY ALL"
    models = f"(SELECT unnest({listed(MODELS)}) AS model) AS models"
    return f"SELECT * FROM ({outcomes}) AS outcomes, {models}, {_EVERY_DIMENSION} WHERE outcome IS NOT NULL"


def _sums(amounts: Sequence[str]) -> str:
    """Return the SQL of the mart's rows in doubles, with the opportunities `touched` and their whole amounts."""
    known = ", ".join(f"CAST({amount}_reporting AS DOUBLE) AS {amount}" for amount in amounts)
    outcomes = f"SELECT opportunity_id AS outcome_of, {_OUTCOME} AS outcome, {known} FROM opportunities"
    sums = [f"unnest([{', '.join(f'sum({model})' for model in MODELS)}]) AS opportunities"]
    for amount in amounts:
        parts = ", ".join(f"sum({model} * {amount})" for model in MODELS)
        sums += [f"unnest([{parts}]) AS {amount}", f"sum({amount}) AS whole_{amount}"]
    return (
        f"SELECT dimension, value, outcome, unnest({listed(MODELS)}) AS model, count(*) AS touched, {', '.join(sums)} "
        f"FROM ({_SHARES}) AS shares, ({outcomes}) AS outcomes "
        "WHERE shares.opportunity_id = outcomes.outcome_of AND outcome IS NOT NULL GROUP BY dimension, value, outcome"
    )


def _differs(measure: str, tolerance: str) -> str:
    shown, found = (f"max({measure}) FILTER ({side})" for side in ("NOT is_found", "is_found"))
    return f"({shown} IS NULL) <> ({found} IS NULL) OR abs({shown} - {found}) > {tolerance}"


def _by_amount(rows: str, amounts: Sequence[str]) -> str:
    """Return the SQL of one row per known amount, of rows with a column for each."""
    unpivoted = f"UNPIVOT ({rows}) ON {', '.join(amounts)} INTO NAME amount VALUE number"
    return f"SELECT model, dimension, outcome, amount, number FROM ({unpivoted})"


def _amounts(table: MartTable) -> list[str]:
    return [column for column, duckdb_type in table.columns.items() if duckdb_type == MONEY]
