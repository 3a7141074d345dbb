-- What brought in the deals that were won: credit and amounts by dimension and value, linear model.
SELECT
    dimension,
    value,
    round(opportunities, 2) AS deals,
    aws_mrr,
    aws_tcv,
    software_tcv
FROM marts.attribution
WHERE model = 'linear' AND outcome = 'won'
ORDER BY dimension, aws_mrr DESC NULLS LAST, value
