"""Values that break the rules of AWS's model, as records have them now and then: about 1 % of the deals."""

from pipelines.sandbox.demo.deal import Deal
from pipelines.sandbox.wire import Record

FOREIGN_STAGE = "Negotiation"
FOREIGN_STAGE_EVERY = 500
OTHER_FLAW_EVERY = 130
KINDS = ("0", "date", "145", "industry", "twelve", "currency")


def has_foreign_stage(number: int) -> bool:
    """Whether the deal of this number stands in a stage outside the enum: 0.2 % of them."""
    return number % FOREIGN_STAGE_EVERY == 37


def add_flaw(number: int, deal: Deal, record: Record) -> None:
    """Spoil one value of a new deal, for one in 130; each kind in its turn."""
    turn, place = divmod(number, OTHER_FLAW_EVERY)
    if place != 61:
        return
    match KINDS[turn % len(KINDS)]:
        case "date":
            record["LifeCycle"]["TargetCloseDate"] = f"{deal.close.year}-02-31"
        case "industry":
            record["Customer"]["Account"]["Industry"] = "Space Tourism"
        case "currency":
            deal.currency = deal.own_currency = "XBT"
            record["Project"]["ExpectedCustomerSpend"] = deal.spends()
        case months:
            deal.add_value()
            deal.months = months
            record["Project"]["ExpectedCustomerSpend"] = deal.spends()
            record["Project"]["ExpectedContractDuration"] = deal.duration()
