"""The rules of AWS that its service model leaves to prose: what is wrong with an opportunity about to be stored.

A rule looks at the whole record as it would be shown, so that what an update omits and AWS keeps counts too.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.sandbox.store import member
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record, Violation, violation

SPEND = "Project.ExpectedCustomerSpend"
DURATION = "Project.ExpectedContractDuration"
SOLUTIONS = "RelatedEntityIdentifiers.Solutions"
AWS_TARGET, OWN_TARGET = "AWS", "Self"
FREQUENCIES = {AWS_TARGET: "Monthly", OWN_TARGET: "None"}
PARTITION_CURRENCIES = {"aws-eusc": "EUR"}
MOST_MONTHS = 144
NO_SOLUTION = "Other"  # stands for one that ListSolutions does not have, until the deal is committed
OFFERINGS = ("Solutions", "AwsMarketplaceSolutions", "AwsMarketplaceProducts")
SIGNED_STAGES = ("Committed", "Launched")
DECIDED_STAGES = ("Launched", "Closed Lost")
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rules depend on besides the record. `today`: the UTC date, as AWS writes dates.

    A catalog that accepts no deal value knows AWS entries alone.
    """

    today: str
    is_new: bool = False
    accepts_deal_value: bool = True


Rule = Callable[[Record, Circumstances], Iterator[Violation]]


def broken_rules(record: Record, circumstances: Circumstances) -> list[Violation]:
    """Every violation of a record, in the order of the rules."""
    return [found for rule in RULES for found in rule(record, circumstances)]


def spend_entries(record: Record) -> list[Record]:
    """The entries of ExpectedCustomerSpend."""
    return [entry for entry in member(record, *SPEND.split(".")) or [] if isinstance(entry, dict)]


def own_entries(record: Record) -> list[Record]:
    """The entries with the partner's own deal value; more than one breaks a rule."""
    return [entry for entry in spend_entries(record) if entry.get("TargetCompany") == OWN_TARGET]


def has_offering(record: Record, *, real: bool) -> bool:
    """Whether something to sell is associated: a solution, or one or a product of AWS Marketplace."""
    related = [entity for name in OFFERINGS for entity in member(record, "RelatedEntityIdentifiers", name) or []]
    return any(not real or entity != NO_SOLUTION for entity in related)


def _contract_duration(record: Record, _: Circumstances) -> Iterator[Violation]:
    months = member(record, *DURATION.split("."), "Value")
    if months is not None and not (_WHOLE_NUMBER.fullmatch(str(months)) and int(months) <= MOST_MONTHS):
        yield violation(f"{DURATION}.Value", f"must be a whole number from 1 to {MOST_MONTHS}", "INVALID_VALUE")


def _deal_value(record: Record, circumstances: Circumstances) -> Iterator[Violation]:
    own, has_duration = own_entries(record), member(record, *DURATION.split(".")) is not None
    if not circumstances.accepts_deal_value:
        if own:
            yield violation(f"{SPEND}.TargetCompany", "must be AWS: Self is not accepted here", "INVALID_VALUE")
        return
    if own and not has_duration:
        yield violation(DURATION, "is required beside a Self entry", "INVALID_VALUE")
    if circumstances.is_new and has_duration and not own:
        yield violation(SPEND, "must have a Self entry beside a contract duration", "INVALID_VALUE")
    if len(own) > 1:
        yield violation(SPEND, "must have one Self entry at most", "INVALID_VALUE")
    if any(not entry.get("Amount") for entry in own):
        yield violation(f"{SPEND}.Amount", "is required in a Self entry", "REQUIRED_FIELD_MISSING")
    if own and any(entry.get("EstimationUrl") for entry in spend_entries(record)):
        yield violation(f"{SPEND}.EstimationUrl", "cannot stand beside a Self entry", "INVALID_VALUE")


