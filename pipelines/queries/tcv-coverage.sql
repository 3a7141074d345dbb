-- Open deals by stage: how many carry a TCV, a contract duration, or both, and the MRR that follows.
SELECT
    stage,
    count(*) AS deals,
    count(deal_tcv) AS with_tcv,
    count(contract_months) AS with_duration,
    count(deal_mrr) AS with_both,
    round(count(deal_mrr) / count(*), 4) AS share_with_both,
    sum(deal_mrr_reporting) AS deal_mrr,
    sum(aws_mrr_reporting) FILTER (deal_mrr IS NOT NULL) AS aws_mrr_of_the_same
FROM marts.opportunities
WHERE is_open
GROUP BY stage, stage_rank
ORDER BY stage_rank
