-- Parts of the catalog that stand for an object: class, oid; class, oid of the object, and of its column.
-- What belongs to an extension.
SELECT d.classid::text, d.objid::text, d.refclassid::text, d.refobjid::text, '0'
FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass

UNION ALL
SELECT t.tableoid::text, t.typarray::text, t.tableoid::text, t.oid::text, '0'
FROM pg_type t WHERE t.typarray <> 0 AND t.oid >= 16384

UNION ALL
SELECT t.tableoid::text, t.oid::text, 'pg_class'::regclass::oid::text, t.typrelid::text, '0'
FROM pg_type t WHERE t.typrelid <> 0 AND t.oid >= 16384
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')

UNION ALL
-- The functions and the multirange type that come with a range type.
SELECT d.classid::text, d.objid::text, d.refclassid::text, d.refobjid::text, '0'
FROM pg_depend d WHERE d.deptype = 'i' AND d.refclassid = 'pg_type'::regclass AND d.refobjid >= 16384
AND (d.classid = 'pg_proc'::regclass OR (d.classid = 'pg_type'::regclass
    AND EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = d.refobjid)
    AND NOT EXISTS (SELECT FROM pg_type t WHERE t.typarray = d.objid)))

UNION ALL
SELECT w.tableoid::text, w.oid::text, 'pg_class'::regclass::oid::text, w.ev_class::text, '0'
FROM pg_rewrite w WHERE w.rulename = '_RETURN' AND w.oid >= 16384

UNION ALL
SELECT 'pg_class'::regclass::oid::text, c.conindid::text, c.tableoid::text, c.oid::text, '0'
FROM pg_constraint c WHERE c.contype IN ('p', 'u', 'x') AND c.conindid <> 0

UNION ALL
SELECT d.classid::text, d.objid::text, d.refclassid::text, d.refobjid::text, d.refobjsubid::text
FROM pg_depend d WHERE d.deptype = 'i' AND d.classid = 'pg_class'::regclass
AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0

UNION ALL
-- What a foreign key to a partitioned table makes for each of the partitions.
SELECT c.tableoid::text, c.oid::text, p.tableoid::text, p.oid::text, '0'
FROM pg_constraint c JOIN pg_constraint p ON p.oid = c.conparentid AND p.conrelid = c.conrelid
WHERE c.contype = 'f'
