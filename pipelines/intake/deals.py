"""What intake speaks of: a deal that someone wants AWS to know, and what is planned for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

Value = str | int | Decimal | tuple[str, ...]
"""Of a column: a text (dates too, as YYYY-MM-DD), whole months, an amount, or a list of texts."""
Action = Literal["update", "create", "unchanged", "refused"]

MONEY = ("tcv", "currency", "contract_months")
"""The columns that a sheet must have, beside one that identifies."""
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "title": ("Project", "Title"),
    "customer_name": ("Customer", "Account", "CompanyName"),
    "country_code": ("Customer", "Account", "Address", "CountryCode"),
    "postal_code": ("Customer", "Account", "Address", "PostalCode"),
    "state": ("Customer", "Account", "Address", "StateOrRegion"),
    "website": ("Customer", "Account", "WebsiteUrl"),
    "industry": ("Customer", "Account", "Industry"),
    "stage": ("LifeCycle", "Stage"),
    "target_close_date": ("LifeCycle", "TargetCloseDate"),
    "use_case": ("Project", "CustomerUseCase"),
    "business_problem": ("Project", "CustomerBusinessProblem"),
    "delivery_models": ("Project", "DeliveryModels"),
}
"""The member of a record that a column of a sheet fills, by column."""
LISTS = ("delivery_models", "solution_ids")
"""The columns that hold several values."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a deal is refused, and the column of the sheet that it is about, if it is about one."""

    column: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.column}: {self.text}" if self.column else self.text


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal of a sheet or of the hygiene findings, read and not yet compared with Partner Central.

    `row` is its row in the sheet as a spreadsheet counts, the header being row 1; of findings, their order. `wanted`
    holds the columns that have a value; beyond those of a sheet, `aws_mrr`. `reasons` say what is wrong in its cells.
    `version` is the version of its record that a finding is about; a sheet knows of none.
    """

    row: int
    opportunity_id: str | None
    partner_opportunity_id: str | None
    wanted: Mapping[str, Value] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    version: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One column of a deal in Partner Central: what the plan saw there, None if nothing, and what is to be there."""

    column: str
    before: Value | None
    after: Value


@dataclass(frozen=True, slots=True)
class Planned:
    """What is planned for one deal."""

    row: int
    action: Action
    opportunity_id: str | None
    partner_opportunity_id: str | None
    changes: tuple[Change, ...] = ()
    reasons: tuple[Reason, ...] = ()
