SELECT e.oid::text, e.extname::text, n.nspname::text, e.extversion, e.extrelocatable::text, a.comment
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_available_extensions() a ON a.name = e.extname
WHERE e.extname <> 'plpgsql'
