"""The deals that the findings of hygiene suggest: the published marts.hygiene in place of a sheet."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from pipelines.intake.cells import read_cell
from pipelines.intake.deals import Deal, Reason, Value
from pipelines.intake.published import open_published_of

SUGGESTED: Mapping[str, str] = {
    "missing_contract_duration": "contract_months",
    "invalid_contract_duration": "contract_months",
    "tcv_disagrees_with_mrr": "aws_mrr",
    "partition_currency": "currency",
}
"""The column that the suggestion of a rule is for; no two rules of one column are broken at once."""
NO_CONVERSION = (
    "is suggested by tcv_disagrees_with_mrr, and beside a TCV an AWS entry stays as it is: plan with --convert to "
    "write AWS's amount"
)
NO_AMOUNTS = (
    "is suggested by partition_currency, and a currency is not changed without its amounts: plan a sheet with the TCV "
    "in that currency"
)

FINDINGS = """
    SELECT opportunity_id, last_modified_at, rule, suggestion
    FROM marts.hygiene JOIN marts.opportunities USING (opportunity_id)
    WHERE suggestion IS NOT NULL AND rule IN (SELECT unnest(?)) ORDER BY opportunity_id, rule
"""


def deals_of_findings(warehouse_path: Path, *, catalog: str, convert: bool) -> list[Deal]:
    """One deal per opportunity with a suggestion, in the order of the identifiers; its row is its place in it.

    A deal whose suggestions cannot all be applied has the reasons, which name the rule. Raises ConfigurationError
    without a published warehouse of the catalog.
    """
    with open_published_of(warehouse_path, catalog) as connection:
        findings = connection.execute(FINDINGS, [list(SUGGESTED)]).fetchall()
    grouped = groupby(findings, key=itemgetter(0, 1))
    return [
        _deal(row, opportunity_id, version, ((rule, suggestion) for *_, rule, suggestion in found), convert)
        for row, ((opportunity_id, version), found) in enumerate(grouped, start=1)
    ]


def _deal(
    row: int, opportunity_id: str, version: datetime, suggestions: Iterable[tuple[str, str]], convert: bool
) -> Deal:
    wanted: dict[str, Value] = {}
    reasons: list[Reason] = []
    for rule, suggestion in suggestions:
        column = SUGGESTED[rule]
        value = read_cell(column, suggestion)
        if isinstance(value, Reason):
            reasons.append(Reason(column, f"is suggested by {rule}, and {value.text}"))
            continue
        wanted[column] = value
        if column == "currency":
            reasons.append(Reason(column, NO_AMOUNTS))
        elif column == "aws_mrr" and not convert:
            reasons.append(Reason(column, NO_CONVERSION))
    return Deal(row, opportunity_id, None, wanted, tuple(reasons), version)
