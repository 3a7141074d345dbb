"""Which snapshots are looked for and fetched, and what that costs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from partner_world import PARTNER_VIEW, Loader, PartnerWorld, at, engagement_id

from pipelines.partner_central.snapshots import SNAPSHOT_LAG
from pipelines.sandbox.wire import Fault

AWS_VIEW = "AwsOpportunitySummaryFullView"


def snapshots(loader: Loader) -> list[tuple[Any, ...]]:
    return loader.rows("resource_snapshots", "engagement_id, resource_id, template, revision")


def checked(loader: Loader) -> list[tuple[Any, ...]]:
    return loader.rows("engagement_associations", "resource_id, checked_last_modified_date")


def not_found(operation: str, matches: Callable[[dict[str, Any]], bool]) -> Callable[..., Fault | None]:
    """A fault for the requests of one operation that match."""
    return lambda name, request: Fault("ResourceNotFoundException") if name == operation and matches(request) else None


def test_first_load_fetches_every_revision_of_every_template(world: PartnerWorld, loader: Loader) -> None:
    world.deals(130)
    for number in range(1, 121):
        world.engage(number)
    world.engage(1, snapshots=2)
    world.engage(1, template=AWS_VIEW)
    extraction = loader.run()
    assert extraction.is_complete
    assert extraction.snapshots_fetched == len(snapshots(loader)) == 123
    assert snapshots(loader)[:4] == [
        (engagement_id(1), "O1", AWS_VIEW, 1),
        (engagement_id(1), "O1", PARTNER_VIEW, 1),
        (engagement_id(1), "O1", PARTNER_VIEW, 2),
        (engagement_id(1), "O1", PARTNER_VIEW, 3),
    ]
    assert world.calls["ListResourceSnapshots"] == 120
    assert world.calls["GetResourceSnapshot"] == 123
    (created_at, payload), *_ = loader.rows("resource_snapshots", "created_at, payload")
    assert created_at == at(1)
    assert orjson.loads(payload)["Payload"]["OpportunitySummary"] == {"Lifecycle": {"Stage": "Qualified"}}
    assert checked(loader) == sorted((f"O{number}", at(number)) for number in range(1, 121))


def test_a_quiet_night_asks_for_no_snapshots(world: PartnerWorld, loader: Loader) -> None:
    world.deals(5)
    for number in range(1, 6):
        world.engage(number)
    loader.run()
    world.calls.clear()
    loader.run()
    assert world.calls == {"ListOpportunities": 1, "ListEngagementResourceAssociations": 1, "ListSolutions": 1}


def test_only_changed_opportunities_are_asked_and_only_new_revisions_fetched(
    world: PartnerWorld, loader: Loader
) -> None:
    world.deals(5)
    for number in range(1, 6):
        world.engage(number, snapshots=2)
    loader.run()
    world.calls.clear()
    world.edit(3, 1000)
    world.engage(3, snapshots=2)
    world.engage(4)  # a snapshot without a change of the opportunity is not looked for
    extraction = loader.run()
    assert world.calls["ListResourceSnapshots"] == 1
    assert world.calls["GetResourceSnapshot"] == extraction.snapshots_fetched == 2
    assert [revision for *_, resource, _, revision in snapshots(loader) if resource == "O3"] == [1, 2, 3, 4]
    assert ("O3", at(1000)) in checked(loader)


def test_full_looks_at_every_engagement_and_fetches_no_revision_twice(world: PartnerWorld, loader: Loader) -> None:
    world.deals(3)
    for number in (1, 2, 3):
        world.engage(number)
    loader.run()
    world.calls.clear()
    world.engage(2)
    loader.run(full=True)
    assert world.calls["ListResourceSnapshots"] == 3
    assert world.calls["GetResourceSnapshot"] == 1


def test_a_snapshot_may_come_some_time_after_the_change(world: PartnerWorld, loader: Loader) -> None:
    """A look that is too early does not settle the matter: the next night looks again."""

    def night(instant: datetime) -> None:
        world.calls.clear()
        loader.run(clock=lambda: instant)

    world.deal(1, 60)
    world.engage(1)
    night(at(61))
    assert checked(loader) == [("O1", None)]
    world.engage(1)
    night(at(60) + SNAPSHOT_LAG)
    assert world.calls["GetResourceSnapshot"] == 1
    assert checked(loader) == [("O1", at(60))]
    night(at(60) + SNAPSHOT_LAG + timedelta(days=1))
    assert world.calls["ListResourceSnapshots"] == 0


def test_an_engagement_out_of_sight_stays_due(world: PartnerWorld, loader: Loader) -> None:
    world.deals(2)
    world.engage(1)
    world.engage(2)
    world.sandbox.fault = not_found(
        "ListResourceSnapshots", lambda request: request["EngagementIdentifier"] == engagement_id(1)
    )
    assert loader.run().is_complete
    assert checked(loader) == [("O2", at(2))]
    world.sandbox.fault = None
    loader.run()
    assert [resource for _, resource, *_ in snapshots(loader)] == ["O1", "O2"]


def test_a_revision_out_of_sight_stays_due(world: PartnerWorld, loader: Loader) -> None:
    world.deals(1)
    world.engage(1, snapshots=3)
    world.sandbox.fault = not_found("GetResourceSnapshot", lambda request: request["Revision"] == 3)
    loader.run()
    assert [revision for *_, revision in snapshots(loader)] == [1, 2]
    world.sandbox.fault = None
    world.calls.clear()
    loader.run()
    assert [revision for *_, revision in snapshots(loader)] == [1, 2, 3]
    assert world.calls["GetResourceSnapshot"] == 1


def test_associations_with_malformed_identifiers_land_unasked(world: PartnerWorld, loader: Loader) -> None:
    rows = [
        {"EngagementId": "eng-X", "ResourceId": "O1"},
        {"EngagementId": engagement_id(1), "ResourceId": "1"},
        {"ResourceId": "O2"},
    ]
    body = orjson.dumps({"EngagementResourceAssociationSummaries": rows})
    world.sandbox.fault = lambda name, _: (
        Fault(status=200, body=body) if name == "ListEngagementResourceAssociations" else None
    )
    loader.run()
    assert loader.rows("engagement_associations", "engagement_id, resource_id") == [
        ("", "O2"),
        (engagement_id(1), "1"),
        ("eng-X", "O1"),
    ]
    assert world.calls["ListResourceSnapshots"] == 0


def test_associations_wait_for_the_opportunities(world: PartnerWorld, loader: Loader) -> None:
    """What is fetched in a run decides what is due in it."""
    world.deals(250)
    for number in range(1, 251):
        world.engage(number)
    order: list[str] = []
    world.sandbox.before_response.append(lambda operation, _: order.append(operation))
    loader.run()
    last_get = max(position for position, name in enumerate(order) if name == "GetOpportunity")
    assert order.index("ListEngagementResourceAssociations") > last_get
    assert world.calls["ListResourceSnapshots"] == 250
    world.calls.clear()
    loader.run()
    assert world.calls["ListResourceSnapshots"] == 0


def test_only_new_and_changed_solutions_land(world: PartnerWorld, loader: Loader) -> None:
    solution = {"Id": "S-1", "Name": "Lakehouse", "Status": "Active", "Category": "Software"}
    world.store.solutions.extend([solution, {**solution, "Id": "S-2"}])
    loader.run()
    first = loader.rows("solutions", "solution_id, fetched_at")
    assert [row[0] for row in first] == ["S-1", "S-2"]
    world.store.solutions[1] = {**solution, "Id": "S-2", "Status": "Inactive"}
    loader.run()
    second = loader.rows("solutions", "solution_id, fetched_at")
    assert second[0] == first[0]
    assert second[1][1] > first[1][1]
    payloads = [orjson.loads(payload)["Status"] for (payload,) in loader.rows("solutions", "payload")]
    assert sorted(payloads) == ["Active", "Inactive"]
