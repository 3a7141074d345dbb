-- What several marts read. Money is computed in whole cents, as HUGEINT, since DuckDB divides decimals as doubles.
-- Given: the variables `as_of`, `stale_after_days`, `duration_tolerance_months` and `mrr_tolerance_share`, and the table
-- `rates`: what one unit of a currency is worth in the reporting currency, as numerator and denominator.

SET VARIABLE known_before = (getvariable('as_of')::DATE + 1)::TIMESTAMPTZ;

CREATE TEMP MACRO cents(amount) AS
    CASE WHEN regexp_matches(amount, '^(0|[1-9][0-9]{0,30})(\.[0-9]{0,2})?$')
         THEN (TRY_CAST(amount AS DECIMAL(38, 2)) * 100)::HUGEINT END;

CREATE TEMP MACRO money(cents) AS (cents * 0.01)::DECIMAL(38, 2);

CREATE TEMP MACRO half_up(numerator, denominator) AS (2 * numerator + denominator) // (2 * denominator);

CREATE TEMP MACRO as_day(written) AS
    CASE WHEN regexp_matches(written, '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$') THEN TRY_CAST(written AS DATE) END;

-- In UTC, as date_trunc of a TIMESTAMPTZ asks the time zone's calendar row by row.
CREATE TEMP MACRO month_of(instant) AS date_trunc('month', make_timestamp(epoch_us(instant)))::DATE;

CREATE TEMP MACRO days_between(earlier, later) AS (epoch_us(later) - epoch_us(earlier)) / 86400000000;

CREATE TEMP MACRO contract_months(term, length) AS
    CASE WHEN term = 'Months' AND regexp_matches(length, '^0*[1-9][0-9]{0,2}$') AND length::INTEGER <= 144
         THEN length::INTEGER END;

CREATE TEMP MACRO whole_months(first_day, end_day) AS
    12 * (year(end_day) - year(first_day)) + month(end_day) - month(first_day)
    - (day(first_day) > day(end_day) AND end_day <> last_day(end_day))::INTEGER;

CREATE TEMP MACRO stage_rank(stage) AS
    list_position(
        ['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched'], stage
    );

-- One row per version or snapshot that has entries of expected spend.
CREATE TEMP MACRO spend_of(entries) AS TABLE
    SELECT parent_key,
           CASE WHEN count(currency_code) = count(*) AND min(currency_code) = max(currency_code)
                THEN min(currency_code) END AS currency_code,
           CASE WHEN count(aws_currency) = count(*) FILTER (is_aws) AND min(aws_currency) = max(aws_currency)
                THEN min(aws_currency) END AS aws_currency_code,
           CASE WHEN count(aws_cents) = count(*) FILTER (is_aws)
                     AND (count(aws_cents) = 1
                          OR count(aws_currency) = count(aws_cents) AND min(aws_currency) = max(aws_currency))
                THEN sum(aws_cents) END AS aws_mrr,
           CASE WHEN count(*) FILTER (is_self) = 1 THEN max(self_currency) END AS deal_currency_code,
           CASE WHEN count(*) FILTER (is_self) = 1 THEN max(self_cents) END AS deal_tcv
    FROM (SELECT parent_key, currency_code, cents(amount) AS cents,
                 coalesce(target_company = 'AWS', false) AS is_aws, coalesce(target_company = 'Self', false) AS is_self,
                 CASE WHEN is_aws THEN cents END AS aws_cents, CASE WHEN is_aws THEN currency_code END AS aws_currency,
                 CASE WHEN is_self THEN cents END AS self_cents,
                 CASE WHEN is_self THEN currency_code END AS self_currency
          FROM query_table(entries))
    GROUP BY parent_key;

CREATE TEMP TABLE spend_of_versions AS
FROM spend_of('staging.opportunity_versions__project__expected_customer_spend');

-- One row per opportunity in the marts: its last version, unless that is excluded.
CREATE TEMP TABLE current_versions AS
SELECT opportunity_id, max_by(row_key, (last_modified_at, row_key)) AS row_key
FROM staging.opportunity_versions
WHERE last_modified_at < getvariable('known_before')
GROUP BY opportunity_id
HAVING NOT max_by(is_excluded, (last_modified_at, row_key));

-- One row per item of a list that attribution has as a dimension, of versions and of snapshots.
CREATE TEMP VIEW version_values AS
SELECT 'channel' AS dimension, parent_key, value FROM staging.opportunity_versions__marketing__channels
UNION ALL
SELECT 'solution', parent_key, value FROM staging.opportunity_versions__related_entity_identifiers__solutions
UNION ALL
SELECT 'aws_product', parent_key, value FROM staging.opportunity_versions__related_entity_identifiers__aws_products
UNION ALL
SELECT 'apn_program', parent_key, value FROM staging.opportunity_versions__project__apn_programs
UNION ALL
SELECT 'partner_need', parent_key, value FROM staging.opportunity_versions__primary_needs_from_aws;

CREATE TEMP VIEW snapshot_values AS
SELECT 'solution' AS dimension, parent_key, value FROM staging.resource_snapshots__related_entity_identifiers__solutions
UNION ALL
SELECT 'aws_product', parent_key, value FROM staging.resource_snapshots__related_entity_identifiers__aws_products
UNION ALL
SELECT 'partner_need', parent_key, value FROM staging.resource_snapshots__primary_needs_from_aws;
