-- Open deals by stage: how many, and their amounts in reporting currency.
SELECT
    stage,
    count(*) AS deals,
    sum(aws_mrr_reporting) AS aws_mrr,
    sum(aws_tcv_reporting) AS aws_tcv,
    sum(deal_tcv_reporting) AS deal_tcv,
    count(*) FILTER (aws_mrr_reporting IS NULL) AS deals_without_aws_mrr
FROM marts.opportunities
WHERE is_open
GROUP BY stage, stage_rank
ORDER BY stage_rank
