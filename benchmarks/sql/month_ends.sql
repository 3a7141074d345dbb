-- One row per opportunity and month in which it was observed, from the first one that shows a stage, and one for the
-- month of its creation, if that was before.
CREATE TABLE marts.month_ends AS
WITH staged AS (
    SELECT opportunity_id, observation, month_of(observed_at) AS month, aws_mrr_reporting, aws_tcv_reporting,
           deal_tcv_reporting, software_tcv_reporting,
           last_value(stage IGNORE NULLS) OVER (PARTITION BY opportunity_id ORDER BY observation) AS stage
    FROM observed
),
moved AS (
    SELECT *, stage IS DISTINCT FROM lag(stage) OVER history AS is_entry,
           month IS DISTINCT FROM lead(month) OVER history AS is_last_of_month
    FROM staged
    WHERE stage IS NOT NULL
    WINDOW history AS (PARTITION BY opportunity_id ORDER BY observation)
),
counted AS (
    SELECT *, count(*) FILTER (is_entry) OVER (PARTITION BY opportunity_id ORDER BY observation) AS moves FROM moved
    QUALIFY is_last_of_month
),
months AS (
    FROM counted
    UNION ALL BY NAME
    SELECT opportunity_id, month_of(created_at) AS month, 'unobserved' AS stage
    FROM marts.opportunities
    LEFT JOIN (SELECT opportunity_id, min(month) AS first_month FROM counted GROUP BY opportunity_id)
    USING (opportunity_id)
    WHERE first_month IS NULL OR month_of(created_at) < first_month
)
SELECT opportunity_id, month, lag(stage) OVER history AS opening_stage, stage AS closing_stage,
       stage <> 'unobserved' AND moves > coalesce(lag(moves) OVER history, 0) AS is_moved,
       lag(aws_mrr_reporting) OVER history AS opening_aws_mrr_reporting,
       lag(aws_tcv_reporting) OVER history AS opening_aws_tcv_reporting,
       lag(deal_tcv_reporting) OVER history AS opening_deal_tcv_reporting,
       lag(software_tcv_reporting) OVER history AS opening_software_tcv_reporting,
       aws_mrr_reporting AS closing_aws_mrr_reporting, aws_tcv_reporting AS closing_aws_tcv_reporting,
       deal_tcv_reporting AS closing_deal_tcv_reporting, software_tcv_reporting AS closing_software_tcv_reporting
FROM months
WINDOW history AS (PARTITION BY opportunity_id ORDER BY month);
