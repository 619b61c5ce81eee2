SELECT d.classid::text, d.objid::text, d.objsubid::text,
    d.refclassid::text, d.refobjid::text, d.refobjsubid::text
FROM pg_depend d
WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S') AND d.objid >= 16384 AND d.refobjid >= 16384
AND d.refclassid <> 'pg_namespace'::regclass
-- The triggers of foreign keys are the server's own.
AND NOT (d.classid = 'pg_trigger'::regclass AND d.deptype = 'i')
-- A default is read with its column.
AND NOT (d.classid = 'pg_attrdef'::regclass AND d.deptype = 'a'
    AND (d.objid, d.refobjid, d.refobjsubid) IN (SELECT f.oid, f.adrelid, f.adnum FROM pg_attrdef f))
-- The owner of a sequence needs it, not the other way round.
AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    AND EXISTS (SELECT FROM pg_sequence s WHERE s.seqrelid = d.objid))
