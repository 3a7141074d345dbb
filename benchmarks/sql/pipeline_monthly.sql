-- One row per month up to the as-of day's and stage, `unobserved` included, as of the month's end.
CREATE TABLE marts.pipeline_monthly AS
WITH calendar AS (
    SELECT unnest(range(min(month), date_trunc('month', getvariable('as_of')) + INTERVAL 1 MONTH, INTERVAL 1 MONTH))::DATE
           AS month
    FROM marts.month_ends
),
stages AS (
    SELECT unnest(['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched',
                   'Closed Lost', 'unobserved']) AS stage,
           unnest(range(8)) AS place
),
entered AS (
    SELECT month, closing_stage AS stage, count(*) AS opportunities,
           sum(closing_aws_mrr_reporting) AS aws_mrr, count(closing_aws_mrr_reporting) AS known_aws_mrr,
           sum(closing_aws_tcv_reporting) AS aws_tcv, count(closing_aws_tcv_reporting) AS known_aws_tcv,
           sum(closing_deal_tcv_reporting) AS deal_tcv, count(closing_deal_tcv_reporting) AS known_deal_tcv,
           sum(closing_software_tcv_reporting) AS software_tcv,
           count(closing_software_tcv_reporting) AS known_software_tcv
    FROM marts.month_ends
    GROUP BY month, closing_stage
),
left_behind AS (
    SELECT month, opening_stage AS stage, -count(*) AS opportunities,
           -sum(opening_aws_mrr_reporting) AS aws_mrr, -count(opening_aws_mrr_reporting) AS known_aws_mrr,
           -sum(opening_aws_tcv_reporting) AS aws_tcv, -count(opening_aws_tcv_reporting) AS known_aws_tcv,
           -sum(opening_deal_tcv_reporting) AS deal_tcv, -count(opening_deal_tcv_reporting) AS known_deal_tcv,
           -sum(opening_software_tcv_reporting) AS software_tcv,
           -count(opening_software_tcv_reporting) AS known_software_tcv
    FROM marts.month_ends
    WHERE opening_stage IS NOT NULL
    GROUP BY month, opening_stage
),
changes AS (
    SELECT month, stage, sum(COLUMNS(* EXCLUDE (month, stage)))
    FROM (FROM entered UNION ALL BY NAME FROM left_behind)
    GROUP BY month, stage
),
totals AS (
    SELECT month, stage, place,
           coalesce(sum(COLUMNS(changes.* EXCLUDE (month, stage))) OVER (PARTITION BY stage ORDER BY month), 0)
    FROM calendar CROSS JOIN stages LEFT JOIN changes USING (month, stage)
)
SELECT month, stage, CASE WHEN is_told THEN opportunities ELSE 0 END::BIGINT AS opportunities,
       CASE WHEN is_told AND (opportunities = 0 OR known_aws_mrr > 0) THEN aws_mrr END AS aws_mrr,
       CASE WHEN is_told AND (opportunities = 0 OR known_aws_tcv > 0) THEN aws_tcv END AS aws_tcv,
       CASE WHEN is_told AND (opportunities = 0 OR known_deal_tcv > 0) THEN deal_tcv END AS deal_tcv,
       CASE WHEN is_told AND (opportunities = 0 OR known_software_tcv > 0) THEN software_tcv END AS software_tcv,
       CASE WHEN is_told THEN 0 ELSE opportunities END::BIGINT AS unobserved
FROM (SELECT *, stage <> 'unobserved' AS is_told FROM totals)
ORDER BY month, place;
