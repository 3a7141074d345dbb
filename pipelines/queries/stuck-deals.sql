-- Open deals that have been in their stage for longer than half of all finished stays in it took.
WITH usual AS (
    SELECT stage, median(days_in_stage) AS median_days
    FROM marts.stage_history
    WHERE exited_at IS NOT NULL AND NOT is_left_censored
    GROUP BY stage
),

published AS (
    SELECT arg_max(as_of, started_at) + 1 AS known_until FROM ops.runs WHERE status = 'published'
)

SELECT
    opportunity_id,
    partner_opportunity_id,
    history.stage,
    date_diff('day', entered_at, known_until::TIMESTAMPTZ) AS days_in_stage,
    round(median_days, 1) AS median_days,
    aws_mrr_reporting AS aws_mrr,
    target_close_date
FROM marts.stage_history AS history
JOIN marts.opportunities USING (opportunity_id)
JOIN usual ON usual.stage = history.stage
CROSS JOIN published
WHERE exited_at IS NULL AND is_open AND date_diff('day', entered_at, known_until::TIMESTAMPTZ) > median_days
ORDER BY aws_mrr DESC NULLS LAST, opportunity_id
