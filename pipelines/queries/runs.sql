-- Every run up to the published one: when, how it ended, how long it took, and the AWS calls it made.
SELECT
    started_at,
    status,
    as_of,
    catalog,
    round(epoch(finished_at - started_at), 1) AS seconds,
    calls,
    retries,
    opportunities_listed,
    opportunities_fetched,
    snapshots_fetched,
    rows_published,
    error
FROM ops.runs
ORDER BY started_at DESC
