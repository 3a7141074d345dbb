-- One row per opportunity, dimension and value that was ever seen in a record: when it was first seen.
CREATE TABLE marts.touches AS
WITH versions AS (
    SELECT opportunity_id, versions.row_key, last_modified_at AS seen_at, marketing__campaign_name AS campaign,
           versions.row_key = current_versions.row_key AS is_current
    FROM staging.opportunity_versions AS versions JOIN current_versions USING (opportunity_id)
    WHERE NOT is_excluded AND last_modified_at < getvariable('known_before')
),
snapshots AS (
    SELECT opportunity_id, row_key, created_at AS seen_at
    FROM staging.resource_snapshots SEMI JOIN current_versions USING (opportunity_id)
    WHERE NOT is_excluded AND created_at < getvariable('known_before')
),
shown AS (
    SELECT opportunity_id, 'campaign' AS dimension, campaign AS value, seen_at, is_current FROM versions
    UNION ALL
    SELECT opportunity_id, dimension, value, seen_at, is_current
    FROM version_values JOIN versions ON row_key = parent_key
    UNION ALL
    SELECT opportunity_id, dimension, value, seen_at, false
    FROM snapshot_values JOIN snapshots ON row_key = parent_key
),
first_seen AS (
    SELECT opportunity_id, dimension, value, min(seen_at) AS touched_at, bool_or(is_current) AS is_current
    FROM shown
    WHERE value <> ''
    GROUP BY ALL
)
SELECT *, CASE WHEN is_current
               THEN (dense_rank() OVER (PARTITION BY opportunity_id, dimension, is_current ORDER BY touched_at))::INTEGER
               END AS position
FROM first_seen;
