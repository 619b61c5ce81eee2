-- What is seen and not compared: kind, name.
WITH others (classid, objid) AS (
    SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.typtype IN ('b', 'p')
        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
    UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_class c WHERE c.relkind = 'f'
    UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprcode = 0
    UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
    UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
    UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
    UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
    UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
    UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
    UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'pg_user_mapping'::regclass, umid FROM pg_user_mappings
    UNION ALL SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
    UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
    UNION ALL SELECT 'pg_default_acl'::regclass, oid FROM pg_default_acl
),
privileges (classid, objid, objsubid) AS (
    SELECT 'pg_class'::regclass, oid, 0 FROM pg_class WHERE relacl IS NOT NULL
    UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL SELECT 'pg_proc'::regclass, oid, 0 FROM pg_proc WHERE proacl IS NOT NULL
    UNION ALL SELECT 'pg_type'::regclass, oid, 0 FROM pg_type WHERE typacl IS NOT NULL
    UNION ALL SELECT 'pg_namespace'::regclass, oid, 0 FROM pg_namespace WHERE nspacl IS NOT NULL
    UNION ALL SELECT 'pg_language'::regclass, oid, 0 FROM pg_language WHERE lanacl IS NOT NULL
)
SELECT i.type, i.identity
FROM others o CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i
WHERE o.objid >= 16384 AND coalesce(i.schema, '') !~ '^pg_t' AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype IN ('e', 'i'))

UNION ALL
SELECT 'subscription', quote_ident(s.subname) FROM pg_subscription s
JOIN pg_database b ON b.oid = s.subdbid WHERE b.datname = current_database()

UNION ALL
SELECT 'privileges', concat(i.type, ' ', i.identity)
FROM privileges p CROSS JOIN LATERAL pg_identify_object(p.classid, p.objid, p.objsubid) i
WHERE (p.objid >= 16384 OR (p.classid = 'pg_namespace'::regclass AND p.objid = to_regnamespace('public')
    AND NOT EXISTS (SELECT FROM pg_init_privs a JOIN pg_namespace n ON n.oid = a.objoid
        WHERE a.classoid = p.classid AND n.oid = p.objid AND n.nspacl = a.initprivs)))
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = p.classid AND d.objid = p.objid AND d.deptype = 'e')

UNION ALL
SELECT 'security label', concat(i.type, ' ', i.identity)
FROM pg_seclabel l CROSS JOIN LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i

UNION ALL
-- Who owns what, unless it is the owner of the database.
SELECT 'owner', concat(i.type, ' ', i.identity)
FROM pg_shdepend s JOIN pg_database b ON b.oid = s.dbid
CROSS JOIN LATERAL pg_identify_object(s.classid, s.objid, 0) i
WHERE b.datname = current_database() AND s.deptype = 'o' AND s.refobjid <> b.datdba
AND coalesce(i.schema, '') !~ '^pg_t'
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = s.classid AND d.objid = s.objid AND d.deptype = 'e')
