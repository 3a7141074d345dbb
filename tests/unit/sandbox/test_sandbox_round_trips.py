"""What AWS accepts and shows, it takes back: a whole record sent again, unchanged, changes nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from deals import DURATION, SPEND, months
from hypothesis import given, settings
from hypothesis import strategies as st
from written_deals import IN, deal, update_of, violations_of

from pipelines.sandbox.business_rules import Circumstances, broken_rules
from pipelines.sandbox.locks import READ_ONLY, review_status
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Store
from pipelines.sandbox.validation import request_violations, service_model
from pipelines.sandbox.world import PAST, World

# The rules that partners of the demo world break: the mistakes it was given on purpose, or that time made.
DEMO_MISTAKES = {
    "project.expectedCustomerSpend.currencyCode",
    "lifeCycle.targetCloseDate",
    "lifeCycle.closedLostReason",
    "relatedEntityIdentifiers.solutions",
    "project.expectedContractDuration.value",
}
UPDATE_MEMBERS = service_model().operation_model("UpdateOpportunity").input_shape.members


def values(shape: str) -> Any:
    return st.sampled_from(service_model().shape_for(shape).enum)


amounts = st.from_regex(r"(0|[1-9][0-9]{0,12})(\.[0-9]{0,2})?", fullmatch=True)
entries = st.fixed_dictionaries(
    {
        "Amount": st.one_of(st.just(""), amounts),
        "CurrencyCode": st.sampled_from(["USD", "EUR"]),
        "TargetCompany": st.sampled_from(["AWS", "Self", "Belavamond"]),
        "Frequency": st.sampled_from(["Monthly", "None"]),
    }
)
monthly = st.builds(lambda amount: spend(amount, "AWS", "Monthly"), amounts)
own = st.builds(lambda amount: spend(amount, "Self", "None"), amounts)
spends = st.one_of(
    st.lists(entries, max_size=3),
    st.lists(monthly, max_size=3),
    st.tuples(st.lists(monthly, max_size=2), own).map(lambda both: [*both[0], both[1]]),
)
deals = st.fixed_dictionaries(
    {},
    optional={
        SPEND: spends,
        DURATION: st.integers(0, 150).map(lambda number: months(str(number))),
        "Project.AwsPartition": st.just("aws-eusc"),
        "Project.CompetitorName": values("CompetitorName"),
        "Project.OtherCompetitorNames": st.just("A hosting company"),
        "Project.SalesActivities": st.lists(values("SalesActivity"), max_size=3),
        "NationalSecurity": values("NationalSecurity"),
        "Customer.Account.Industry": values("Industry"),
        "Customer.Account.OtherIndustry": st.sampled_from(["", "Space launches"]),
        "Customer.Account.WebsiteUrl": st.none(),
        "LifeCycle.Stage": values("Stage"),
        "LifeCycle.ClosedLostReason": values("ClosedLostReason"),
        "LifeCycle.NextSteps": st.text(max_size=20),
        "LifeCycle.TargetCloseDate": st.sampled_from(["2026-03-01", "2026-03-02", "2031-02-31"]),
        "Marketing": st.sampled_from([{}, {"AwsFundingUsed": "No", "UseCases": []}, {"Source": "None"}]),
        "SoftwareRevenue": st.just({"Value": {"Amount": "1.", "CurrencyCode": "EUR"}}),
    },
)


def spend(amount: str, target: str, frequency: str) -> dict[str, str]:
    return {"Amount": amount, "CurrencyCode": "EUR", "TargetCompany": target, "Frequency": frequency}


def test_whatever_can_be_created_can_be_sent_back(writer: Any) -> None:
    answers: Counter[str] = Counter()

    @settings(max_examples=200)
    @given(changes=deals, is_tied=st.booleans())
    def round_trip(changes: dict[str, Any], is_tied: bool) -> None:
        opportunity_id = created(writer, deal(changes | {"ClientToken": f"token {answers.total()}"}))
        answers["refused" if opportunity_id is None else "accepted"] += 1
        if opportunity_id is None:
            return
        if is_tied:
            related = {"RelatedEntityType": "Solutions", "RelatedEntityIdentifier": "Other"}
            writer.associate_opportunity(**IN, OpportunityIdentifier=opportunity_id, **related)
        before = writer.get_opportunity(**IN, Identifier=opportunity_id)
        answer = writer.update_opportunity(**update_of(writer, opportunity_id))
        after = writer.get_opportunity(**IN, Identifier=opportunity_id)
        assert before["LastModifiedDate"] < answer["LastModifiedDate"] == after["LastModifiedDate"]
        assert unversioned(after) == unversioned(before)

    round_trip()
    assert min(answers["accepted"], answers["refused"]) > 20, "the deals are of one kind only"


def created(client: Any, request: dict[str, Any]) -> str | None:
    """The identifier of a new opportunity, None when a business rule refuses it."""
    try:
        return str(client.create_opportunity(**request)["Id"])
    except ClientError as error:
        response: Any = error.response
    assert (response["Error"]["Code"], response["Reason"]) == ("ValidationException", "BUSINESS_VALIDATION_FAILED")
    return None


def unversioned(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("LastModifiedDate", "ResponseMetadata")}


def test_the_demo_world_can_be_written_but_for_its_mistakes(store: Store) -> None:
    """By the rules that a record must keep whoever sends it back, on the day when its 18 months end."""
    today = (datetime(2025, 3, 1, tzinfo=UTC) + PAST).date().isoformat()
    mistakes: Counter[str] = Counter()
    editable = [record for record in store.records.values() if review_status(record) not in READ_ONLY]
    for record in editable:
        sent = {name: record.get(name) for name in UPDATE_MEMBERS} | {"Identifier": record["Id"]}
        if request_violations("UpdateOpportunity", sent):
            mistakes["no request"] += 1
        else:
            mistakes.update({found.field_name for found in broken_rules(record, Circumstances(today))} or {"none"})
    assert mistakes.keys() == {"none", "no request", *DEMO_MISTAKES}
    assert mistakes["none"] / len(editable) > 0.9


def test_the_demo_worlds_deals_can_be_sent_back(connect: Callable[[Sandbox], Any], clock: Any) -> None:
    """Over HTTP: those without a mistake are taken as they are shown; the others are refused for theirs alone.

    The first deal with a value that no request can carry is number 37.
    """
    answers: Counter[str] = Counter()
    with Sandbox(World(opportunities=36, seed=2), clock=clock) as sandbox:
        client = connect(sandbox)
        for opportunity_id in list(sandbox.store.records):
            before = client.get_opportunity(**IN, Identifier=opportunity_id)
            request = update_of(client, opportunity_id)
            if before["LifeCycle"]["ReviewStatus"] in READ_ONLY:
                assert ("lifeCycle.reviewStatus", "ACTION_NOT_PERMITTED") in violations_of(
                    client.update_opportunity, **request
                )
                answers["read only"] += 1
            elif broken_rules(sandbox.store.records[opportunity_id], Circumstances(f"{clock.now.date()}")):
                fields = {field for field, _ in violations_of(client.update_opportunity, **request)}
                assert fields <= DEMO_MISTAKES
                answers["mistaken"] += 1
            else:
                client.update_opportunity(**request)
                after = client.get_opportunity(**IN, Identifier=opportunity_id)
                assert unversioned(after) == unversioned(before)
                answers["taken"] += 1
    assert min(answers[kind] for kind in ("read only", "mistaken", "taken")) > 0
    assert answers["taken"] > answers["mistaken"]
