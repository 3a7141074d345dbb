"""The step per opportunity: the staged records of some opportunities to their rows in every table of that grain.

No row depends on the records of another opportunity, so they may come in any parts.
"""

from dataclasses import dataclass
from datetime import date

import dataframely as dy
import polars as pl

from transforms.currency import ReportingCurrency
from transforms.month_ends import MonthEnds, month_ends
from transforms.observations import Observations, observations, with_vanished
from transforms.opportunities import Opportunities, opportunities
from transforms.record_facts import RecordFacts, record_facts
from transforms.stage_history import StageHistory, stage_history
from transforms.touches import Touches, touches

PER_OPPORTUNITY = (Opportunities, Observations, StageHistory, MonthEnds, Touches, RecordFacts)


@dataclass(frozen=True, slots=True)
class Staged:
    """All staged records of some opportunities: the tables and columns of `transforms.staged`."""

    versions: pl.LazyFrame
    spend: pl.LazyFrame
    values: pl.LazyFrame
    aws_summaries: pl.LazyFrame
    visibility: pl.LazyFrame
    snapshots: pl.LazyFrame
    snapshot_spend: pl.LazyFrame
    snapshot_values: pl.LazyFrame


def per_opportunity(
    staged: Staged, *, as_of: date, reporting: ReportingCurrency
) -> dict[type[dy.Schema], pl.DataFrame]:
    """The rows of these opportunities in every table in PER_OPPORTUNITY, as known at the end of the day `as_of`."""
    observed = observations(
        staged.versions,
        staged.spend,
        staged.snapshots,
        staged.snapshot_spend,
        as_of=as_of,
        reporting=reporting,
    ).collect()
    current = opportunities(
        staged.versions,
        staged.spend,
        staged.aws_summaries,
        staged.visibility,
        observed.lazy(),
        as_of=as_of,
        reporting=reporting,
    ).collect()
    return {
        Opportunities: current,
        Observations: with_vanished(observed.lazy(), staged.visibility, as_of).collect(),
        StageHistory: stage_history(observed.lazy(), current.lazy()).collect(),
        MonthEnds: month_ends(observed.lazy(), current.lazy()).collect(),
        Touches: touches(
            staged.versions, staged.values, staged.snapshots, staged.snapshot_values, as_of=as_of
        ).collect(),
        RecordFacts: record_facts(staged.versions, staged.spend, staged.values, observed.lazy(), as_of=as_of).collect(),
    }
