-- Tables of the warehouse: what a row of each is, and how many there are.
SELECT schema_name || '.' || table_name AS table_name, estimated_size AS rows, comment
FROM duckdb_tables()
WHERE schema_name IN ('marts', 'quality', 'ops')
ORDER BY schema_name, table_name
