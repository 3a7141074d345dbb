"""What is to be done about a deal, and every reason why it must be refused: decided before anything is written."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal

from pipelines.intake.aws_rules import reasons_against
from pipelines.intake.deals import MONEY, Action, Change, Deal, Planned, Reason, Value
from pipelines.intake.requests import (
    OWN_TARGET,
    WRITTEN_COLUMNS,
    Record,
    is_same,
    missing_columns,
    monthly_amount,
    present_values,
    spend_entries,
    texts,
)
from pipelines.partner_central.tables import parse_instant

OUTDATED = (
    "its record has changed since the last night, so that the finding may no longer hold: run `cosell nightly`, then "
    "plan again"
)
_VALUE = frozenset({*MONEY, "aws_mrr"})  # planned and written as one, or an amount could meet another's currency


def decide(deal: Deal, record: Record | None, *, convert: bool, today: date, solutions: Collection[str]) -> Planned:
    """Decide what is to be done about one deal, with every reason if it is refused.

    `record` is what GetOpportunity answers for the deal's opportunity, None where AWS shows none; a deal without an
    opportunity is a new one. `solutions` are the identifiers of the partner's solutions. A deal that wants a tcv wants
    a currency and contract_months too.
    """
    if deal.reasons:
        return _planned(deal, "refused", reasons=deal.reasons)
    if record is None and deal.opportunity_id is not None:
        text = "AWS shows no such opportunity, or no longer: correct the identifier, or take the row out"
        return _planned(deal, "refused", reasons=[Reason("opportunity_id", text)])
    present = present_values(record or {})
    values = _values(deal, present, convert)
    changes = _changes(present, values)
    after = {change.column: change.after for change in changes}
    reasons = [*_contradictions(deal, record or {}, convert), *_unknown_solutions(values, present, solutions)]
    if record is None:
        missing = missing_columns({**values, **deal.wanted})
        reasons += [Reason(column, "is needed to create an opportunity: fill it in") for column in missing]
        reasons += [reason for reason in reasons_against(None, after, today) if reason.column not in missing]
    elif changes:
        reasons += [*_outdated(deal, record), *reasons_against(record, after, today)]
    if reasons:
        return _planned(deal, "refused", reasons=reasons)
    if not changes:
        return _planned(deal, "unchanged")
    return _planned(deal, "create" if record is None else "update", changes=changes)


def _planned(
    deal: Deal, action: Action, *, changes: Collection[Change] = (), reasons: Collection[Reason] = ()
) -> Planned:
    return Planned(
        deal.row,
        action,
        deal.opportunity_id,
        deal.partner_opportunity_id,
        changes=tuple(changes),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _values(deal: Deal, present: Mapping[str, Value], convert: bool) -> dict[str, Value]:
    """What the columns are to be: those that the deal wants, as far as they can be written in this way."""
    values = dict(deal.wanted)
    if not convert:
        values.pop("aws_mrr", None)
    elif isinstance(tcv := values.get("tcv"), Decimal) and isinstance(months := values.get("contract_months"), int):
        del values["tcv"], values["contract_months"]
        values["aws_mrr"] = monthly_amount(tcv, months)
    if {"tcv", "aws_mrr"} & values.keys():
        values.setdefault("currency", present.get("currency", ""))  # an empty one breaks a rule
    else:
        values.pop("currency", None)
    if deal.partner_opportunity_id and not str(present.get("partner_opportunity_id", "")).strip():
        values["partner_opportunity_id"] = deal.partner_opportunity_id
    if wanted := texts(values.get("solution_ids")):
        values["solution_ids"] = tuple(dict.fromkeys((*texts(present.get("solution_ids")), *wanted)))
    return values


def _changes(present: Mapping[str, Value], values: Mapping[str, Value]) -> list[Change]:
    touched = {column for column, value in values.items() if not is_same(column, present.get(column), value)}
    if touched & _VALUE:
        touched |= _VALUE & values.keys()
    return [Change(column, present.get(column), values[column]) for column in WRITTEN_COLUMNS if column in touched]


def _contradictions(deal: Deal, record: Record, convert: bool) -> Iterator[Reason]:
    """What the deal wants and intake does not do, whatever AWS would say."""
    crm_id = str(record.get("PartnerOpportunityIdentifier") or "").strip()  # as matching compares them
    if crm_id and deal.partner_opportunity_id not in (None, crm_id):
        text = "is another one in the opportunity's record: correct either identifier of the row"
        yield Reason("partner_opportunity_id", text)
    if "aws_mrr" in deal.wanted and not convert:
        yield Reason("aws_mrr", "an AWS entry stays as it is beside a TCV: plan with --convert to write AWS's amount")
    if "currency" in deal.wanted and not {"tcv", "aws_mrr"} & deal.wanted.keys():
        yield Reason("currency", "cannot be changed without its amounts: plan a sheet with tcv and contract_months")
    if convert and "tcv" in deal.wanted and spend_entries(record, OWN_TARGET):
        yield Reason("tcv", "its record has a Self entry, which AWS converts: plan without --convert")


def _outdated(deal: Deal, record: Record) -> Iterator[Reason]:
    """A finding follows from several members of its record, dates of the software contract among them: any change of
    the record may have settled it."""
    if deal.version is not None and parse_instant(record.get("LastModifiedDate")) != deal.version:
        yield Reason(None, OUTDATED)


def _unknown_solutions(
    values: Mapping[str, Value], present: Mapping[str, Value], solutions: Collection[str]
) -> Iterator[Reason]:
    if not set(texts(values.get("solution_ids"))) <= {*texts(present.get("solution_ids")), *solutions}:
        yield Reason("solution_ids", "has one that Partner Central does not list among your solutions: correct it")
