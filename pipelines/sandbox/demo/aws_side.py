"""AWS's side of a deal: what GetAwsOpportunitySummary says from the submission on."""

from typing import Any

from pipelines.sandbox.demo import words
from pipelines.sandbox.demo.deal import Deal, any_amount, plain
from pipelines.sandbox.demo.dice import Dice
from pipelines.sandbox.demo.people import person
from pipelines.sandbox.events import Changes
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

# AWS's own stages for the partner's stage, as likely as their weight.
AWS_STAGES: dict[str, dict[str, float]] = {
    "Prospect": {"Prospect": 6, "Identified": 2, "Research": 1},
    "Qualified": {"Qualified": 6, "Qualify": 2, "Engaged": 1, "Seller Engaged": 1},
    "Technical Validation": {"Technical Validation": 8, "Evaluating": 1, "On-hold": 1},
    "Business Validation": {"Business Validation": 8, "Contract Negotiation": 2},
    "Committed": {"Committed": 9, "Onboarding": 1},
    "Launched": {"Launched": 8, "Completed": 2},
    "Closed Lost": {"Closed Lost": 9, "Closed Incomplete": 1},
}
SCORES: dict[str, dict[str, float]] = {
    "Prospect": {"Low": 6, "Medium": 3, "High": 1},
    "Qualified": {"Low": 4, "Medium": 5, "High": 2},
    "Technical Validation": {"Low": 2, "Medium": 5, "High": 3},
    "Business Validation": {"Low": 1, "Medium": 4, "High": 5},
    "Committed": {"Medium": 2, "High": 8},
    "Launched": {"Medium": 3, "High": 7},
    "Closed Lost": {"Low": 8, "Medium": 2},
}


def aws_summary(deal: Deal, catalog: str, origin: str) -> Record:
    """The summary when AWS first hears of the deal."""
    dice = deal.dice
    team_titles = service_model().shape_for("AwsMemberBusinessTitle").enum
    summary: Record = {
        "Catalog": catalog,
        "RelatedOpportunityId": deal.opportunity_id,
        "Origin": origin,
        "InvolvementType": dice.weighted({"Co-Sell": 75, "For Visibility Only": 25}),
        "Visibility": dice.weighted({"Full": 95, "Limited": 5}),
        "LifeCycle": {"Stage": "Not Started", "TargetCloseDate": deal.close.isoformat()},
        "OpportunityTeam": [_aws_person(dice, team_titles) for _ in range(dice.whole(1, 3))],
        "Insights": {
            "NextBestActions": dice.pick(words.NEXT_BEST_ACTIONS),
            "EngagementScore": dice.weighted(SCORES[deal.stage]),
            "OpportunityQuality": None if dice.chance(0.3) else {"Score": dice.whole(20, 98), "Trend": "No Change"},
        },
        "RelatedEntityIds": {"AwsProducts": dice.some(words.AWS_PRODUCTS, 0, 3), "Solutions": []},
        "Customer": {"Contacts": []},
        "Project": {"ExpectedCustomerSpend": [entry for entry in deal.spends() if entry["TargetCompany"] == "AWS"]},
    }
    if deal.monthly and deal.currency in ("USD", "EUR") and dice.chance(0.5):
        insights = {source: _spend_insights(deal) for source in dice.some(("Partner", "AWS"), 1, 2)}
        summary["Insights"]["AwsProductsSpendInsightsBySource"] = insights
    if dice.chance(0.4):
        summary["CosellMotion"] = dice.pick(["AWS Field-engaged", "Agent-engaged", "Partner-led"])
    return summary


def stage_changes(deal: Deal) -> Changes:
    """What changes on AWS's side when the partner's stage does."""
    dice = deal.dice
    changes: dict[tuple[str, ...], Any] = {
        ("LifeCycle", "Stage"): dice.weighted(AWS_STAGES[deal.stage]),
        ("LifeCycle", "TargetCloseDate"): deal.close.isoformat(),
        ("Insights", "EngagementScore"): dice.weighted(SCORES[deal.stage]),
        ("Insights", "NextBestActions"): dice.pick(words.NEXT_BEST_ACTIONS),
    }
    if deal.stage == "Closed Lost":
        changes["LifeCycle", "ClosedLostReason"] = dice.pick(
            ["No Opportunity", "Price", "No Response", "Past Due", "Other"]
        )
    if dice.chance(0.05):
        changes["InvolvementType",] = "Co-Sell"
        changes["InvolvementTypeChangeReason",] = dice.pick(["Technical Complexity", "Customer Requested"])
    return changes


def _aws_person(dice: Dice, titles: list[str]) -> Record:
    contact = person(dice, "aws.example.com", titles)
    contact.pop("Phone", None)
    return contact


def _spend_insights(deal: Deal) -> Record:
    dice = deal.dice
    products = []
    for code in dice.some(words.AWS_PRODUCTS, 1, 3):
        amount = any_amount(dice, 800)
        products.append(
            {"ProductCode": code, "Categories": ["Migration"], "Amount": plain(amount), "Optimizations": []}
        )
    return {
        "CurrencyCode": "EUR" if deal.partition else deal.currency,
        "Frequency": "Monthly",
        "TotalAmount": plain(any_amount(dice, 2_500)),
        "TotalAmountByCategory": {"Migration": products[0]["Amount"]},
        "AwsProducts": products,
    }
