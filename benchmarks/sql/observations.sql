-- One row per version and snapshot, in the order of each opportunity's history. Snapshots do not show software revenue:
-- theirs is that of the version before.
CREATE TEMP TABLE observed AS
WITH records AS (
    SELECT opportunity_id, last_modified_at AS observed_at, 'version' AS evidence,
           NULL AS engagement_id, NULL AS revision, row_key, life_cycle__stage AS stage,
           life_cycle__target_close_date AS target_close_date, project__expected_contract_duration__term AS term,
           project__expected_contract_duration__value AS length,
           cents(software_revenue__value__amount) AS software_tcv,
           software_revenue__value__currency_code AS software_currency_code,
           aws_mrr, aws_currency_code, deal_tcv, deal_currency_code
    FROM staging.opportunity_versions
    LEFT JOIN spend_of_versions ON parent_key = row_key
    WHERE NOT is_excluded AND last_modified_at < getvariable('known_before')
    UNION ALL
    SELECT opportunity_id, created_at, 'snapshot', engagement_id, revision, row_key, lifecycle__stage,
           lifecycle__target_close_date, project__expected_contract_duration__term,
           project__expected_contract_duration__value, NULL, NULL, aws_mrr, aws_currency_code, deal_tcv, deal_currency_code
    FROM staging.resource_snapshots
    LEFT JOIN spend_of('staging.resource_snapshots__project__expected_customer_spend') ON parent_key = row_key
    WHERE NOT is_excluded AND created_at < getvariable('known_before')
),
native AS (
    SELECT records.*, contract_months(term, length) AS contract_months
    FROM records SEMI JOIN current_versions USING (opportunity_id)
),
converted AS (
    SELECT native.*,
           half_up(aws_mrr * aws.numerator, aws.denominator) AS aws_mrr_reporting,
           half_up(aws_mrr * contract_months * aws.numerator, aws.denominator) AS aws_tcv_reporting,
           half_up(deal_tcv * deal.numerator, deal.denominator) AS deal_tcv_reporting,
           half_up(software_tcv * software.numerator, software.denominator) AS software_tcv_reporting,
           CASE WHEN aws_mrr IS NOT NULL AND aws.numerator IS NULL
                THEN coalesce(aws_currency_code, '(unknown)') END AS aws_missing,
           CASE WHEN deal_tcv IS NOT NULL AND deal.numerator IS NULL
                THEN coalesce(deal_currency_code, '(unknown)') END AS deal_missing,
           CASE WHEN software_tcv IS NOT NULL AND software.numerator IS NULL
                THEN coalesce(software_currency_code, '(unknown)') END AS software_missing
    FROM native
    LEFT JOIN rates AS aws ON aws.currency_code = aws_currency_code
    LEFT JOIN rates AS deal ON deal.currency_code = deal_currency_code
    LEFT JOIN rates AS software ON software.currency_code = software_currency_code
)
SELECT opportunity_id, (row_number() OVER history)::INTEGER AS observation, observed_at, evidence, stage,
       stage_rank(stage) AS stage_rank, as_day(target_close_date) AS target_close_date, contract_months,
       money(aws_mrr_reporting) AS aws_mrr_reporting, money(aws_tcv_reporting) AS aws_tcv_reporting,
       money(deal_tcv_reporting) AS deal_tcv_reporting,
       money(last_value(CASE WHEN evidence = 'version' THEN row(software_tcv_reporting) END IGNORE NULLS)
             OVER history[1]) AS software_tcv_reporting,
       nullif(concat_ws(', ', aws_missing,
                        CASE WHEN deal_missing IS DISTINCT FROM aws_missing THEN deal_missing END,
                        CASE WHEN software_missing IS DISTINCT FROM aws_missing
                                  AND software_missing IS DISTINCT FROM deal_missing THEN software_missing END),
              '') AS unconverted_currencies
FROM converted
WINDOW history AS (
    PARTITION BY opportunity_id ORDER BY observed_at, evidence DESC, engagement_id, revision, row_key
);

-- A full listing that no longer showed an opportunity shows the state observed last; before the first there is none.
CREATE TEMP TABLE vanished AS
SELECT listing.observed_at AS vanished_at, observed.*
FROM staging.opportunity_visibility AS listing
JOIN observed ON observed.opportunity_id = listing.opportunity_id AND observed.observed_at <= listing.observed_at
WHERE NOT is_visible AND listing.observed_at < getvariable('known_before')
QUALIFY row_number() OVER (PARTITION BY listing.opportunity_id, listing.observed_at ORDER BY observation DESC) = 1;

-- One row per observation of an opportunity, before the end of the as-of day.
CREATE TABLE marts.observations AS
FROM observed ANTI JOIN vanished USING (opportunity_id)
UNION ALL
SELECT * REPLACE ((row_number() OVER (PARTITION BY opportunity_id ORDER BY observed_at, evidence = 'vanished',
                                             observation))::INTEGER
                  AS observation)
FROM (
    FROM observed SEMI JOIN vanished USING (opportunity_id)
    UNION ALL
    SELECT * EXCLUDE (vanished_at) REPLACE (vanished_at AS observed_at, 'vanished' AS evidence) FROM vanished
);
