"""Random histories: one to six opportunities over a year and a half, with instants where months, years and as-of
days meet, and stages that climb, fall, end, reopen or jump anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from record_strategies import DURATIONS, SOFTWARE, SPEND, details, items
from strategies import AS_OF, MIDNIGHT, Row, World

from transforms.revenue import SOFTWARE_REVENUE
from transforms.stages import RANKED_STAGES, STAGES
from transforms.touches import LISTS, SNAPSHOT_LISTS

OPPORTUNITY_IDS = ("O1", "O2", "O3", "O4", "O10", "O20")
MICROSECOND = timedelta(microseconds=1)
MONTHS = [(2024, 11), (2024, 12), (2025, 1), (2025, 3), (2025, 12), (2026, 1), (2026, 3)]
MONTH_STARTS = [datetime(year, month, 1, tzinfo=UTC) for year, month in MONTHS]
MONTH_TRAPS = [start + step for start in MONTH_STARTS for step in (-MICROSECOND, timedelta(), timedelta(hours=36))]
LEAP_DAY = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)
DAY_ENDS = [MIDNIGHT, datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]
DAY_TRAPS = [LEAP_DAY, *(end + step for end in DAY_ENDS for step in (-MICROSECOND, timedelta(), MICROSECOND))]
STALE = [end - timedelta(30) + step for end in DAY_ENDS[:2] for step in (-MICROSECOND, timedelta())]
LONG_AGO = [datetime(2015, 6, 1, tzinfo=UTC), datetime(2020, 2, 29, 12, tzinfo=UTC)]
AS_OF_DAYS = [AS_OF, AS_OF, *([date(2026, 3, 14), date(2025, 12, 31)] * 2), date(2026, 4, 30), date(2025, 1, 1)]

CLOSE_DATES = ["2026-05-31", "2026-06-30", "2026-06-31", None, "2026-03-31", "2026-03-30", "2025-12-31"]
STEPS = ["stay", "up", "up", "up", "skip", "down", "lose", "win", "silent"]
WALKS = [STEPS, STEPS, [*STAGES, None], ["up", "silent"], ["lose", "silent"], ["win", "lose", "up"], ["silent"]]
KINDS = [["version"], ["version"], *([["version", "snapshot"]] * 3), ["snapshot"]]

instants = st.one_of(
    st.sampled_from(MONTH_TRAPS),
    st.sampled_from(DAY_TRAPS),
    st.timedeltas(timedelta(), MIDNIGHT - MONTH_STARTS[0]).map(lambda passed: MONTH_STARTS[0] + passed),
)
as_of_days = st.sampled_from(AS_OF_DAYS)
late_days = st.sampled_from([AS_OF, AS_OF, date(2026, 3, 14), date(2026, 4, 30)])


@dataclass(frozen=True)
class Deal:
    """What all records of one opportunity share."""

    opportunity_id: str
    created_dates: list[str]
    steps: list[Any]
    kinds: list[str]


def text_of(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"


def after_step(stage: str | None, step: str | None) -> str | None:
    """The stage that `step` leads to; a stage leads to itself."""
    position = RANKED_STAGES.index(stage) if stage in RANKED_STAGES else -1
    moves = {"stay": position, "up": position + 1, "skip": position + 2, "down": position - 1, "win": 5}
    if step == "lose":
        return "Closed Lost"
    return RANKED_STAGES[min(max(moves[step], 0), 5)] if step in moves else step


@st.composite
def deals(draw: st.DrawFn, opportunity_id: str, seen_at: list[datetime]) -> Deal:
    """Created before, at or after the first observation, or after the as-of day; now and then the record changes
    its mind about it."""
    first = min(seen_at, default=MIDNIGHT)
    created = [first, first, first - MICROSECOND, first - timedelta(days=40), first + timedelta(days=40)]
    created_at = draw(st.sampled_from(created) | instants)
    other = [created_at] * 9 + [created_at - timedelta(days=33)]
    return Deal(
        opportunity_id=opportunity_id,
        created_dates=[text_of(created_at), text_of(draw(st.sampled_from(other)))],
        steps=draw(st.sampled_from(WALKS)),
        kinds=draw(st.sampled_from(KINDS)),
    )


@st.composite
def record(draw: st.DrawFn, key: str, is_excluded: st.SearchStrategy[bool]) -> tuple[Row, list[Row]]:
    """What versions and snapshots have in common, and the spend entries."""
    term, value, as_sent = draw(st.sampled_from(DURATIONS))
    row = {
        "row_key": key,
        "is_excluded": draw(is_excluded),
        "project__expected_contract_duration__term": term,
        "project__expected_contract_duration__value": value,
        "contract_duration_as_sent": as_sent,
    }
    names = ("target_company", "amount", "currency_code")
    return row, [{"parent_key": key, **dict(zip(names, entry, strict=True))} for entry in draw(st.sampled_from(SPEND))]


@st.composite
def version(draw: st.DrawFn, deal: Deal, key: str, instant: datetime, stage: str | None) -> tuple[Row, list[Row]]:
    row, spend = draw(record(key, st.sampled_from([False] * 11 + [True])))
    return row | draw(details) | {
        "opportunity_id": deal.opportunity_id,
        "last_modified_at": instant,
        "created_date": None if row["is_excluded"] else draw(st.sampled_from(deal.created_dates)),
        "life_cycle__stage": stage,
        "life_cycle__target_close_date": draw(st.sampled_from(CLOSE_DATES)),
        "project__title": None,
        **dict(zip(SOFTWARE_REVENUE, draw(st.sampled_from(SOFTWARE)), strict=True)),
    }, spend


@st.composite
def snapshot(draw: st.DrawFn, deal: Deal, key: str, instant: datetime, stage: str | None) -> tuple[Row, list[Row]]:
    row, spend = draw(record(key, st.sampled_from([False] * 7 + [True])))
    return row | {
        "opportunity_id": deal.opportunity_id,
        "engagement_id": draw(st.sampled_from(["eng-1", "eng-2"])),
        "revision": draw(st.integers(1, 3)),
        "created_at": draw(st.sampled_from([instant] * 9 + [None])),
        "lifecycle__stage": stage,
        "lifecycle__target_close_date": draw(st.sampled_from(CLOSE_DATES)),
    }, spend


def summary(opportunity_id: str, key: str, instant: datetime) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "row_key": st.just(key),
            "opportunity_id": st.just(opportunity_id),
            "last_modified_at": st.just(instant),
            "is_excluded": st.sampled_from([False] * 6 + [True]),
            "life_cycle__stage": st.sampled_from(["Identified", "Qualified", None]),
            "insights__engagement_score": st.sampled_from(["High", "Low", None]),
            "involvement_type": st.just("Co-Sell"),
            "origin": st.just("AWS Referral"),
        }
    )


def sightings(opportunity_id: str, seen_at: list[datetime]) -> st.SearchStrategy[list[Row]]:
    """Changes of sight: at the instants of records, right before the first one, or at any time."""
    at_records = [instants, st.sampled_from([seen_at[0] - MICROSECOND, *seen_at])] if seen_at else [instants]
    rows = st.fixed_dictionaries(
        {"opportunity_id": st.just(opportunity_id), "observed_at": st.one_of(at_records), "is_visible": st.booleans()}
    )
    return st.lists(rows, max_size=4, unique_by=lambda row: row["observed_at"])


@st.composite
def histories(
    draw: st.DrawFn,
    opportunity_ids: Sequence[str] = OPPORTUNITY_IDS,
    least: int = 0,
    most: int = 12,
    traps: Sequence[datetime] = (),
) -> World:
    """A world of opportunities with `least` to `most` records each; some have snapshots alone, some nothing that
    counts."""
    world = World()
    chosen = st.lists(st.sampled_from(opportunity_ids), min_size=least > 0, max_size=len(opportunity_ids), unique=True)
    for opportunity_id in draw(chosen):
        busy = [draw(st.sampled_from([*DAY_TRAPS, *traps])), *draw(st.lists(instants, max_size=9))]
        seen_at = sorted(draw(st.lists(st.sampled_from([*busy, *traps]), min_size=least, max_size=most)))
        deal = draw(deals(opportunity_id, seen_at))
        world.visibility.extend(draw(sightings(opportunity_id, seen_at)))
        stage = None
        for number, instant in enumerate(seen_at):
            step = draw(st.sampled_from(deal.steps))
            stage = after_step(stage, step) if step != "silent" else stage
            shown = None if step == "silent" else stage
            key = f"{opportunity_id}@{draw(st.integers(0, 3))}-{number}"
            if draw(st.sampled_from(deal.kinds)) == "version":
                row, entries = draw(version(deal, key, instant, shown))
                world.versions.append(row)
                world.spend.extend(entries)
                world.values.extend(draw(items(key, LISTS)))
                if draw(st.booleans()):
                    world.summaries.append(draw(summary(opportunity_id, key, instant)))
            else:
                row, entries = draw(snapshot(deal, key, instant, shown))
                world.snapshots.append(row)
                world.snapshot_spend.extend(entries)
                world.snapshot_values.extend(draw(items(key, SNAPSHOT_LISTS)))
    return world


BUSY: dict[str, Any] = {"least": 3, "most": 7, "traps": (*STALE, *LONG_AGO)}
few_records = histories(("O1", "O2", "O10"), **BUSY)
many_records = histories((*OPPORTUNITY_IDS, "O11", "O21"), **BUSY)
