-- Deals of all cohorts by the furthest stage they reached, and the share that went on to the next.
SELECT
    stage,
    sum(reached)::BIGINT AS reached,
    sum(advanced)::BIGINT AS advanced,
    sum(lost)::BIGINT AS lost,
    sum(open)::BIGINT AS open,
    if(stage_rank < 6, round(sum(advanced) / nullif(sum(reached), 0), 4), NULL) AS conversion_to_next,
    round(sum(reached) / nullif(first_value(sum(reached)) OVER (ORDER BY stage_rank), 0), 4) AS conversion_from_first,
    sum(reached_mrr) AS reached_mrr
FROM marts.stage_funnel
GROUP BY stage, stage_rank
ORDER BY stage_rank
