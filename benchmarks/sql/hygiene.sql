-- One row per opportunity and broken rule.
CREATE TABLE marts.hygiene AS
WITH records AS (
    SELECT *, CASE WHEN dates_months BETWEEN 1 AND 144 THEN dates_months::VARCHAR END AS months_from_dates,
           last_modified_at < getvariable('known_before') - to_days(getvariable('stale_after_days')) AS is_stale,
           make_timestamp(epoch_us(last_modified_at))::DATE AS last_change
    FROM marts.opportunities JOIN ops.record_facts USING (opportunity_id)
),
open AS (
    FROM records WHERE is_open
),
findings AS (
    SELECT opportunity_id, 'missing_contract_duration' AS rule, 'warning' AS severity,
           'no expected contract duration' AS detail, months_from_dates AS suggestion
    FROM open WHERE contract_duration_as_sent IS NULL
    UNION ALL
    SELECT opportunity_id, 'invalid_contract_duration', 'critical',
           format('sent as "{}": not 1 to 144 whole months', contract_duration_as_sent), months_from_dates
    FROM open WHERE contract_duration_as_sent IS NOT NULL AND contract_months IS NULL
    UNION ALL
    SELECT opportunity_id, 'missing_spend', 'warning', 'expected spend for AWS or Self without an amount, or none', NULL
    FROM open WHERE NOT has_spend
    UNION ALL
    SELECT opportunity_id, 'target_close_date_past', 'warning',
           format('target close date {} (days past: {})', target_close_date::VARCHAR,
                  getvariable('as_of') - target_close_date), NULL
    FROM open WHERE target_close_date < getvariable('as_of')
    UNION ALL
    SELECT opportunity_id, 'stale', 'warning',
           format('last changed {} (days ago: {})', last_change::VARCHAR, getvariable('as_of') - last_change), NULL
    FROM open WHERE is_stale
    UNION ALL
    SELECT opportunity_id, 'missing_closed_lost_reason', 'warning', 'Closed Lost without a valid reason', NULL
    FROM records WHERE is_lost AND closed_lost_reason IS NULL
    UNION ALL
    SELECT opportunity_id, 'missing_solution', 'critical', stage || ' without a solution', NULL
    FROM records WHERE stage IN ('Committed', 'Launched') AND NOT has_solution
    UNION ALL
    SELECT opportunity_id, 'duration_disagrees_with_dates', 'warning',
           format('{} months, but the dates span {}', contract_months, dates_months), NULL
    FROM open WHERE abs(contract_months - dates_months) > getvariable('duration_tolerance_months')
    UNION ALL
    SELECT opportunity_id, 'mixed_currencies', 'critical', 'expected spend in ' || spend_currencies, NULL
    FROM open WHERE contains(spend_currencies, ',')
    UNION ALL
    SELECT opportunity_id, 'partition_currency', 'critical', 'aws-eusc, but expected spend in ' || spend_currencies, 'EUR'
    FROM open WHERE aws_partition = 'aws-eusc' AND spend_currencies <> 'EUR'
    UNION ALL
    SELECT opportunity_id, 'national_security_industry', 'critical',
           'national security, but industry ' || coalesce(industry, 'unknown'), NULL
    FROM open WHERE is_national_security AND industry IS DISTINCT FROM 'Government'
    UNION ALL
    SELECT opportunity_id, 'action_required', 'critical', 'AWS''s review asks for corrections', NULL
    FROM open WHERE review_status = 'Action Required'
    UNION ALL
    SELECT opportunity_id, 'missing_next_steps', 'info', 'no next steps', NULL FROM open WHERE NOT has_next_steps
    UNION ALL
    SELECT opportunity_id, 'tcv_disagrees_with_mrr', 'warning',
           format('the TCV gives {} {} a month, the AWS entries {} {}', deal_mrr::VARCHAR, deal_currency_code,
                  aws_mrr::VARCHAR, aws_currency_code), deal_mrr::VARCHAR
    FROM open
    WHERE aws_currency_code = deal_currency_code
          AND abs(deal_mrr - aws_mrr) > aws_mrr * getvariable('mrr_tolerance_share')::DECIMAL(5, 4)
    UNION ALL
    SELECT opportunity_id, 'missing_fx_rate', 'warning',
           format('amounts in {} cannot be converted as of {}', unconverted_currencies,
                  getvariable('as_of')::VARCHAR), NULL
    FROM records WHERE unconverted_currencies IS NOT NULL
)
FROM findings
ORDER BY opportunity_id, rule;
