-- One row per month up to the as-of day's and measure: what moved the open pipeline between the month's two ends.
CREATE TABLE marts.pipeline_waterfall AS
WITH calendar AS (
    SELECT unnest(range(min(month), date_trunc('month', getvariable('as_of')) + INTERVAL 1 MONTH, INTERVAL 1 MONTH))::DATE
           AS month
    FROM marts.month_ends
),
ends AS (
    SELECT month, opening_stage, closing_stage,
           opening_stage IN ('Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed')
           IS TRUE AS was_open,
           closing_stage IN ('Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed')
           AS is_open,
           opening_stage IN ('Launched', 'Closed Lost') AND is_moved IS TRUE AS is_reopened,
           coalesce(opening_aws_mrr_reporting, 0) AS opening, coalesce(closing_aws_mrr_reporting, 0) AS closing
    FROM marts.month_ends
    WHERE closing_stage <> 'unobserved'
),
measured AS (
    SELECT * EXCLUDE (opening, closing), unnest(['count', 'aws_mrr']) AS measure,
           unnest([1, opening]) AS opening, unnest([1, closing]) AS closing
    FROM ends
),
moved AS (
    SELECT month, measure, sum(closing) FILTER (opening_stage IS NULL) AS created,
           sum(closing) FILTER (opening_stage = 'unobserved') AS discovered,
           sum(closing) FILTER (is_reopened) AS reopened,
           sum(closing - opening) FILTER (was_open AND is_open AND closing > opening) AS increased,
           sum(opening - closing) FILTER (was_open AND is_open AND closing < opening) AS decreased,
           sum(leaving) FILTER (closing_stage = 'Launched') AS won,
           sum(leaving) FILTER (closing_stage = 'Closed Lost') AS lost
    FROM (SELECT *, CASE WHEN was_open THEN opening
                         WHEN opening_stage IS NULL OR opening_stage = 'unobserved' OR is_reopened THEN closing
                         END AS leaving
          FROM measured)
    GROUP BY month, measure
),
filled AS (
    SELECT month, measure, place, coalesce(COLUMNS(moved.* EXCLUDE (month, measure)), 0)
    FROM calendar
    CROSS JOIN (SELECT unnest(['count', 'aws_mrr']) AS measure, unnest([1, 2]) AS place)
    LEFT JOIN moved USING (month, measure)
),
balanced AS (
    SELECT *, sum(created + discovered + reopened + increased - decreased - won - lost)
              OVER (PARTITION BY measure ORDER BY month) AS closing
    FROM filled
)
SELECT month, measure, coalesce(lag(closing) OVER (PARTITION BY measure ORDER BY month), 0) AS opening, created,
       discovered, reopened, increased, decreased, won, lost, closing
FROM balanced
ORDER BY month, place;
