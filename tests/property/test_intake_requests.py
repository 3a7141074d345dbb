"""What intake decides, held against the sandbox: it takes every update and creation that is planned, no more is changed
than was planned, and nothing is planned twice."""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import orjson
from hostile_json import altered, as_json
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.intake.deals import MEMBERS, Deal, Planned
from pipelines.intake.requests import create_request, monthly_amount, update_request
from pipelines.intake.rules import decide
from pipelines.sandbox.instants import to_nanoseconds
from pipelines.sandbox.operations import serve
from pipelines.sandbox.store import Store
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.world import PAST, SOLUTION_IDS, World

Record = dict[str, Any]
STARTED = datetime(2025, 3, 1, tzinfo=UTC)
NOW = STARTED + PAST
TODAY = NOW.date()
PATHS = {
    **{column: (path,) for column, path in MEMBERS.items()},
    "partner_opportunity_id": (("PartnerOpportunityIdentifier",),),
    "contract_months": (("Project", "ExpectedContractDuration"),),
    **dict.fromkeys(("tcv", "aws_mrr", "currency"), (("Project", "ExpectedCustomerSpend"),)),
    "solution_ids": (),  # these are associated
}
"""The members that a change of a column may change."""
BY_AWS = {("LastModifiedDate",), ("LifeCycle", "ReviewStatus")}

ROW = {
    "title": "Move the shop",
    "customer_name": "Belavamond Foods Ltd",
    "country_code": "US",
    "postal_code": "43004",
    "state": "Ohio",
    "website": "https://www.example.com",
    "industry": "Retail",
    "stage": "Qualified",
    "target_close_date": str(TODAY),
    "use_case": "Storage & Backup",
    "business_problem": "The present platform leaves support within the year.",
    "delivery_models": ("SaaS or PaaS",),
}


@cache
def world() -> Store:
    """The demo world at the end of its 18 months; to be looked at only."""
    return World(opportunities=300, seed=7, started_at=STARTED).store(NOW)


def store_of(*records: Record) -> Store:
    """A catalog with these opportunities alone, and the partner's solutions."""
    store = Store("Sandbox", solutions=world().solutions)
    for record in records:
        store.put(record, NOW)
    return store


def send(store: Store, operation: str, **request: Any) -> Record:
    """Serve a request as it comes over the wire. Raises ApiError when it is refused."""
    body = orjson.loads(orjson.dumps({"Catalog": "Sandbox", **request}))
    answer: Record = orjson.loads(serve(operation, body, {"Sandbox": store}, to_nanoseconds(NOW), "key"))
    return answer


def get(store: Store, opportunity_id: str) -> Record:
    return send(store, "GetOpportunity", Identifier=opportunity_id)


def associate(store: Store, opportunity_id: str, solutions: Any) -> None:
    for solution in solutions:
        if solution not in get(store, opportunity_id)["RelatedEntityIdentifiers"].get("Solutions", []):
            related = {"RelatedEntityType": "Solutions", "RelatedEntityIdentifier": solution}
            send(store, "AssociateOpportunity", OpportunityIdentifier=opportunity_id, **related)


def decided(deal: Deal, record: Record | None, convert: bool) -> Planned:
    plans = [decide(deal, deepcopy(record), convert=convert, today=TODAY, solutions=SOLUTION_IDS) for _ in range(2)]
    assert plans[0] == plans[1]
    return plans[0]


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every member below the top, lists whole."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    else:
        yield path, value


def changed_members(before: Record, after: Record) -> list[tuple[str, ...]]:
    one, other = dict(leaves(before)), dict(leaves(after))
    return [path for path in {**one, **other} if one.get(path) != other.get(path)]


def any_starts(path: tuple[str, ...], starts: set[tuple[str, ...]]) -> bool:
    return any(path[: len(start)] == start for start in starts)


def of_aws(record: Record) -> list[Record]:
    spends = record["Project"].get("ExpectedCustomerSpend") or []
    return [entry for entry in spends if entry["TargetCompany"] == "AWS"]


def enum(shape: str) -> Any:
    return st.sampled_from(service_model().shape_for(shape).enum)


def amount(cents: int, places: int) -> Decimal:
    return Decimal(f"{cents // 10**places}.{cents % 10**places:0{places}}" if places else cents)


amounts = st.builds(amount, st.integers(0, 10**9) | st.integers(0, 10**31 - 1), st.integers(0, 2))
close_dates = st.sampled_from([1, 1, 1, 0, -1]).map(lambda days: str(TODAY + timedelta(days)))
value_columns = {"tcv": amounts, "currency": st.sampled_from(["USD", "EUR"]), "contract_months": st.integers(1, 144)}
other_columns = {
    "title": st.text(min_size=1, max_size=300),
    "customer_name": st.text(min_size=1, max_size=130),
    "country_code": st.sampled_from(["US", "FR"]),
    "postal_code": st.text("0123456789", min_size=1, max_size=25),
    "state": st.just("Ohio"),
    "website": st.sampled_from(["https://www.example.com", "x"]),
    "industry": enum("Industry"),
    "stage": enum("Stage"),
    "target_close_date": close_dates,
    "use_case": st.text(min_size=1, max_size=20),
    "business_problem": st.sampled_from(["The present platform leaves support within the year.", "Slow"]),
    "delivery_models": st.lists(enum("DeliveryModel"), min_size=1, max_size=4).map(tuple),
}
solution_ids = st.lists(st.sampled_from([*SOLUTION_IDS, "S-404"]), min_size=1, max_size=12).map(tuple)


