"""A record of AWS as the columns of a sheet, and the requests that write such columns to AWS.

The columns of a deal's value are one: whoever writes an amount (`tcv` or `aws_mrr`) gives its `currency` too.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from pipelines.intake.deals import LISTS, MEMBERS, MONEY, Value
from pipelines.partner_central.members import ODD_NAME
from pipelines.partner_central.service_model import service_model
from transforms.limits import LONGEST_CONTRACT_MONTHS

Record = dict[str, Any]

WRITTEN_COLUMNS = ("partner_opportunity_id", *MONEY, "aws_mrr", *MEMBERS, "solution_ids")
"""All that intake may write, in the order in which it is shown."""
AWS_TARGET, OWN_TARGET = "AWS", "Self"
FREQUENCIES = {AWS_TARGET: "Monthly", OWN_TARGET: "None"}
SPEND = ("Project", "ExpectedCustomerSpend")
DURATION = ("Project", "ExpectedContractDuration")
SOLUTIONS = ("RelatedEntityIdentifiers", "Solutions")
ORIGIN = "Partner Referral"
# What AWS itself asks of a new opportunity is CompanyName (the model) and Industry and WebsiteUrl (its documentation).
# The others are what a record needs for AWS to review it, and mostly cannot be added once it is approved.
NEEDED_TO_CREATE = (
    "partner_opportunity_id",
    *MONEY,
    *(column for column in MEMBERS if column not in ("postal_code", "state")),
)
NEEDED_IN_THE_US = ("postal_code", "state")  # the model's documentation lists the states of the US alone
CENT = Decimal("0.01")
WIDE = Context(prec=60, rounding=ROUND_HALF_UP)  # an amount has up to 33 digits
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]*)?", re.ASCII)
_WHOLE_MONTHS = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


def member(record: Any, *path: str) -> Any:
    """Return a nested member, or None when it, or anything above it, is absent or null."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def spend_entries(record: Record, target: str | None = None) -> list[Record]:
    """Return the entries of ExpectedCustomerSpend, of one TargetCompany if one is given."""
    found = member(record, *SPEND)
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return [entry for entry in entries if target in (None, entry.get("TargetCompany"))]


def present_values(record: Record) -> dict[str, Value]:
    """Return what a GetOpportunity answer holds, by column. What is absent, null or empty there is absent here.

    `tcv` is the amount of the one Self entry, `aws_mrr` that of the one AWS entry; `currency` is the Self entry's, or
    else the AWS entry's. A contract duration that is none of 1 to 144 whole months is there as the text that it is.
    """
    own, aws = spend_entries(record, OWN_TARGET), spend_entries(record, AWS_TARGET)
    found: dict[str, Value | None] = {
        "partner_opportunity_id": _text(record.get("PartnerOpportunityIdentifier")),
        "tcv": _amount(own),
        "currency": _text((own or aws or [{}])[0].get("CurrencyCode")),
        "contract_months": _months(member(record, *DURATION)),
        "aws_mrr": _amount(aws),
        "solution_ids": texts(member(record, *SOLUTIONS)) or None,
    }
    for column, path in MEMBERS.items():
        found[column] = (texts(member(record, *path)) or None) if column in LISTS else _text(member(record, *path))
    return {column: value for column in WRITTEN_COLUMNS if (value := found[column]) is not None}


def is_same(column: str, one: Value | None, other: Value | None) -> bool:
    """Whether two values of a column mean the same: amounts as numbers, lists whatever their order."""
    if column in LISTS:
        return set(texts(one)) == set(texts(other))
    return one == other


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, none of what is no list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


def monthly_amount(tcv: Decimal, months: int) -> Decimal:
    """Convert a total contract value to an amount a month, half up to the cent."""
    return WIDE.divide(tcv, Decimal(months)).quantize(CENT, context=WIDE)


