"""Time the extraction against boto3 by hand, and hold its calls against what a night should cost.

.venv/bin/python -m benchmarks.extract --opportunities 1000 --rounds 5
"""

import os
import tempfile
from collections import Counter
from functools import partial
from math import ceil
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.harness import ROUNDS, Taken, compared, in_turn, judged, markdown, run_once
from benchmarks.served import Served, served
from pipelines.landing import land
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.engagements import ASSOCIATION_PAGE_ROWS
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.limits import CALLS_PER_OPPORTUNITY
from pipelines.partner_central.listing import PAGE_ROWS
from pipelines.partner_central.pacing import AWS_READS_PER_SECOND, READS_PER_SECOND, THREADS

CONTENDERS = {
    "pages": "ours, to Arrow pages",
    "landed": "ours, landed",
    "bare": "boto3, same threads, thrown away",
    "by-hand": "boto3, one by one, to CSV",
}
DELAY = 0.1  # seconds a call
DELAYED_OPPORTUNITIES = 200  # 40 s of one call after the other
DELAYED_THREADS = 8
THROTTLED_OPPORTUNITIES = 300  # 60 s at the quota
FETCHED = "SELECT count(*) FROM partner_central.opportunity_versions"
SNAPSHOTS = """
SELECT count(*), (SELECT count(DISTINCT engagement_id) FROM partner_central.engagement_associations WHERE {new}),
       (SELECT count(*) FROM partner_central.engagement_associations)
FROM partner_central.resource_snapshots WHERE {new}
"""


def run(server: Served, contender: str, threads: int = THREADS, pace: float = 0.0) -> Taken:
    """Let a contender read all that a server has."""
    command = ["-m", "benchmarks.extract_contenders", contender, "--threads", f"{threads}", "--pace", f"{pace}"]
    return run_once(command, server.environment)


def cpu(opportunities: int, rounds: int) -> str:
    """Compare the CPU of the client's process, on a server that answers at once."""
    with served(opportunities) as server:
        medians = in_turn({name: partial(run, server, contender) for contender, name in CONTENDERS.items()}, rounds)
    if {taken["records"] for taken in medians.values()} != {opportunities}:
        raise RuntimeError("the contenders did not read the same opportunities")
    ours, landed, bare, _ = medians.values()
    adds = (landed["cpu"] - ours["cpu"]) / opportunities
    ratio = ours["cpu"] / bare["cpu"]
    lines = [
        f"{opportunities:,} opportunities, {THREADS} threads, a server without delay and quota:\n",
        compared(medians, CONTENDERS["bare"]),
        f"\nLanding adds {adds * 1000:.2f} ms of CPU a record to {ours['cpu'] / opportunities * 1000:.2f} ms.\n",
        judged("CPU of a record to that of the bare loop, at most 1.25", ratio, 1.25),
        judged("the same, stretch: at most 0.9", ratio, 0.9),
    ]
    return "\n".join(lines)


def delayed() -> str:
    """Compare the wall time where every call takes its time, as on the way to AWS."""
    with served(DELAYED_OPPORTUNITIES, delay=DELAY) as server:
        ours = run(server, "pages", DELAYED_THREADS)
        by_hand = run(server, "by-hand")
    goal = (
        f"wall time of one by one to ours, {DELAYED_OPPORTUNITIES} opportunities, {DELAY:g} s a call, no quota, "
        f"{DELAYED_THREADS} threads, one run: at least 5"
    )
    return judged(goal, by_hand["wall"] / ours["wall"], 5, at_least=True)


def throttled() -> str:
    """Read at the quota's edge: how close to it, and what that loses."""
    with served(THROTTLED_OPPORTUNITIES, reads_per_second=int(AWS_READS_PER_SECOND)) as server:
        taken = run(server, "pages", pace=READS_PER_SECOND)
        calls = server.calls()
    throttles = calls.pop("throttled", 0)
    share = calls.total() / taken["wall"] / AWS_READS_PER_SECOND
    lines = [
        judged(
            f"share of {AWS_READS_PER_SECOND:g} reads a second, {calls.total()} calls, without landing, one run: "
            "at least 0.97",
            share,
            0.97,
            at_least=True,
        ),
        judged("throttles there: none", throttles, 0),
        judged("opportunities lost there: none", THROTTLED_OPPORTUNITIES - taken["records"], 0),
    ]
    return "\n".join(lines)


def ledger(opportunities: int) -> str:
    """Hold the calls of a first load, and of the night after it, against what must be asked."""
    rows, goals = [], []
    with served(opportunities) as server, tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        os.environ.update(server.environment)
        for night in ("first load", "a day later"):
            calls, changed, needed = _night(Path(directory))
            served_calls = server.calls()
            served_calls.pop("throttled", None)
            if calls != served_calls:
                raise RuntimeError("the client counts other calls than the server")
            rows.append([night, f"{changed:,}", f"{needed:,}", f"{calls.total():,}", _told(calls)])
            goals.append(judged(f"calls to those needed, {night}: at most 1.02", calls.total() / needed, 1.02))
            server.pass_day()
    heading = ["", "changed", "needed", "made", "by operation"]
    return f"Calls of {opportunities:,} opportunities:\n\n{markdown(heading, rows)}\n\n" + "\n".join(goals)


def _night(directory: Path) -> tuple[Counter[str], int, int]:
    """Extract and land as the nightly does; return the calls, what had changed, and how many calls that needs."""
    path, client = directory / "landing.duckdb", PartnerCentral("Sandbox", quota=Quota(0))
    extraction = Extraction(client, list_all=True, window_pages=10)
    before = _newest(path)
    land(path, directory / "dlt", extraction, lambda: None)
    new = "true" if before is None else f"fetched_at > '{before}'"
    with duckdb.connect(path, read_only=True) as connection:
        revisions, engagements, associations = connection.execute(SNAPSHOTS.format(new=new)).fetchall()[0]
    listed = ceil(extraction.opportunities_listed / PAGE_ROWS)
    snapshots = revisions + engagements + ceil(associations / ASSOCIATION_PAGE_ROWS)
    changed = extraction.opportunities_fetched
    return client.calls, changed, listed + changed * CALLS_PER_OPPORTUNITY + snapshots


def _newest(path: Path) -> str | None:
    if not path.exists():
        return None
    with duckdb.connect(path, read_only=True) as connection:
        return str(
            connection.execute("SELECT max(fetched_at) FROM partner_central.resource_snapshots").fetchall()[0][0]
        )


def _told(calls: Counter[str]) -> str:
    return ", ".join(f"{operation} {count:,}" for operation, count in sorted(calls.items()))


def section(rounds: int = ROUNDS, opportunities: int = 1_000) -> str:
    """Return all that is measured of the extraction as Markdown."""
    parts = [cpu(opportunities, rounds), delayed(), throttled(), ledger(2 * opportunities)]
    return "\n\n".join(parts)


def main(
    opportunities: Annotated[int, typer.Option(min=100)] = 1_000, rounds: Annotated[int, typer.Option(min=1)] = ROUNDS
) -> None:
    """Measure the extraction and print its section."""
    typer.echo(section(rounds, opportunities))


if __name__ == "__main__":
    typer.run(main)
