-- Deals won and lost by month of decision, with win rate and cycle time, the latest first.
SELECT
    month,
    won,
    lost,
    round(win_rate, 4) AS win_rate,
    won_mrr,
    lost_mrr,
    round(median_cycle_days, 1) AS median_cycle_days
FROM marts.outcomes_monthly
ORDER BY month DESC
