"""Writes have a pace and a daily budget of their own, which hold over all commands."""

import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from deal_world import NOW, DealWorld, calls_of, plan_file, update

from pipelines.database import open_database
from pipelines.errors import LockedError
from pipelines.intake.applying import Outcome
from pipelines.intake.performance import connected, perform_plan
from pipelines.partner_central.aws_errors import ConflictError, QuotaSpentError
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.runs import calls_spent, record_calls
from pipelines.sandbox.wire import Fault
from pipelines.settings import Settings


def apply(settings: Settings, plan: Path, now: datetime = NOW, **changes: object) -> Outcome:
    return perform_plan(settings.model_copy(update=changes), plan, force=False, now=lambda: now)


def test_writes_keep_their_pace_and_reads_need_not(world: DealWorld, settings: Settings) -> None:
    """Measured at the sandbox: 41 writes at 20 a second from four threads, and 41 reads between them at no pace."""
    world.deal(1)
    arrivals: list[float] = []

    def refuse(operation: str, _: dict[str, object]) -> Fault | None:
        if operation == "GetOpportunity":
            return None
        arrivals.append(time.monotonic())
        return Fault("ConflictException")

    world.sandbox.fault = refuse
    client = PartnerCentral("Sandbox", quota=Quota(0, writes_per_second=20))

    def write(_: int) -> None:
        client.call("GetOpportunity", Identifier="O1")
        with pytest.raises(ConflictError):
            client.call("UpdateOpportunity", **REQUESTS["UpdateOpportunity"])

    client.map(write, range(41))
    assert client.calls == {"GetOpportunity": 41, "UpdateOpportunity": 41}
    assert 15 < 40 / (arrivals[-1] - arrivals[0]) <= 20.2


def test_the_pace_of_an_apply_can_be_set(world: DealWorld, settings: Settings) -> None:
    """Of throttled attempts too."""
    path = plan_file(settings, *(update(row, world.deal(row)) for row in (2, 3)))
    arrivals: list[float] = []
    world.before("UpdateOpportunity", *[lambda: arrivals.append(time.monotonic())] * 3)
    world.faults("UpdateOpportunity", Fault("ThrottlingException"))
    assert apply(settings, path, writes_per_second=2).counts == {"done": 2}
    assert [later - earlier > 0.49 for earlier, later in pairwise(arrivals)] == [True, True]


def test_the_days_writes_hold_over_two_applies(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, *(update(row, world.deal(row)) for row in range(2, 9)))
    says = "the day's AWS writes are spent .4 of them now.: what is written stays, run again when the 24 hours"
    with pytest.raises(QuotaSpentError, match=says):
        apply(settings, path, writes_per_day=4)
    hour_later = NOW + timedelta(hours=1)
    with pytest.raises(QuotaSpentError, match=r"writes are spent .1 of them now"):
        apply(settings, path, hour_later, writes_per_day=5)
    assert world.taken.total() == calls_of(settings)["UpdateOpportunity"] == 5
    next_day = NOW + timedelta(hours=30)  # the plan has been begun in time
    assert apply(settings, path, next_day, writes_per_day=5).counts == {"done": 7}
    assert world.taken == {("UpdateOpportunity", f"O{number}"): 1 for number in range(2, 9)}


def test_reads_and_writes_are_counted_apart(world: DealWorld, settings: Settings) -> None:
    """All the day's reads but two are spent, and all its writes but one: the third read is one too many."""
    path = plan_file(settings, *(update(row, world.deal(row)) for row in (2, 3)))
    with open_database(settings.landing_path) as landing:
        record_calls(landing, "earlier", NOW, {"GetOpportunity": 50, "ListOpportunities": 8, "UpdateOpportunity": 9})
        assert (calls_spent(landing, NOW), calls_spent(landing, NOW, writes=True)) == (58, 9)
    with pytest.raises(QuotaSpentError, match="writes are spent"):
        apply(settings, path, reads_per_day=60, writes_per_day=10)
    assert world.sandbox.calls == {"GetOpportunity": 2, "UpdateOpportunity": 1}
    with pytest.raises(QuotaSpentError, match="the day's AWS reads are spent"):
        apply(settings, path, reads_per_day=60, writes_per_day=100)
    with connected(settings.model_copy(update={"reads_per_day": 60, "writes_per_day": 12}), lambda: NOW) as connection:
        assert (connection.client.remaining(), connection.client.remaining(writes=True)) == (0, 2)


@pytest.mark.parametrize("operation", ["CreateOpportunity", "UpdateOpportunity", "AssociateOpportunity"])
def test_every_attempt_of_a_write_counts(world: DealWorld, operation: str) -> None:
    """An operation that changes something is a write whatever becomes of it."""
    client = PartnerCentral("Sandbox", quota=Quota(0, 0, writes_per_second=0, writes_per_day=1))
    world.sandbox.fault = lambda *_: Fault("ThrottlingException")
    with pytest.raises(QuotaSpentError, match=r"the day's AWS writes are spent .1 of them now"):
        client.call(operation, **REQUESTS[operation])
    assert world.sandbox.calls == client.calls == {operation: 1}


REQUESTS = {
    "CreateOpportunity": {"ClientToken": "one"},
    "UpdateOpportunity": {"Identifier": "O1", "LastModifiedDate": "2026-11-01T12:00:00Z"},
    "AssociateOpportunity": {
        "OpportunityIdentifier": "O1",
        "RelatedEntityType": "Solutions",
        "RelatedEntityIdentifier": "S-0000001",
    },
}


def test_a_command_at_work_keeps_others_out(settings: Settings) -> None:
    plan_file(settings)
    second = connected(settings, lambda: NOW)
    with connected(settings, lambda: NOW), pytest.raises(LockedError, match="another run is at work"), second:
        pass
