-- What the published night kept out of the marts: records excluded and fields set to null, by rule.
SELECT
    source_table,
    column_name,
    rule,
    severity,
    action,
    count(*) AS records,
    min(opportunity_id) AS first_opportunity_id
FROM quality.quarantine
WHERE run_id = (SELECT arg_max(run_id, started_at) FROM ops.runs WHERE status = 'published')
GROUP BY ALL
ORDER BY action, records DESC, source_table, column_name, rule
