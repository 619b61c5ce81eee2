SELECT c.oid::text, n.nspname::text, c.collname::text, format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname,
    concat_ws(', ',
        'provider = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' END,
        CASE WHEN c.collprovider = 'c' AND c.collcollate = c.collctype
            THEN 'locale = ' || quote_literal(c.collcollate)
            WHEN c.collprovider = 'c' THEN 'lc_collate = ' || quote_literal(c.collcollate)
                || ', lc_ctype = ' || quote_literal(c.collctype)
            ELSE 'locale = ' || quote_literal(
                coalesce(o.more ->> 'colllocale', o.more ->> 'colliculocale', o.more ->> 'collcollate')) END,
        'rules = ' || quote_literal(o.more ->> 'collicurules'),
        CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END))
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
CROSS JOIN LATERAL (SELECT to_jsonb(c) AS more) o
WHERE c.oid >= 16384 AND n.nspname !~ '^pg_'
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_collation'::regclass AND d.objid = c.oid AND d.deptype = 'e')
