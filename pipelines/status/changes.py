"""What changed in the deals since an instant, as AWS dates it and the published warehouse knows it now."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from pipelines.database import fetch_row
from transforms.stages import LOST_STAGE, OPEN_STAGES, WON_STAGE

STAGES = f"""
    SELECT count(*) FILTER (movement IN ('advance', 'skip')), count(*) FILTER (movement = 'regress'),
        count(*) FILTER (movement = 'reopen'),
        count(*) FILTER (exited_at IS NULL AND stage_history.stage = '{WON_STAGE}'),
        count(*) FILTER (exited_at IS NULL AND stage_history.stage = '{LOST_STAGE}'),
        count(*) FILTER (stint = 1 AND created_at < $since)
    FROM marts.stage_history JOIN marts.opportunities USING (opportunity_id) WHERE entered_at >= $since
"""
PIPELINE = """
    WITH states AS (
        SELECT arg_max(stage, observation) FILTER (observed_at < $since) IN (SELECT unnest($open)) AS was_open,
            arg_max_null(aws_mrr_reporting, observation) FILTER (observed_at < $since) AS mrr_before,
            arg_max(stage, observation) IN (SELECT unnest($open)) AS is_open,
            arg_max_null(aws_mrr_reporting, observation) AS mrr_now
        FROM marts.observations GROUP BY opportunity_id)
    SELECT count(*) FILTER (was_open), coalesce(sum(mrr_before) FILTER (was_open), 0)::DECIMAL(38,2),
        count(*) FILTER (is_open), coalesce(sum(mrr_now) FILTER (is_open), 0)::DECIMAL(38,2)
    FROM states
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since an instant (UTC). Amounts are in the reporting currency, at the same rates before and now.

    `created` counts by CreatedDate, `discovered` what was created before and first observed since. `won` and `lost`
    entered since the stage in which they now stand. `forward`, `back` and `reopened` are moves, of which one deal may
    make several. The open pipeline is that of marts.pipeline_waterfall, where unknown amounts are 0.
    """

    since: datetime
    created: int
    forward: int
    back: int
    reopened: int
    won: int
    lost: int
    discovered: int
    open_before: int
    aws_mrr_before: Decimal
    open_now: int
    aws_mrr_now: Decimal


def changes_since(warehouse: duckdb.DuckDBPyConnection, since: datetime) -> Changes:
    """Read what changed since an instant from an open warehouse."""
    (created,) = fetch_row(warehouse, "SELECT count(*) FROM marts.opportunities WHERE created_at >= ?", [since])
    moves = fetch_row(warehouse, STAGES, {"since": since})
    pipeline = fetch_row(warehouse, PIPELINE, {"since": since, "open": list(OPEN_STAGES)})
    return Changes(since, created, *moves, *pipeline)
