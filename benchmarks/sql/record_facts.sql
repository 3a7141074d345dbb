-- One row per opportunity in marts.opportunities: what the rules of hygiene ask of its record beyond the columns there.
CREATE TABLE ops.record_facts AS
WITH entries AS (
    SELECT parent_key, count(*) FILTER (is_ours) > 0 AND count(*) FILTER (is_ours AND cents IS NULL) = 0 AS has_spend,
           string_agg(DISTINCT currency_code, ', ' ORDER BY currency_code) AS spend_currencies
    FROM (SELECT parent_key, currency_code, coalesce(target_company IN ('AWS', 'Self'), false) AS is_ours,
                 cents(amount) AS cents
          FROM staging.opportunity_versions__project__expected_customer_spend
          SEMI JOIN current_versions ON row_key = parent_key)
    GROUP BY parent_key
),
unconverted AS (
    SELECT opportunity_id, string_agg(DISTINCT currency, ', ' ORDER BY currency) AS unconverted_currencies
    FROM (SELECT opportunity_id, unnest(string_split(unconverted_currencies, ', ')) AS currency FROM observed)
    GROUP BY opportunity_id
),
facts AS (
    SELECT versions.*,
           whole_months(
               as_day(software_revenue__effective_date), as_day(software_revenue__expiration_date) + 1
           ) AS span
    FROM staging.opportunity_versions AS versions
    SEMI JOIN current_versions ON current_versions.row_key = versions.row_key
)
SELECT opportunity_id, contract_duration_as_sent, if(span < 0, 0, span)::INTEGER AS dates_months,
       coalesce(has_spend, false) AS has_spend, spend_currencies, aws_currency_code, deal_currency_code,
       coalesce(national_security = 'Yes', false) AS is_national_security,
       coalesce(trim(life_cycle__next_steps), '') <> '' AS has_next_steps,
       row_key IN (SELECT parent_key
                   FROM staging.opportunity_versions__related_entity_identifiers__solutions
                   WHERE value <> '') AS has_solution,
       unconverted_currencies
FROM facts
LEFT JOIN entries ON entries.parent_key = row_key
LEFT JOIN spend_of_versions AS spend ON spend.parent_key = row_key
LEFT JOIN unconverted USING (opportunity_id)
ORDER BY opportunity_id;
