"""Tables of sums over opportunities, which a night changes by what went out of them and what came in."""

from collections.abc import Mapping

import dataframely as dy
import polars as pl

from transforms import attribution_sums as by_value
from transforms import month_transitions as by_month
from transforms.attribution_sums import AttributionSums
from transforms.month_ends import MonthEnds
from transforms.month_transitions import MonthTransitions
from transforms.opportunities import Opportunities
from transforms.touches import Touches

Tables = Mapping[type[dy.Schema], pl.LazyFrame]

SUMMED = (MonthEnds, Touches, Opportunities)
"""The tables per opportunity that the sums are made of."""
RUNNING_SUMS = {MonthTransitions: (by_month.KEY, "opportunities"), AttributionSums: (by_value.KEY, "touched")}
"""Each table of sums, its key, and the column that counts what a row is the sum of; all others are sums too."""


def running_sums(rows: Tables) -> dict[type[dy.Schema], pl.LazyFrame]:
    """Every table in RUNNING_SUMS, of the rows in SUMMED of some opportunities or of all."""
    return {
        MonthTransitions: by_month.month_transitions(rows[MonthEnds]),
        AttributionSums: by_value.attribution_sums(rows[Touches], rows[Opportunities]),
    }


def changed_sums(before: Tables, removed: Tables, added: Tables) -> dict[type[dy.Schema], pl.LazyFrame]:
    """The tables `before` without the contributions of `removed` and with those of `added`, ordered by their keys."""
    changed = {}
    for table, (key, count) in RUNNING_SUMS.items():
        sums = [name for name in table.column_names() if name not in key]
        taken = removed[table].with_columns(-pl.col(sums))
        changed[table] = (
            pl.concat([before[table], taken, added[table]])
            .group_by(key)
            .agg(pl.col(sums).sum())
            .filter(pl.col(count) != 0)
            .sort(key, nulls_last=False)
            .select(table.column_names())
        )
    return changed
