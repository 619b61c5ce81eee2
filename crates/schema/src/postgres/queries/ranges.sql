SELECT t.oid::text, n.nspname::text, t.typname::text, format('CREATE TYPE %I.%I AS RANGE (%s)', n.nspname, t.typname,
    concat_ws(', ',
        'subtype = ' || format_type(r.rngsubtype, NULL),
        CASE WHEN NOT o.opcdefault THEN format('subtype_opclass = %I.%I', o_n.nspname, o.opcname) END,
        CASE WHEN r.rngcollation NOT IN (0, s.typcollation)
            THEN 'collation = ' || r.rngcollation::regcollation END,
        CASE WHEN r.rngcanonical <> 0 THEN 'canonical = ' || r.rngcanonical END,
        CASE WHEN r.rngsubdiff <> 0 THEN 'subtype_diff = ' || r.rngsubdiff END,
        'multirange_type_name = ' || nullif(to_jsonb(r) ->> 'rngmultitypid', '0')::regtype))
FROM pg_range r
JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type s ON s.oid = r.rngsubtype
JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace o_n ON o_n.oid = o.opcnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
