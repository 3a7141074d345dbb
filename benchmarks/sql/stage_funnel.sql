-- One row per cohort month and stage 1 to 6.
CREATE TABLE marts.stage_funnel AS
WITH cohorts AS (
    SELECT opportunity_id, month_of(created_at) AS cohort_month, furthest_stage_rank, aws_mrr_reporting, is_lost
    FROM marts.opportunities
    WHERE furthest_stage_rank IS NOT NULL
),
standing AS (
    SELECT opportunity_id, stage = 'Closed Lost' AS is_lost FROM marts.stage_history WHERE exited_at IS NULL
),
stages AS (
    SELECT unnest(['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched'])
           AS stage,
           unnest(range(1, 7))::INTEGER AS stage_rank
),
counts AS (
    SELECT cohort_month, stage, stage_rank, count(*) FILTER (furthest_stage_rank >= stage_rank) AS reached,
           count(*) FILTER (furthest_stage_rank > stage_rank) AS advanced,
           count(*) FILTER (furthest_stage_rank = stage_rank AND standing.is_lost) AS lost,
           count(*) FILTER (furthest_stage_rank = stage_rank AND NOT standing.is_lost) AS open,
           sum(aws_mrr_reporting) FILTER (furthest_stage_rank >= stage_rank) AS reached_mrr
    FROM cohorts JOIN standing USING (opportunity_id), stages
    GROUP BY ALL
),
stays AS (
    SELECT cohort_month, stage_rank, median(epoch_us(exited_at) - epoch_us(entered_at)) / 86400000000 AS median_days
    FROM marts.stage_history JOIN cohorts USING (opportunity_id)
    WHERE NOT is_left_censored AND exited_at IS NOT NULL AND stage_rank IS NOT NULL
    GROUP BY ALL
)
SELECT cohort_month, stage, stage_rank, reached, advanced, lost, open,
       CASE WHEN reached > 0 THEN advanced / reached END AS conversion_to_next,
       reached / first_value(reached) OVER (PARTITION BY cohort_month ORDER BY stage_rank) AS conversion_from_first,
       median_days AS median_days_in_stage, CASE WHEN reached = 0 THEN 0 ELSE reached_mrr END AS reached_mrr
FROM counts LEFT JOIN stays USING (cohort_month, stage_rank)
ORDER BY cohort_month, stage_rank;