def _spend_entries(record: Record, _: Circumstances) -> Iterator[Violation]:
    most = service_model().shape_for("ExpectedCustomerSpendList").metadata["max"]
    if len(spend_entries(record)) > most:  # with the Self entry that an update leaves out and AWS keeps
        yield violation(SPEND, f"must have at most {most} entries", "TOO_MANY_VALUES")
    targets = {str(entry.get("TargetCompany")) for entry in spend_entries(record)}
    if not targets <= FREQUENCIES.keys():
        yield violation(f"{SPEND}.TargetCompany", "must be AWS or Self beside a contract duration", "INVALID_VALUE")
    for target in sorted(targets & FREQUENCIES.keys()):
        frequency = FREQUENCIES[target]
        entries = [entry for entry in spend_entries(record) if entry.get("TargetCompany") == target]
        if any(entry.get("Frequency") != frequency for entry in entries):
            yield violation(f"{SPEND}.Frequency", f"must be {frequency} where {target} is the target", "INVALID_VALUE")


def _currencies(record: Record, _: Circumstances) -> Iterator[Violation]:
    found = {entry.get("CurrencyCode") for entry in spend_entries(record)}
    partition = member(record, "Project", "AwsPartition")
    wanted = PARTITION_CURRENCIES.get(partition)
    if len(found) > 1:
        yield violation(f"{SPEND}.CurrencyCode", "must be the same in all entries", "INVALID_VALUE")
    if wanted and not found <= {wanted}:
        yield violation(f"{SPEND}.CurrencyCode", f"must be {wanted} in partition {partition}", "INVALID_VALUE")


def _closed_lost(record: Record, _: Circumstances) -> Iterator[Violation]:
    is_lost = member(record, "LifeCycle", "Stage") == "Closed Lost"
    reason = member(record, "LifeCycle", "ClosedLostReason")
    if is_lost and not reason:
        yield violation("LifeCycle.ClosedLostReason", "is required in stage Closed Lost", "REQUIRED_FIELD_MISSING")
    if reason and not is_lost:
        yield violation("LifeCycle.ClosedLostReason", "belongs to stage Closed Lost alone", "INVALID_VALUE")


def _target_close_date(record: Record, circumstances: Circumstances) -> Iterator[Violation]:
    close = member(record, "LifeCycle", "TargetCloseDate")
    is_decided = member(record, "LifeCycle", "Stage") in DECIDED_STAGES
    if close and str(close) < circumstances.today and not is_decided:
        yield violation("LifeCycle.TargetCloseDate", "must not be in the past", "INVALID_VALUE")


def _signed(record: Record, _: Circumstances) -> Iterator[Violation]:
    stage = member(record, "LifeCycle", "Stage")
    if stage in SIGNED_STAGES and not has_offering(record, real=True):
        yield violation(SOLUTIONS, f"must have a solution of its own in stage {stage}", "REQUIRED_FIELD_MISSING")


def _industry(record: Record, _: Circumstances) -> Iterator[Violation]:
    industry = member(record, "Customer", "Account", "Industry")
    other = member(record, "Customer", "Account", "OtherIndustry")
    if industry == "Other" and not other:
        yield violation("Customer.Account.OtherIndustry", "is required in industry Other", "REQUIRED_FIELD_MISSING")
    if other and industry != "Other":
        yield violation("Customer.Account.OtherIndustry", "belongs to industry Other alone", "INVALID_VALUE")
    if record.get("NationalSecurity") == "Yes" and industry != "Government":
        yield violation("NationalSecurity", "may be Yes in industry Government alone", "INVALID_VALUE")


def _website(record: Record, _: Circumstances) -> Iterator[Violation]:
    account = member(record, "Customer", "Account")
    if account and not account.get("WebsiteUrl") and record.get("NationalSecurity") != "Yes":
        problem = "is required unless national security is concerned"
        yield violation("Customer.Account.WebsiteUrl", problem, "REQUIRED_FIELD_MISSING")


def _competitors(record: Record, _: Circumstances) -> Iterator[Violation]:
    if member(record, "Project", "OtherCompetitorNames") and member(record, "Project", "CompetitorName") != "*Other":
        yield violation("Project.OtherCompetitorNames", "belongs to competitor *Other alone", "INVALID_VALUE")


def _marketing(record: Record, _: Circumstances) -> Iterator[Violation]:
    if member(record, "Marketing", "AwsFundingUsed") == "No" and member(record, "Marketing", "UseCases"):
        yield violation("Marketing.UseCases", "must be empty when no AWS funding was used", "INVALID_VALUE")


RULES: tuple[Rule, ...] = (
    _contract_duration,
    _deal_value,
    _spend_entries,
    _currencies,
    _closed_lost,
    _target_close_date,
    _signed,
    _industry,
    _website,
    _competitors,
    _marketing,
)
