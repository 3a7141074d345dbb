"""The rules of AWS on what is about to be written: of its service model, and of its documentation.

They are asked of the request as it would be sent, so they hold for a record that was read again as well as for the one
that was planned with.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.intake.deals import MEMBERS, Reason, Value
from pipelines.intake.requests import (
    AWS_TARGET,
    DURATION,
    FREQUENCIES,
    OWN_TARGET,
    WRITTEN_COLUMNS,
    Record,
    create_request,
    is_same,
    member,
    present_values,
    spend_entries,
    texts,
    unknown_members,
    update_request,
)
from pipelines.sandbox.validation import request_violations

READ_ONLY: Mapping[str, str] = {
    "Submitted": "plan again after the review",
    "In review": "plan again after the review",
    "Rejected": "take the row out",
}
"""The review statuses in which nothing can be changed, and what to do then."""
OPEN_WHEN_ACTION_IS_REQUIRED = (
    "partner_opportunity_id tcv currency aws_mrr country_code postal_code state website target_close_date "
    "business_problem".split()
)
LOCKED: Mapping[str, frozenset[str]] = {
    "Approved": frozenset(
        "partner_opportunity_id title country_code postal_code website industry business_problem".split()
    ),
    "Action Required": frozenset(WRITTEN_COLUMNS).difference(OPEN_WHEN_ACTION_IS_REQUIRED),
}
"""The columns that a review status locks."""
LOST_STAGE, WON_STAGE = "Closed Lost", "Launched"
SIGNED_STAGES = ("Committed", WON_STAGE)
NO_SOLUTION = "Other"  # stands for a solution that the partner has not registered
OFFERINGS = ("Solutions", "AwsMarketplaceSolutions", "AwsMarketplaceProducts")
SOLUTIONS = "solution_ids"
MOST_SOLUTIONS = 10  # of an opportunity; AWS's developer guide
PARTITION_CURRENCIES = {"aws-eusc": "EUR"}
MEND = "correct it in Partner Central, then plan again"
_COLUMN_OF_FIELD = {
    ".".join(name[:1].lower() + name[1:] for name in path): column for column, path in MEMBERS.items()
} | {
    "partnerOpportunityIdentifier": "partner_opportunity_id",
    "project.expectedCustomerSpend.amount": "tcv",
    "project.expectedCustomerSpend.currencyCode": "currency",
}


@dataclass(frozen=True, slots=True)
class Write:
    """What is about to be written: the record as read (empty for a new one), what the columns in `after` are to be, and
    the request that would be sent."""

    record: Record
    after: Mapping[str, Value]
    request: Record
    today: date

    def text(self, *path: str) -> str:
        """Return a member of the request, empty when it is absent."""
        return str(member(self.request, *path) or "")

    def account(self, name: str) -> str:
        """Return a member of the customer's account, as it would be."""
        return self.text("Customer", "Account", name)

    @property
    def stage(self) -> str:
        """The stage, as it would be."""
        return self.text("LifeCycle", "Stage")

    @property
    def entries(self) -> list[Record]:
        """The spend entries, as they would be."""
        return spend_entries(self.request)

    @property
    def is_national_security(self) -> bool:
        """Whether the opportunity is marked so."""
        return self.text("NationalSecurity") == "Yes"

    @property
    def has_offering(self) -> bool:
        """Whether something of the partner's to sell is associated, or can be before the record is written."""
        related = [texts(member(self.record, "RelatedEntityIdentifiers", name)) for name in OFFERINGS]
        planned = texts(self.after.get(SOLUTIONS)) if self.record else ()
        return any(entity != NO_SOLUTION for entities in (*related, planned) for entity in entities)

    @property
    def currencies(self) -> set[str]:
        """The currencies of the spend entries, as they would be."""
        return {str(entry.get("CurrencyCode")) for entry in self.entries}

    @property
    def partition_currencies(self) -> set[str]:
        """The currencies that the opportunity's partition of AWS takes, of those that the entries would have."""
        wanted = PARTITION_CURRENCIES.get(self.text("Project", "AwsPartition"))
        return self.currencies if wanted is None else {wanted}

    @property
    def own(self) -> list[Record]:
        """Those with the partner's own deal value."""
        return spend_entries(self.request, OWN_TARGET)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that AWS's service model leaves to prose: the column at fault, what to do, and when it is broken."""

    column: str | None
    text: str
    is_broken: Callable[[Write], bool]


