"""The record of an opportunity on the day of its creation."""

from pipelines.sandbox.call import resource_arn
from pipelines.sandbox.demo import words
from pipelines.sandbox.demo.deal import Deal, marketing, related_entities, software_revenue
from pipelines.sandbox.demo.dice import Dice
from pipelines.sandbox.demo.people import account, person
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

# Members that AWS sometimes leaves out and sometimes sends as null when there is nothing in them.
# fmt: off
MAY_BE_NULL = {
    (): ["NationalSecurity", "PartnerOpportunityIdentifier", "Marketing", "SoftwareRevenue"],
    ("Project",): [
        "CompetitorName", "OtherCompetitorNames", "RelatedOpportunityIdentifier", "AdditionalComments",
        "OtherSolutionDescription", "AwsPartition", "ExpectedContractDuration", "ExpectedCustomerSpend",
    ],
    ("LifeCycle",): ["ClosedLostReason", "ReviewComments", "ReviewStatusReason", "NextSteps"],
}
# fmt: on


def first_record(deal: Deal, catalog: str, created_at: str) -> Record:
    """The first version, in the state of the deal."""
    dice = deal.dice
    record: Record = {
        "Catalog": catalog,
        "PrimaryNeedsFromAws": dice.some(service_model().shape_for("PrimaryNeedFromAws").enum, 0, 3),
        "Customer": {
            "Account": account(dice, deal.customer, deal.industry),
            "Contacts": [person(dice, deal.domain, words.JOB_TITLES) for _ in range(dice.whole(0, 3))],
        },
        "Project": _project(deal),
        "OpportunityType": dice.weighted({"Net New Business": 70, "Expansion": 22, "Flat Renewal": 8}),
        "Id": deal.opportunity_id,
        "Arn": resource_arn(catalog, f"opportunity/{deal.opportunity_id}"),
        "LastModifiedDate": created_at,
        "CreatedDate": created_at,
        "RelatedEntityIdentifiers": related_entities(dice, deal.solution_ids),
        "LifeCycle": {
            "Stage": deal.stage,
            "TargetCloseDate": deal.close.isoformat(),
            "ReviewStatus": "Pending Submission",
            "NextStepsHistory": [],
        },
        "OpportunityTeam": [person(dice, "partner.example.com", words.TEAM_TITLES) for _ in range(dice.whole(1, 3))],
    }
    if dice.chance(0.75):
        record["PartnerOpportunityIdentifier"] = f"CRM-{dice.whole(100_000, 999_999)}"
    if dice.chance(0.7):
        record["Marketing"] = marketing(dice)
    if dice.chance(0.35):
        record["SoftwareRevenue"] = software_revenue(deal)
    _set_national_security(dice, record)
    _add_nulls(dice, record)
    return record


def _project(deal: Deal) -> Record:
    dice = deal.dice
    goal = dice.pick(words.GOALS)
    title = f"{deal.customer.name}: {goal}"
    if dice.chance(0.4):
        title += f" {dice.pick(words.FLOURISHES)}"
    project: Record = {
        "Title": title,
        "DeliveryModels": dice.some(service_model().shape_for("DeliveryModel").enum, 1, 3),
        "CustomerBusinessProblem": " ".join(
            sentence.format(goal=goal.lower()) for sentence in dice.some(words.PROBLEMS, 5, 11)
        ),
        "CustomerUseCase": dice.pick(words.USE_CASES),
        "SalesActivities": list(deal.activities),
        "ApnPrograms": dice.some(words.APN_PROGRAMS, 0, 2),
    }
    if spends := deal.spends():
        project["ExpectedCustomerSpend"] = spends
    if deal.months is not None:
        project["ExpectedContractDuration"] = deal.duration()
    if deal.partition is not None:
        project["AwsPartition"] = deal.partition
    if dice.chance(0.6):
        project["CompetitorName"] = dice.pick(service_model().shape_for("CompetitorName").enum)
        if project["CompetitorName"] == "*Other":
            project["OtherCompetitorNames"] = "A regional hosting company"
    if dice.chance(0.3):
        project["AdditionalComments"] = dice.pick(words.NEXT_STEPS)
    if dice.chance(0.05):
        project["OtherSolutionDescription"] = "A bespoke integration, not in our catalogue"
    return project


def _set_national_security(dice: Dice, record: Record) -> None:
    """Only government deals may be a matter of national security; now and then another one is marked so."""
    is_government = record["Customer"]["Account"]["Industry"] == "Government"
    if dice.chance(0.2 if is_government else 0.003):
        record["NationalSecurity"] = "Yes"
        record["Customer"]["Account"].pop("WebsiteUrl")
    elif dice.chance(0.6):
        record["NationalSecurity"] = "No"


def _add_nulls(dice: Dice, record: Record) -> None:
    for path, names in MAY_BE_NULL.items():
        parent = record[path[0]] if path else record
        for name in names:
            if name not in parent and dice.chance(0.3):
                parent[name] = None