def some_of(columns: dict[str, Any], most: int) -> Any:
    """At most so many of the columns: with many of them nothing gets through."""
    names = st.lists(st.sampled_from(sorted(columns)), max_size=most, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: columns[name] for name in chosen}))


changes_of_a_row = st.builds(
    lambda value, others, close, solutions: {**others, **close, **solutions, **value},
    st.fixed_dictionaries(value_columns),
    some_of(other_columns, most=2),
    st.fixed_dictionaries({}, optional={"target_close_date": close_dates}),
    st.fixed_dictionaries({}, optional={"solution_ids": solution_ids}),
)
complete_rows = st.fixed_dictionaries(
    {**value_columns, **{name: st.just(value) for name, value in ROW.items()}}, optional={"solution_ids": solution_ids}
)
findings = st.fixed_dictionaries({"contract_months": st.integers(1, 144)}, optional={"aws_mrr": amounts})
records = st.builds(lambda: list(world().records.values())).flatmap(st.sampled_from)


def test_a_planned_update_is_taken_changes_what_was_planned_and_is_planned_once() -> None:
    actions: Counter[str] = Counter()

    @settings(max_examples=600)
    @given(record=records, wanted=changes_of_a_row | findings, convert=st.booleans())
    def update(record: Record, wanted: dict[str, Any], convert: bool) -> None:
        store, opportunity_id = store_of(record), record["Id"]
        deal = Deal(2, opportunity_id, record.get("PartnerOpportunityIdentifier"), wanted)
        planned = decided(deal, get(store, opportunity_id), convert)
        actions[f"{planned.action}, {convert=}"] += 1
        assert bool(planned.reasons) == (planned.action == "refused")
        if planned.action != "update":
            return
        after = {change.column: change.after for change in planned.changes}
        associate(store, opportunity_id, after.get("solution_ids", ()))
        before = get(store, opportunity_id)
        send(store, "UpdateOpportunity", **update_request(before, after))
        written = get(store, opportunity_id)
        touched = {path for column in after for path in PATHS[column]} | BY_AWS
        assert [path for path in changed_members(before, written) if not any_starts(path, touched)] == []
        if "aws_mrr" not in after:
            spends = written["Project"].get("ExpectedCustomerSpend", [])
            assert all(entry in spends for entry in of_aws(before)), "an AWS entry stays as it is"
        assert decided(deal, written, convert).action == "unchanged"

    update()
    assert len(actions) >= 4, actions
    assert min(actions[f"{action}, {convert=}"] for action in ("update", "refused") for convert in (True, False)) > 10


def test_a_planned_creation_is_taken_and_planned_once() -> None:
    actions: Counter[str] = Counter()

    @settings(max_examples=300)
    @given(complete=complete_rows, others=some_of(other_columns, most=2), convert=st.booleans(), data=st.data())
    def create(complete: Record, others: Record, convert: bool, data: Any) -> None:
        absent = data.draw(st.sets(st.sampled_from(sorted(other_columns)), max_size=1), label="absent")
        wanted = {column: value for column, value in {**complete, **others}.items() if column not in absent}
        planned = decided(Deal(2, None, "CRM-1", wanted), None, convert)
        actions[planned.action] += 1
        if planned.action != "create":
            return
        store = store_of()
        values = {change.column: change.after for change in planned.changes}
        made = send(store, "CreateOpportunity", **create_request(values, "one"))
        assert send(store, "CreateOpportunity", **create_request(values, "one")) == made, "the same request again"
        associate(store, made["Id"], values.get("solution_ids", ()))
        again = decided(Deal(2, made["Id"], "CRM-1", wanted), get(store, made["Id"]), convert)
        assert (again.action, again.reasons) == ("unchanged", ())

    create()
    assert min(actions["create"], actions["refused"]) > 30, "the deals are of one kind only"


@settings(max_examples=300)
@given(record=records.flatmap(altered), wanted=changes_of_a_row | findings, convert=st.booleans())
def test_whatever_a_record_holds_something_is_decided(record: Record, wanted: Record, convert: bool) -> None:
    found = orjson.loads(as_json(record))
    planned = decided(Deal(2, "O1", None, wanted), found, convert)
    assert bool(planned.reasons) == (planned.action == "refused")
    assert bool(planned.changes) == (planned.action == "update")


@given(tcv=amounts, months=st.integers(1, 144))
def test_the_conversion_agrees_with_fractions(tcv: Decimal, months: int) -> None:
    """Half up: the whole number of cents at or below half a cent more than the exact quotient."""
    cents = (Fraction(tcv) / months * 100 + Fraction(1, 2)).__floor__()
    assert Fraction(monthly_amount(tcv, months)) == Fraction(cents, 100)
    assert monthly_amount(tcv, months).as_tuple().exponent == -2
