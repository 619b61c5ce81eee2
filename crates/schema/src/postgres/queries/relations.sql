-- Tables, views, materialized views and composite types.
SELECT c.oid::text,
    (SELECT string_agg(i.inhparent::text, ' ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
    CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
    c.relkind::text, n.nspname::text, c.relname::text, c.reltype::text,
    (c.relpersistence = 'u')::text, c.relrowsecurity::text, c.relforcerowsecurity::text,
    CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' END,
    CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END,
    array_to_string(c.reloptions || CASE WHEN c.reltoastrelid <> 0 THEN ARRAY(SELECT 'toast.' || option
        FROM pg_class t CROSS JOIN unnest(t.reloptions) AS option WHERE t.oid = c.reltoastrelid) END, E'\n'),
    (SELECT a.amname::text FROM pg_am a WHERE a.oid = c.relam AND a.amname <> 'heap'),
    CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
    c.relispopulated::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
-- Of a composite type, it is the type that belongs to an extension.
AND (c.relkind <> 'c' OR NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = c.reltype AND d.deptype = 'e'))
