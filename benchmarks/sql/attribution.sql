-- One row per model, dimension, value and outcome: the credit and the money of all opportunities, split among values.

-- One row per opportunity with an outcome, dimension and current value, or `(none)`.
CREATE TEMP TABLE credited AS
WITH deals AS (
    SELECT opportunity_id, CASE WHEN is_open THEN 'open' WHEN is_won THEN 'won' ELSE 'lost' END AS outcome,
           (aws_mrr_reporting * 100)::HUGEINT AS aws_mrr, (aws_tcv_reporting * 100)::HUGEINT AS aws_tcv,
           (software_tcv_reporting * 100)::HUGEINT AS software_tcv
    FROM marts.opportunities
    WHERE is_open IS NOT NULL
),
dimensions AS (
    SELECT unnest(['campaign', 'channel', 'solution', 'aws_product', 'apn_program', 'partner_need']) AS dimension
)
SELECT deals.*, dimension, coalesce(value, '(none)') AS value, coalesce(position, 1) AS position,
       count(*) OVER place AS tied, row_number() OVER (place ORDER BY value) AS turn,
       max(coalesce(position, 1)) OVER deal AS positions,
       epoch_us(max(touched_at) OVER deal) - epoch_us(touched_at) AS age
FROM deals CROSS JOIN dimensions
LEFT JOIN (FROM marts.touches WHERE is_current) AS touched USING (opportunity_id, dimension)
WINDOW deal AS (PARTITION BY opportunity_id, dimension),
       place AS (PARTITION BY opportunity_id, dimension, coalesce(position, 1));

-- Where all values share one position the models agree, and a value's part is one of so many equal ones. Elsewhere each
-- part is rounded down, and what is left goes to the largest remainders, of equal ones to the first values.
CREATE TABLE marts.attribution AS
WITH models AS (
    SELECT unnest(['linear', 'first_touch', 'last_touch', 'position_based', 'time_decay']) AS model
),
alone AS (
    SELECT dimension, value, outcome, sum(1 / tied) AS opportunities,
           sum(aws_mrr // tied + (turn <= aws_mrr % tied)::INTEGER) AS aws_mrr,
           sum(aws_tcv // tied + (turn <= aws_tcv % tied)::INTEGER) AS aws_tcv,
           sum(software_tcv // tied + (turn <= software_tcv % tied)::INTEGER) AS software_tcv
    FROM credited
    WHERE positions = 1
    GROUP BY dimension, value, outcome
),
weighted AS (
    SELECT *, CASE model
                  WHEN 'first_touch' THEN (position = 1)::HUGEINT
                  WHEN 'last_touch' THEN (position = positions)::HUGEINT
                  WHEN 'position_based' THEN CASE WHEN positions > 2 AND position IN (1, positions)
                                                  THEN 2 * (positions - 2) ELSE 1 END::HUGEINT
                  WHEN 'time_decay' THEN (1e15 * pow(2, -age / (30 * 86400000000)))::HUGEINT
                  ELSE 1 END AS weight
    FROM credited CROSS JOIN models
    WHERE positions > 1
),
shared AS (
    SELECT *, tied * sum(weight) FILTER (turn = 1) OVER (PARTITION BY opportunity_id, dimension, model) AS total
    FROM weighted
),
floored AS (
    SELECT *,
           aws_mrr * weight // total AS aws_mrr_part, aws_mrr * weight % total / total AS aws_mrr_rest,
           aws_tcv * weight // total AS aws_tcv_part, aws_tcv * weight % total / total AS aws_tcv_rest,
           software_tcv * weight // total AS software_tcv_part, software_tcv * weight % total / total AS software_tcv_rest
    FROM shared
),
placed AS (
    SELECT dimension, value, outcome, model, weight / total AS credit,
           aws_mrr_part + (row_number() OVER (deal ORDER BY aws_mrr_rest DESC, value)
                       <= aws_mrr - sum(aws_mrr_part) OVER deal)::INTEGER AS aws_mrr,
           aws_tcv_part + (row_number() OVER (deal ORDER BY aws_tcv_rest DESC, value)
                       <= aws_tcv - sum(aws_tcv_part) OVER deal)::INTEGER AS aws_tcv,
           software_tcv_part + (row_number() OVER (deal ORDER BY software_tcv_rest DESC, value)
                            <= software_tcv - sum(software_tcv_part) OVER deal)::INTEGER AS software_tcv
    FROM floored
    WINDOW deal AS (PARTITION BY opportunity_id, dimension, model)
),
summed AS (
    SELECT model, dimension, value, outcome, sum(credit) AS opportunities, sum(aws_mrr) AS aws_mrr,
           sum(aws_tcv) AS aws_tcv, sum(software_tcv) AS software_tcv
    FROM placed
    GROUP BY ALL
    UNION ALL BY NAME
    FROM alone CROSS JOIN models
)
SELECT model, dimension, value, outcome, sum(opportunities) AS opportunities, money(sum(aws_mrr)) AS aws_mrr,
       money(sum(aws_tcv)) AS aws_tcv, money(sum(software_tcv)) AS software_tcv
FROM summed
GROUP BY model, dimension, value, outcome
ORDER BY model, dimension, value, outcome;
