-- Open deals whose target close date has moved later, those moved most often first.
SELECT
    opportunity_id,
    partner_opportunity_id,
    stage,
    close_date_pushes,
    target_close_date,
    aws_mrr_reporting AS aws_mrr
FROM marts.opportunities
WHERE is_open AND close_date_pushes > 0
ORDER BY close_date_pushes DESC, aws_mrr DESC NULLS LAST, opportunity_id
