"""Invented companies, places and people."""

from dataclasses import dataclass
from typing import Any

from pipelines.sandbox.demo import words
from pipelines.sandbox.demo.dice import Dice
from pipelines.sandbox.wire import Record


@dataclass(frozen=True, slots=True)
class Company:
    """A customer. `slug` is its name in the domain of its e-mail and web addresses."""

    name: str
    slug: str
    place: tuple[str, str, str | None, str]

    @property
    def country(self) -> str:
        """ISO 3166 code."""
        return self.place[0]


def company(dice: Dice) -> Company:
    """A company; about one in eight has a name beyond ASCII."""
    stem = dice.pick(words.STEM_STARTS) + dice.pick(words.STEM_MIDDLES) + dice.pick(words.STEM_ENDS)
    name = f"{stem} {dice.pick(words.TRADES)} {dice.pick(words.LEGAL_FORMS)}"
    if dice.chance(0.12):
        name = dice.pick(words.FOREIGN_NAMES)
    return Company(name, stem.lower(), dice.weighted(words.PLACES))


def person(dice: Dice, domain: str, titles: list[str]) -> Record:
    """A contact with an address in a domain that belongs to nobody."""
    given, family = dice.pick(words.GIVEN_NAMES), dice.pick(words.FAMILY_NAMES)
    contact = {"Email": f"{given}.{family}@{domain}".lower(), "FirstName": given, "LastName": family}
    if dice.chance(0.1):
        contact["FirstName"], contact["LastName"] = dice.pick(words.FOREIGN_PEOPLE)
    contact["BusinessTitle"] = dice.pick(titles)
    if dice.chance(0.5):
        contact["Phone"] = f"+{dice.whole(1, 98)}{dice.whole(10_000_000, 99_999_999)}"
    return contact


def account(dice: Dice, customer: Company, industry: str) -> Record:
    """The customer's account, with the optional members that partners fill in now and then."""
    country, city, region, postal_code = customer.place
    address: dict[str, Any] = {"City": city, "PostalCode": postal_code, "CountryCode": country}
    if region is not None or dice.chance(0.4):
        address["StateOrRegion"] = region
    if dice.chance(0.7):
        address["StreetAddress"] = (
            f"{dice.whole(1, 240)} {dice.pick(words.STEM_STARTS)}{dice.pick(words.STEM_ENDS)} Street"
        )
    found: Record = {
        "Industry": industry,
        "CompanyName": customer.name,
        "WebsiteUrl": f"https://www.{customer.slug}.example.com",
        "Address": address,
    }
    if industry == "Other":
        found["OtherIndustry"] = dice.pick(["Space launch services", "Vertical farming", "Cultural heritage 🏛️"])
    if dice.chance(0.35):
        found["AwsAccountId"] = f"{dice.whole(100_000_000_000, 999_999_999_999)}"
    if dice.chance(0.25):
        found["Duns"] = f"{dice.whole(0, 999_999_999):09d}"
    return found
