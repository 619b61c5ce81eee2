SELECT e.oid::text, e.extname::text, n.nspname::text, e.extversion, e.extrelocatable::text
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
