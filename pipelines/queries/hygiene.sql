-- Broken rules of hygiene: how many deals each concerns, the AWS MRR at stake, and how many have a suggestion.
SELECT
    rule,
    severity,
    count(*) AS deals,
    sum(aws_mrr_reporting) AS aws_mrr,
    count(suggestion) AS suggestions
FROM marts.hygiene
JOIN marts.opportunities USING (opportunity_id)
GROUP BY rule, severity
ORDER BY array_position(['critical', 'warning', 'info'], severity), deals DESC, rule
