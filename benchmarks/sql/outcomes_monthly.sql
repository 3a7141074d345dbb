-- One row per month with a decision: the entry into the stint in which an opportunity now stands, won or lost.
CREATE TABLE marts.outcomes_monthly AS
SELECT month_of(entered_at) AS month, count(*) FILTER (stint.stage = 'Launched') AS won,
       count(*) FILTER (stint.stage = 'Closed Lost') AS lost, won / (won + lost) AS win_rate,
       CASE WHEN won = 0 THEN 0 ELSE sum(aws_mrr_reporting) FILTER (stint.stage = 'Launched') END AS won_mrr,
       CASE WHEN lost = 0 THEN 0 ELSE sum(aws_mrr_reporting) FILTER (stint.stage = 'Closed Lost') END AS lost_mrr,
       median(epoch_us(entered_at) - epoch_us(created_at)) / 86400000000 AS median_cycle_days
FROM marts.stage_history AS stint JOIN marts.opportunities USING (opportunity_id)
WHERE exited_at IS NULL AND stint.stage IN ('Launched', 'Closed Lost')
GROUP BY month
ORDER BY month;
