"""The terms of one deal as they stand while its life is told: money, duration, dates, attribution."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipelines.sandbox.demo import words
from pipelines.sandbox.demo.dice import Dice
from pipelines.sandbox.demo.people import Company, company
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

CENT = Decimal("0.01")
# Contract durations by their share of contracts.
MONTHS = {"12": 30, "24": 16, "36": 30, "60": 12, "1": 1, "6": 3, "18": 3, "30": 2, "48": 2, "144": 1}
DEAL_VALUE_SHARE = 0.33
CURRENCY_SHARES = {"USD": 80, "EUR": 20}


@dataclass(slots=True)
class Deal:
    """What changes over a deal's life. `monthly`: AWS spend a month; `own_value`: the contract's total value."""

    dice: Dice
    opportunity_id: str
    customer: Company
    industry: str
    currency: str
    own_currency: str
    partition: str | None
    monthly: Decimal | None
    second_monthly: Decimal | None
    close: date
    solution_ids: list[str]
    own_value: Decimal | None = None
    months: str | None = None
    blank_amount: bool = False
    trailing_point: bool = False
    stage: str = "Prospect"
    steps: list[Record] = field(default_factory=list)
    activities: list[str] = field(default_factory=list)

    @property
    def domain(self) -> str:
        """The customer's own, for e-mail addresses."""
        return f"{self.customer.slug}.example.com"

    def add_value(self) -> None:
        """The partner names the contract's total value and duration; AWS converts them to spend a month."""
        self.months = self.dice.weighted(MONTHS)
        self.own_value = whole_amount(self.dice, 90_000)

    def spends(self) -> list[Record]:
        """ExpectedCustomerSpend: AWS entries first, then the partner's own deal value."""
        monthly = self.monthly
        if self.own_value is not None and self.months is not None and self.months in MONTHS:
            monthly = (self.own_value / int(self.months)).quantize(CENT, ROUND_HALF_UP)
        entries = [
            self._spend(self._amount(amount), self.currency, "Monthly", "AWS")
            for amount in (monthly, self.second_monthly)
            if amount is not None
        ]
        if self.own_value is not None:
            entries.append(self._spend(plain(self.own_value), self.own_currency, "None", "Self"))
        return entries

    def duration(self) -> Record | None:
        """ExpectedContractDuration, or None."""
        return None if self.months is None else {"Term": "Months", "Value": self.months}

    def _amount(self, amount: Decimal) -> str:
        if self.blank_amount:
            return ""
        text = plain(amount)
        return f"{text}." if self.trailing_point and "." not in text else text

    @staticmethod
    def _spend(amount: str, currency: str, frequency: str, target: str) -> Record:
        return {"Amount": amount, "CurrencyCode": currency, "Frequency": frequency, "TargetCompany": target}


def draw_deal(dice: Dice, opportunity_id: str, created: date, solution_ids: list[str]) -> Deal:
    """The terms on the day of creation."""
    customer = company(dice)
    currency = dice.weighted(CURRENCY_SHARES)
    partition = "aws-eusc" if currency == "EUR" and dice.chance(0.12) else None
    if partition is not None and dice.chance(0.05):
        currency = "USD"  # a mistake that partners make
    deal = Deal(
        dice=dice,
        opportunity_id=opportunity_id,
        customer=customer,
        industry=dice.pick(service_model().shape_for("Industry").enum),
        currency=currency,
        own_currency=currency if not dice.chance(0.02) else {"USD": "EUR", "EUR": "USD"}[currency],
        partition=partition,
        monthly=None if dice.chance(0.1) else any_amount(dice, 3_500),
        second_monthly=any_amount(dice, 900) if dice.chance(0.04) else None,
        close=created + timedelta(days=dice.whole(45, 240)),
        solution_ids=solution_ids,
        stage=dice.weighted({"Prospect": 42, "Qualified": 50, "Technical Validation": 8}),
        blank_amount=dice.chance(0.01),
        trailing_point=dice.chance(0.03),
    )
    if dice.chance(DEAL_VALUE_SHARE - 0.03):
        deal.add_value()
    return deal


def whole_amount(dice: Dice, median: float) -> Decimal:
    """An amount without cents, most of them round."""
    step = dice.weighted({1: 20, 100: 45, 1000: 35})
    return Decimal(max(1, round(dice.around(median, 1.1) / step)) * step)


def any_amount(dice: Dice, median: float) -> Decimal:
    """An amount; one in five has cents."""
    if dice.chance(0.2):
        return Decimal(max(1, int(dice.around(median, 1.1) * 100))).scaleb(-2)
    return Decimal(0) if dice.chance(0.01) else Decimal(max(1, int(dice.around(median, 1.1))))


def plain(amount: Decimal) -> str:
    """The shortest form, as GetOpportunity prints it: 531, 531.5, 531.25."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def software_revenue(deal: Deal) -> Record:
    """The software contract, apart from AWS spend; most have dates, in line with the duration if there is one."""
    dice = deal.dice
    revenue: dict[str, Any] = {"DeliveryModel": dice.pick(["Contract", "Pay-as-you-go", "Subscription"])}
    if dice.chance(0.93):
        revenue["Value"] = {"Amount": plain(any_amount(dice, 48_000)), "CurrencyCode": deal.currency}
    if dice.chance(0.7):
        months = int(deal.months) if deal.months in MONTHS else dice.pick([12, 12, 24, 36])
        if dice.chance(0.08):
            months += 6
        start = deal.close.replace(day=1) + timedelta(days=32)
        start = start.replace(day=dice.pick([1, 1, 1, 15]))
        revenue["EffectiveDate"] = start.isoformat()
        revenue["ExpirationDate"] = (_months_later(start, months) - timedelta(days=1)).isoformat()
    return revenue


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def marketing(dice: Dice) -> Record:
    """How the deal was sourced."""
    if dice.chance(0.4):
        return {"Source": "None"}
    funded = dice.chance(0.35)
    found: Record = {
        "CampaignName": dice.pick(words.CAMPAIGNS),
        "Source": "Marketing Activity",
        "Channels": dice.some(service_model().shape_for("Channel").enum, 1, 3),
        "AwsFundingUsed": "Yes" if funded else "No",
    }
    if funded:
        found["UseCases"] = dice.some(words.MARKETING_USE_CASES, 1, 3)
    return found


def related_entities(dice: Dice, solution_ids: list[str]) -> Record:
    """Solutions, products and marketplace offers of the deal."""
    related: Record = {
        "AwsMarketplaceOffers": [],
        "Solutions": dice.some(solution_ids, 0 if dice.chance(0.15) else 1, 2),
        "AwsProducts": dice.some(words.AWS_PRODUCTS, 1, 5),
    }
    if dice.chance(0.1):
        offer = f"offer-{dice.whole(10**12, 10**13 - 1)}"
        related["AwsMarketplaceOffers"] = [
            f"arn:aws:aws-marketplace:us-east-1:999999999999:AWSMarketplace/Offer/{offer}"
        ]
    return related
