-- Deals with a broken rule of hygiene, the worst and the largest first, with what to set where it is known.
SELECT
    opportunity_id,
    partner_opportunity_id,
    stage,
    aws_mrr_reporting AS aws_mrr,
    severity,
    rule,
    suggestion
FROM marts.hygiene
JOIN marts.opportunities USING (opportunity_id)
ORDER BY
    array_position(['critical', 'warning', 'info'], severity),
    aws_mrr DESC NULLS LAST,
    opportunity_id,
    rule
