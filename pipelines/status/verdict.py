"""The verdict over all that is known, and the one command that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pipelines.status.published import Published
from pipelines.status.standing import Standing

Name = Literal["fresh", "stale", "held", "failed", "interrupted", "killed", "missing", "working", "nothing"]
ENDINGS = {
    "held": "The quality gate held the last run",
    "failed": "The last run failed",
    "interrupted": "The last run was interrupted",
    "killed": "The last run was killed",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word for monitors and a line for people."""

    name: Name
    line: str


@dataclass(frozen=True, slots=True)
class Step:
    """The command to run next, and what for."""

    command: str
    purpose: str


STEPS: Mapping[Name, Step] = {
    "nothing": Step("cosell nightly", "or `cosell nightly --demo`, which needs no AWS account"),
    "working": Step("cosell status", "when it has ended"),
    "held": Step("cosell nightly", "once what the last error says is mended"),
    "failed": Step("cosell nightly", "once what the last error says is mended"),
    "interrupted": Step("cosell nightly", "which goes on where it was stopped"),
    "killed": Step("cosell nightly", "which goes on where it was stopped"),
    "stale": Step("cosell nightly", "and see why nothing newer is published"),
    "missing": Step("cosell nightly", "which publishes anew from what has landed"),
}
"""What stands in the way of the next night."""


def verdict(standing: Standing) -> Verdict:
    """Judge: is a run at work, how did the last one end, and how old is what is published?"""
    published = standing.published
    if standing.is_at_work:
        return Verdict("working", f"A run is at work now; {_what_is_published(standing)}.")
    if published is None and not standing.runs:
        return Verdict("nothing", f"No run yet in {standing.settings.data_dir}.")
    match standing.ending:
        case "held" | "failed" | "interrupted" | "killed" as ending:
            last = standing.runs[0]
            ago = how_old(standing.now - (last.finished_at or last.started_at))
            return Verdict(ending, f"{ENDINGS[ending]} {ago} ago; {_what_is_published(standing)}.")
    if published is None:
        return Verdict("missing", f"What was published is gone: there is no {standing.settings.warehouse_path}.")
    if not standing.is_fresh:
        return Verdict("stale", f"Stale: {why_stale(standing, published)}.")
    when = how_old(standing.now - published.finished_at)
    return Verdict("fresh", f"Fresh and sound: published {when} ago as of {published.as_of}.")


def why_stale(standing: Standing, published: Published) -> str:
    """Say which is too old, the publication or its business date, or that a clock is wrong."""
    if standing.is_ahead:
        return f"published in the future, at {published.finished_at:%Y-%m-%d %H:%M} UTC: a clock is or was wrong"
    age = standing.now - published.finished_at
    if age > standing.oldest:
        return f"published {how_old(age)} ago as of {published.as_of}"
    ended = how_old(standing.now - published.known_until)
    return f"published {how_old(age)} ago, but as of {published.as_of}, a day that ended {ended} ago"


def next_step(standing: Standing, name: Name) -> Step:
    """Choose the one command that follows: what stands in the way of the next night first, then what to look into."""
    if name == "held" and standing.drifts:
        return Step("cosell drift", "which shows what AWS has changed")
    return STEPS.get(name) or _to_look_into(standing)


def _to_look_into(standing: Standing) -> Step:
    quality = standing.published.quality if standing.published else None
    if standing.drifts:
        return Step("cosell drift", "which shows what AWS sent that is new")
    if quality and quality.suggestions:
        return Step(
            "cosell intake plan --from-hygiene", f"which proposes a duration for {quality.suggestions:,} opportunities"
        )
    if quality and any(quality.findings.values()):
        return Step("cosell query hygiene", "which lists what is wrong or missing in the deals")
    return Step("cosell query pipeline", "which shows the deals; nothing is to be mended")


def how_old(age: timedelta) -> str:
    """Say an age in its largest unit, rounded down: minutes up to an hour, hours up to two days, then days."""
    minutes = max(0, int(age.total_seconds())) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _what_is_published(standing: Standing) -> str:
    published = standing.published
    if published is None:
        return "nothing is published yet"
    return f"what is published is {how_old(standing.now - published.finished_at)} old, as of {published.as_of}"
