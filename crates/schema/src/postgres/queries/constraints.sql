-- What partitions make of a foreign key is left out.
SELECT c.oid::text, c.conrelid::text, c.contypid::text, c.conname::text, c.contype::text,
    pg_get_constraintdef(c.oid), c.convalidated::text,
    (NOT c.conislocal OR c.conparentid <> 0)::text, c.confrelid::text,
    array_to_string(c.conkey, ' '),
    CASE WHEN c.contype IN ('p', 'u')
        THEN (SELECT array_to_string(k.reloptions, ', ') FROM pg_class k WHERE k.oid = c.conindid) END,
    i.indisclustered::text, i.indisreplident::text,
    CASE WHEN c.contype IN ('p', 'u', 'x') AND c.conparentid = 0
        THEN (SELECT p.inhparent::text FROM pg_inherits p WHERE p.inhrelid = c.conindid) END
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND i.indrelid = c.conrelid
    AND c.contype IN ('p', 'u', 'x')
WHERE (c.contype IN ('p', 'u', 'c', 'x', 'n') OR (c.contype = 'f' AND c.conparentid = 0))
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