RULES = (
    Rule(
        "tcv",
        f"its record has several Self entries, and AWS takes one: {MEND}",
        lambda write: len(spend_entries(write.record, OWN_TARGET)) > 1,
    ),
    Rule(
        "tcv",
        f"its record has several AWS entries, so it is not known which one to write: {MEND}",
        lambda write: "aws_mrr" in write.after and len(spend_entries(write.record, AWS_TARGET)) > 1,
    ),
    Rule(
        "tcv",
        "a TCV and an EstimationUrl exclude each other: take the estimate out in Partner Central, then plan again",
        lambda write: (
            bool(write.own)
            and any(e.get("EstimationUrl") for e in write.entries + spend_entries(write.record, OWN_TARGET))
        ),
    ),
    Rule(
        "tcv",
        f"its record has a Self entry without an amount: {MEND}",
        lambda write: any(not entry.get("Amount") for entry in write.own),
    ),
    Rule(
        "tcv",
        f"its record has spend of another company than AWS and Self, which AWS does not take: {MEND}",
        lambda write: any(str(entry.get("TargetCompany")) not in FREQUENCIES for entry in write.entries),
    ),
    Rule(
        "tcv",
        f"its record has spend with another frequency than Monthly for AWS and None for Self: {MEND}",
        lambda write: any(
            entry.get("Frequency") != frequency
            for target, frequency in FREQUENCIES.items()
            for entry in spend_entries(write.request, target)
        ),
    ),
    Rule(
        "currency",
        f"AWS takes one currency in all entries: give the amount in that of its record, or {MEND}",
        lambda write: len(write.currencies) > 1,
    ),
    Rule(
        "currency",
        "in the AWS European Sovereign Cloud amounts are in EUR: give the amount in EUR",
        lambda write: not write.currencies <= write.partition_currencies,
    ),
    Rule(
        "contract_months",
        f"its record has a contract duration that is none of 1 to 144 months: {MEND}",
        lambda write: isinstance(present_values(write.request).get("contract_months"), str),
    ),
    Rule(
        "contract_months",
        f"its record has a Self entry without a contract duration: {MEND}",
        lambda write: bool(write.own) and member(write.request, *DURATION) is None,
    ),
    Rule(
        "stage",
        f"AWS takes {LOST_STAGE} with a ClosedLostReason alone, which no column has: set it in Partner Central, then "
        "plan again, or take the row out",
        lambda write: write.stage == LOST_STAGE and not write.text("LifeCycle", "ClosedLostReason"),
    ),
    Rule(
        "stage",
        f"its record has a ClosedLostReason, which belongs to stage {LOST_STAGE} alone: reopen it in Partner Central",
        lambda write: write.stage != LOST_STAGE and bool(write.text("LifeCycle", "ClosedLostReason")),
    ),
    Rule(
        "stage",
        "AWS takes Committed and Launched with a solution alone: give solution_ids of an opportunity that exists, or "
        "create it in an earlier stage",
        lambda write: write.stage in SIGNED_STAGES and not write.has_offering,
    ),
    Rule(
        "target_close_date",
        "is in the past, and AWS takes no such date: give a later one in this column",
        lambda write: (
            "" < write.text("LifeCycle", "TargetCloseDate") < write.today.isoformat()
            and write.stage not in (LOST_STAGE, WON_STAGE)
        ),
    ),
    Rule(
        "industry",
        "AWS takes Other with an OtherIndustry alone, which no column has: give another, or set it in Partner Central",
        lambda write: write.account("Industry") == "Other" and not write.account("OtherIndustry"),
    ),
    Rule(
        "industry",
        f"its record has an OtherIndustry, which belongs to industry Other alone: {MEND}",
        lambda write: write.account("Industry") != "Other" and bool(write.account("OtherIndustry")),
    ),
    Rule(
        "industry",
        f"its record is marked as national security, which belongs to industry Government alone: {MEND}",
        lambda write: write.is_national_security and write.account("Industry") != "Government",
    ),
    Rule(
        "website",
        "is needed unless national security is concerned: fill it in",
        lambda write: (
            bool(member(write.request, "Customer", "Account"))
            and not write.account("WebsiteUrl")
            and not write.is_national_security
        ),
    ),
    Rule(
        SOLUTIONS,
        f"an opportunity has {MOST_SOLUTIONS} solutions at most, with those that it has: give fewer",
        lambda write: len(texts(write.after.get(SOLUTIONS))) > MOST_SOLUTIONS,
    ),
    Rule(
        None,
        f"its record names other competitors, which belong to competitor *Other alone: {MEND}",
        lambda write: (
            bool(write.text("Project", "OtherCompetitorNames")) and write.text("Project", "CompetitorName") != "*Other"
        ),
    ),
    Rule(
        None,
        f"its record has marketing use cases without AWS funding: {MEND}",
        lambda write: (
            write.text("Marketing", "AwsFundingUsed") == "No" and bool(member(write.request, "Marketing", "UseCases"))
        ),
    ),
)


