"""Killed with SIGKILL at random instants and started again, an apply has done every row exactly once."""

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from applies import Killer, start
from deal_world import SOLUTIONS, DealWorld, calls_of, create, plan_file, update

from pipelines.intake.deals import Planned
from pipelines.intake.plan import journal_path
from pipelines.settings import Settings

ROWS = 12
LONGEST_DELAY = 0.02  # a row's answer is noted in the journal and the landing within it
MOST_REQUESTS = 3
CALLS_OF_A_ROW = 8  # they are remembered row by row


def rows(world: DealWorld) -> list[Planned]:
    """Six updates and six new opportunities, of each every third with two solutions."""
    found = []
    for number in range(2, ROWS + 2):
        after = {"solution_ids": SOLUTIONS} if number % 3 == 0 else {}
        if number % 2:
            found.append(create(number, f"NEW-{number}", **after))
        else:
            found.append(update(number, world.deal(number), **after))
    return found


def once(world: DealWorld, plan: list[Planned]) -> Counter[tuple[str, str]]:
    """What a sandbox has taken in which every row was done once."""
    taken: Counter[tuple[str, str]] = Counter()
    for planned in plan:
        opportunity_id = planned.opportunity_id
        if opportunity_id is None:
            (opportunity_id,) = world.by_crm_id(str(planned.partner_opportunity_id))
            taken["CreateOpportunity", f"{planned.partner_opportunity_id} {opportunity_id}"] = 1
        else:
            taken["UpdateOpportunity", opportunity_id] = 1
        if any(change.column == "solution_ids" for change in planned.changes):
            taken.update(("AssociateOpportunity", f"{opportunity_id} {solution}") for solution in SOLUTIONS)
    return taken


def journal_of(path: Path) -> Counter[str]:
    return Counter(line.split('"state": "')[1].split('"')[0] for line in path.read_text().splitlines()[1:])


def edit_as_it_is_written(world: DealWorld) -> dict[str, str]:
    """Let somebody else change each opportunity just before it is written for the first time: what they wrote."""
    theirs: dict[str, str] = {}

    def edit(operation: str, request: dict[str, Any]) -> None:
        if operation == "UpdateOpportunity" and request["Identifier"] not in theirs:
            theirs[request["Identifier"]] = f"Step {len(theirs)}"
            world.edit(request["Identifier"], LifeCycle__NextSteps=theirs[request["Identifier"]])

    world.sandbox.before_response.append(edit)
    return theirs


@pytest.mark.parametrize("seed", [1])
def test_every_row_is_done_once(world: DealWorld, settings: Settings, seed: int) -> None:
    dice = random.Random(f"applies {seed}")
    plan = rows(world)
    path = plan_file(settings, *plan, created_at=datetime.now(UTC))
    theirs = edit_as_it_is_written(world)
    killer, kills = Killer(world), 0
    while True:
        process = start(settings, path)
        delay = dice.choice([0.0, dice.uniform(0, LONGEST_DELAY)])
        killer.watch(process, dice.randint(1, MOST_REQUESTS), delay)
        out, err = process.communicate(timeout=60)
        if process.returncode != -SIGKILL:
            break
        kills += 1
    assert (process.returncode, out) == (0, f"Applied: {ROWS} done.\n"), err
    taken = {what: min(times, 1) if what[0] == "CreateOpportunity" else times for what, times in world.taken.items()}
    assert taken == once(world, plan)  # a repeated create gets its answer again, and makes no other opportunity
    assert {world.months(name) for name in world.store.records} == {"36"}
    steps = {name: world.store.records[name]["LifeCycle"]["NextSteps"] for name in theirs}
    assert (len(theirs), steps) == (sum(planned.action == "update" for planned in plan), theirs)
    assert journal_of(journal_path(path))["done"] == ROWS
    assert 0 <= world.sandbox.calls.total() - sum(calls_of(settings).values()) <= kills * CALLS_OF_A_ROW
    assert kills >= 5
