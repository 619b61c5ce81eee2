-- The definition is split after the name, and that of a partitioned table is the one for all partitions.
SELECT c.oid::text, n.nspname::text, c.relname::text, i.indrelid::text, h.head,
    regexp_replace(substr(pg_get_indexdef(c.oid), length(h.head) + 1),
        CASE t.relkind WHEN 'p' THEN '^ ON ONLY ' ELSE '^ ON ' END, ' ON '),
    i.indisunique::text,
    (SELECT p.inhparent::text FROM pg_inherits p WHERE p.inhrelid = c.oid),
    i.indisvalid::text, i.indisclustered::text, i.indisreplident::text,
    (SELECT string_agg(format('%s %s', a.attnum, a.attstattarget), E'\n' ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p', 'm')
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT concat('CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ',
    quote_ident(c.relname)) AS head) h
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conindid = c.oid AND x.contype IN ('p', 'u', 'x'))