def reasons_against(record: Record | None, after: Mapping[str, Value], today: date) -> list[Reason]:
    """Return why AWS would refuse to write the columns of `after` over a record, or (None) as a new one.

    The solutions in `after` count as the record's, since they can be associated before it is updated; to a new one they
    cannot before it is created.
    """
    if record is None:
        write = Write({}, after, create_request(after, "plan"), today)
        return [*_violations("CreateOpportunity", write), *_broken_rules(write)]
    write = Write(record, after, update_request(record, after), today)
    if after.keys() <= {SOLUTIONS}:  # nothing is updated: they are associated
        return [*_review(write), *(reason for reason in _broken_rules(write) if reason.column == SOLUTIONS)]
    return [*_unknown_members(record), *_review(write), *_violations("UpdateOpportunity", write), *_broken_rules(write)]


def _unknown_members(record: Record) -> Iterator[Reason]:
    if unknown := unknown_members(record):
        text = f"its record has what this program does not know ({', '.join(unknown)}) and would erase: upgrade it"
        yield Reason(None, text)


def _review(write: Write) -> Iterator[Reason]:
    """What the review of the record locks."""
    status = str(member(write.record, "LifeCycle", "ReviewStatus"))
    if status in READ_ONLY:
        yield Reason(None, f"nothing can be changed while its review status is {status}: {READ_ONLY[status]}")
        return
    present = present_values(write.record)
    for column in WRITTEN_COLUMNS:
        is_changed = column in write.after and not is_same(column, present.get(column), write.after[column])
        if is_changed and column in LOCKED.get(status, ()):
            text = f"is locked while the review status is {status}: leave the cell empty, or plan again afterwards"
            yield Reason(column, text)


def _violations(operation: str, write: Write) -> Iterator[Reason]:
    """What the request breaks of the service model, the catalog aside."""
    for found in request_violations(operation, {"Catalog": "AWS", **write.request}):
        column = _COLUMN_OF_FIELD.get(found.field_name)
        remedy = "correct the cell" if column in write.after else MEND
        yield Reason(column, f"AWS would refuse {found.field_name} ({found.code}): {remedy}")


def _broken_rules(write: Write) -> Iterator[Reason]:
    return (Reason(rule.column, rule.text) for rule in RULES if rule.is_broken(write))
