-- One row per opportunity that is not quarantined: its last version before the end of the as-of day.
CREATE TABLE marts.opportunities AS
WITH native AS (
    SELECT versions.*, spend.* EXCLUDE (parent_key),
           contract_months(
               project__expected_contract_duration__term, project__expected_contract_duration__value
           ) AS contract_months,
           cents(software_revenue__value__amount) AS software_tcv,
           software_revenue__value__currency_code AS software_currency_code,
           whole_months(
               as_day(software_revenue__effective_date), as_day(software_revenue__expiration_date) + 1
           ) AS months_of_dates
    FROM staging.opportunity_versions AS versions
    SEMI JOIN current_versions ON current_versions.row_key = versions.row_key
    LEFT JOIN spend_of_versions AS spend ON spend.parent_key = versions.row_key
),
derived AS (
    SELECT *, coalesce(contract_months, CASE WHEN months_of_dates >= 1 THEN months_of_dates END)::INTEGER
              AS software_months,
           half_up(deal_tcv, contract_months) AS deal_mrr, aws_mrr * contract_months AS aws_tcv, aws_mrr * 12 AS aws_arr,
           aws_mrr * if(contract_months > 12, 12, contract_months) AS aws_acv, half_up(software_tcv, software_months) AS software_mrr,
           life_cycle__stage AS stage, stage_rank(stage) AS stage_rank,
           stage_rank IS NOT NULL OR stage = 'Closed Lost' AS is_known_stage
    FROM native
),
progress AS (
    SELECT opportunity_id, max(CASE WHEN stage = 'Closed Lost' THEN 1 ELSE stage_rank END) AS furthest_stage_rank,
           count(*) FILTER (target_close_date > target_before)::INTEGER AS close_date_pushes
    FROM (SELECT opportunity_id, stage, stage_rank, target_close_date,
                 lag(target_close_date IGNORE NULLS) OVER (PARTITION BY opportunity_id ORDER BY observation)
                 AS target_before
          FROM observed)
    GROUP BY opportunity_id
),
aws_side AS (
    SELECT opportunity_id, involvement_type, origin, life_cycle__stage AS aws_stage,
           insights__engagement_score AS engagement_score
    FROM staging.aws_opportunity_summaries
    SEMI JOIN (
        SELECT max_by(row_key, (last_modified_at, row_key)) AS row_key
        FROM staging.aws_opportunity_summaries
        WHERE last_modified_at < getvariable('known_before')
        GROUP BY opportunity_id
    ) USING (row_key)
    WHERE NOT is_excluded
),
sight AS (
    SELECT opportunity_id, max_by(is_visible, observed_at) AS is_visible
    FROM staging.opportunity_visibility
    WHERE observed_at < getvariable('known_before')
    GROUP BY opportunity_id
)
SELECT opportunity_id, arn, catalog, partner_opportunity_identifier AS partner_opportunity_id, project__title AS title,
       customer__account__company_name AS customer_name, customer__account__industry AS industry,
       customer__account__address__country_code AS country_code, opportunity_type, stage, stage_rank,
       CASE WHEN is_known_stage THEN coalesce(stage_rank < 6, false) END AS is_open,
       CASE WHEN is_known_stage THEN stage = 'Launched' END AS is_won,
       CASE WHEN is_known_stage THEN stage = 'Closed Lost' END AS is_lost,
       life_cycle__closed_lost_reason AS closed_lost_reason, life_cycle__review_status AS review_status,
       as_day(life_cycle__target_close_date) AS target_close_date, created_date::TIMESTAMPTZ AS created_at,
       last_modified_at, marketing__campaign_name AS campaign, marketing__source AS marketing_source,
       marketing__aws_funding_used AS aws_funding_used, project__aws_partition AS aws_partition,
       project__competitor_name AS competitor, derived.currency_code, contract_months, money(aws_mrr) AS aws_mrr,
       money(deal_tcv) AS deal_tcv, money(deal_mrr) AS deal_mrr, money(aws_tcv) AS aws_tcv, money(aws_arr) AS aws_arr,
       money(aws_acv) AS aws_acv, money(software_tcv) AS software_tcv, software_months,
       money(software_mrr) AS software_mrr,
       money(half_up(aws_mrr * aws.numerator, aws.denominator)) AS aws_mrr_reporting,
       money(half_up(deal_tcv * deal.numerator, deal.denominator)) AS deal_tcv_reporting,
       money(half_up(deal_mrr * deal.numerator, deal.denominator)) AS deal_mrr_reporting,
       money(half_up(aws_tcv * aws.numerator, aws.denominator)) AS aws_tcv_reporting,
       money(half_up(aws_arr * aws.numerator, aws.denominator)) AS aws_arr_reporting,
       money(half_up(aws_acv * aws.numerator, aws.denominator)) AS aws_acv_reporting,
       money(half_up(software_tcv * software.numerator, software.denominator)) AS software_tcv_reporting,
       money(half_up(software_mrr * software.numerator, software.denominator)) AS software_mrr_reporting,
       ['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched']
           [furthest_stage_rank] AS furthest_stage,
       furthest_stage_rank, close_date_pushes, coalesce(is_visible, true) AS is_visible, aws_stage, engagement_score,
       involvement_type, origin, software_currency_code
FROM derived
LEFT JOIN progress USING (opportunity_id)
LEFT JOIN aws_side USING (opportunity_id)
LEFT JOIN sight USING (opportunity_id)
LEFT JOIN rates AS aws ON aws.currency_code = aws_currency_code
LEFT JOIN rates AS deal ON deal.currency_code = deal_currency_code
LEFT JOIN rates AS software ON software.currency_code = software_currency_code
ORDER BY opportunity_id;
