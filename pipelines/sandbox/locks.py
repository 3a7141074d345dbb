"""What the review of an opportunity locks: nothing before it, everything during it, some fields after it."""

from collections.abc import Iterator
from typing import Any

from pipelines.sandbox.store import member
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record, Violation, violation

Path = tuple[str, ...]

PENDING, SUBMITTED, APPROVED, ACTION_REQUIRED = "Pending Submission", "Submitted", "Approved", "Action Required"
READ_ONLY = (SUBMITTED, "In review", "Rejected")
# Members of the request that are AWS's to write: what a client sends there is not looked at.
AWSS_OWN = ("ReviewStatus", "ReviewComments", "ReviewStatusReason", "NextStepsHistory")
LOCKED_ONCE_APPROVED: tuple[Path, ...] = (
    ("PartnerOpportunityIdentifier",),
    ("Customer", "Account", "Address", "CountryCode"),
    ("Customer", "Account", "Address", "PostalCode"),
    ("Customer", "Account", "Industry"),
    ("Customer", "Account", "WebsiteUrl"),
    ("Project", "CustomerBusinessProblem"),
    ("Project", "Title"),
)
OPEN_WHEN_ACTION_IS_REQUIRED: tuple[Path, ...] = (
    ("PartnerOpportunityIdentifier",),
    ("Customer", "Account", "Address"),
    ("Customer", "Account", "WebsiteUrl"),
    ("LifeCycle", "TargetCloseDate"),
    ("Project", "ExpectedCustomerSpend"),
    ("Project", "CustomerBusinessProblem"),
)


def review_status(record: Record) -> str:
    """Where the review stands. A record without a status is as open as one that was never submitted."""
    return str(member(record, "LifeCycle", "ReviewStatus") or PENDING)


def not_editable(record: Record) -> Violation | None:
    """The violation that any edit of a record is which AWS reviews, or has rejected."""
    status = review_status(record)
    if status not in READ_ONLY:
        return None
    return violation("LifeCycle.ReviewStatus", f"is {status}: nothing can be changed", "ACTION_NOT_PERMITTED")


def locked_changes(current: Record, following: Record) -> list[Violation]:
    """What a new version would change and must not, as the review stands."""
    if (refusal := not_editable(current)) is not None:
        return [refusal]
    status = review_status(current)
    changed = changed_members(current, following)
    if status == APPROVED:
        locked = [path for path in changed if path in LOCKED_ONCE_APPROVED]
    elif status == ACTION_REQUIRED:
        opened = OPEN_WHEN_ACTION_IS_REQUIRED
        locked = [path for path in changed if not any(path[: len(start)] == start for start in opened)]
    else:
        locked = []
    problem = f"cannot be changed while the review status is {status}"
    return [violation(".".join(path), problem, "ACTION_NOT_PERMITTED") for path in locked]


def changed_members(current: Record, following: Record) -> list[Path]:
    """The members that a client can write and that differ; null, absent and empty are one. Lists count whole."""
    written = service_model().operation_model("UpdateOpportunity").input_shape.members
    names = [name for name in written if name != "LastModifiedDate"]  # that tells which version was seen
    found = (path for name in names for path in _differences(current.get(name), following.get(name), (name,)))
    return [path for path in found if not (path[0] == "LifeCycle" and path[-1] in AWSS_OWN)]


def _differences(before: Any, after: Any, path: Path) -> Iterator[Path]:
    before, after = before or None, after or None
    if isinstance(before, dict | None) and isinstance(after, dict | None):
        before, after = before or {}, after or {}
        for name in {**before, **after}:
            yield from _differences(before.get(name), after.get(name), (*path, name))
    elif before != after:
        yield path
