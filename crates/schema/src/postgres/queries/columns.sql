-- A default names no columns: the server need not look them up, as it does for an expression of a table.
SELECT a.attrelid::text, a.attnum::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN a.attcollation::regcollation::text END,
    a.attnotnull::text, a.attgenerated::text, a.attidentity::text,
    d.oid::text, pg_get_expr(d.adbin, CASE a.attgenerated WHEN '' THEN 0 ELSE d.adrelid END),
    a.attislocal::text, (a.attinhcount > 0)::text,
    CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
        WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
    CASE a.compression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
    CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END,
    CASE WHEN cardinality(a.attoptions) > 1 OR NOT a.attoptions[1] ^@ 'pg_'
        THEN array_to_string(a.attoptions, E'\n') END
-- Servers before 14 do not have the column, and take the one around it.
FROM (VALUES (''::"char")) AS old (attcompression)
CROSS JOIN LATERAL (SELECT a.*, attcompression AS compression FROM pg_attribute a) AS a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'c')
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