def update_request(record: Record, after: Mapping[str, Value]) -> Record:
    """Return the UpdateOpportunity request of a record just read, with what the columns of `after` are to be.

    All but the catalog, which the client adds, and the solutions, which are associated by themselves. What the model
    does not know cannot be sent: `unknown_members` tells of it. `LastModifiedDate` is the text that AWS sent.
    """
    shape = service_model().operation_model("UpdateOpportunity").input_shape
    request: Record = _known({name: value for name, value in record.items() if name != "Catalog"}, shape)
    request["Identifier"] = record.get("Id")
    _lay_over(request, after)
    return request


def create_request(values: Mapping[str, Value], client_token: str) -> Record:
    """Return the CreateOpportunity request of a deal, without the catalog, which the client adds."""
    request: Record = {"ClientToken": client_token, "Origin": ORIGIN}
    _lay_over(request, values)
    return request


def missing_columns(values: Mapping[str, Value]) -> list[str]:
    """Return the columns that a new opportunity needs beyond those that have a value."""
    needed = NEEDED_TO_CREATE + (NEEDED_IN_THE_US if values.get("country_code") == "US" else ())
    return [column for column in needed if column not in values]


def unknown_members(record: Record) -> list[str]:
    """Return the paths of what a record holds and the service model does not know, so that no update can keep it."""
    return sorted(set(_unknown(record, service_model().operation_model("GetOpportunity").output_shape, "")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _amount(entries: list[Record]) -> Decimal | None:
    """The amount of the one entry, None unless there is one that has one."""
    text = entries[0].get("Amount") if len(entries) == 1 else None
    return Decimal(text) if isinstance(text, str) and _AMOUNT.fullmatch(text) else None


def _months(duration: Any) -> int | str | None:
    term, value = member(duration, "Term"), member(duration, "Value")
    if value is None:
        return None
    text = str(value)
    if term == "Months" and _WHOLE_MONTHS.fullmatch(text) and int(text) <= LONGEST_CONTRACT_MONTHS:
        return int(text)
    return text if term == "Months" else f"{text} {term}"


def _known(value: Any, shape: Shape) -> Any:
    """A copy of a value with the members that the model knows, and without those that are null."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _known(value[name], known) for name, known in shape.members.items() if value.get(name) is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_known(item, shape.member) for item in value]
    return value


def _unknown(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, item in value.items():
            if name in shape.members:
                yield from _unknown(item, shape.members[name], f"{path}{name}.")
            elif item not in (None, "", [], {}):
                yield path + (name if name.isascii() and name.isidentifier() else ODD_NAME)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for item in value:
            yield from _unknown(item, shape.member, path)


def _lay_over(request: Record, after: Mapping[str, Value]) -> None:
    for column, value in after.items():
        if column in MEMBERS:
            _put(request, MEMBERS[column], list(value) if isinstance(value, tuple) else value)
    if "partner_opportunity_id" in after:
        request["PartnerOpportunityIdentifier"] = after["partner_opportunity_id"]
    if "contract_months" in after:
        _put(request, DURATION, {"Term": "Months", "Value": str(after["contract_months"])})
    for column, target in (("tcv", OWN_TARGET), ("aws_mrr", AWS_TARGET)):
        if column in after:
            _put(request, SPEND, _with_amount(spend_entries(request), target, after[column], after["currency"]))


def _with_amount(entries: list[Record], target: str, amount: Value, currency: Value) -> list[Record]:
    """The entries with this amount for this company, in the place of the entry that it has, or at the end.

    The partner's own entry is made anew; of an AWS entry all but the amount and its currency stays.
    """
    entry = {
        "Amount": f"{amount:f}",
        "CurrencyCode": currency,
        "Frequency": FREQUENCIES[target],
        "TargetCompany": target,
    }
    for place, other in enumerate(entries):
        if other.get("TargetCompany") == target:
            kept = {**other, "Amount": entry["Amount"], "CurrencyCode": currency} if target == AWS_TARGET else entry
            return [*entries[:place], kept, *entries[place + 1 :]]
    return [*entries, entry]


def _put(request: Record, path: tuple[str, ...], value: Any) -> None:
    """Set a nested member; what is absent on the way, or is no object, becomes one."""
    for name in path[:-1]:
        if not isinstance(request.get(name), dict):
            request[name] = {}
        request = request[name]
    request[path[-1]] = value
