-- Columns of the warehouse: table, type and meaning.
SELECT schema_name || '.' || table_name AS table_name, column_name, data_type, comment
FROM duckdb_columns()
WHERE schema_name IN ('marts', 'quality', 'ops')
ORDER BY schema_name, table_name, column_index
