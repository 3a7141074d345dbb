-- What moved the AWS MRR of the open pipeline, month by month, the latest first.
SELECT month, opening, created, discovered, reopened, increased, decreased, won, lost, closing
FROM marts.pipeline_waterfall
WHERE measure = 'aws_mrr'
ORDER BY month DESC
