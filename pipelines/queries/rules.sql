-- Rules that the published night found broken, with how many rows fail each.
SELECT suite, target, column_name, expectation, severity, evaluated, unexpected
FROM quality.results
WHERE NOT success AND run_id = (SELECT arg_max(run_id, started_at) FROM ops.runs WHERE status = 'published')
ORDER BY
    array_position(['critical', 'warning', 'info'], severity),
    unexpected DESC,
    suite,
    target,
    column_name,
    expectation
