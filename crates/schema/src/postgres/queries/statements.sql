-- Text search, operators and casts, with a row for each statement that creates one.
WITH own (class, objid, schema, name, statements) AS (
    SELECT 'pg_ts_dict'::regclass, d.oid, n.nspname, d.dictname::text, ARRAY[
        format('CREATE TEXT SEARCH DICTIONARY %I.%I (%s)', n.nspname, d.dictname,
            concat_ws(', ', format('TEMPLATE = %I.%I', o.nspname, t.tmplname), d.dictinitoption))]
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
    JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace o ON o.oid = t.tmplnamespace

    UNION ALL
    SELECT 'pg_ts_config'::regclass, c.oid, n.nspname, c.cfgname::text,
        format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, o.nspname, p.prsname)
        || ARRAY(SELECT format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %s WITH %s', n.nspname, c.cfgname,
                string_agg(quote_ident(k.alias), ', ' ORDER BY k.alias COLLATE "C"), m.dictionaries)
            FROM (SELECT m.maptokentype, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)
                    FROM pg_ts_config_map m WHERE m.mapcfg = c.oid GROUP BY m.maptokentype) m (token, dictionaries)
                JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.token
            GROUP BY m.dictionaries ORDER BY min(k.tokid))
    FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
    JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace o ON o.oid = p.prsnamespace
    WHERE c.oid >= 16384

    UNION ALL
    -- One whose function is missing is only announced by another, and made with it.
    SELECT 'pg_operator'::regclass, o.oid, n.nspname,
        format('%s(%s, %s)', o.oprname, coalesce(nullif(o.oprleft, 0)::regtype::text, 'NONE'),
            coalesce(nullif(o.oprright, 0)::regtype::text, 'NONE')),
        ARRAY[format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ',
            'FUNCTION = ' || o.oprcode,
            'LEFTARG = ' || nullif(o.oprleft, 0)::regtype,
            'RIGHTARG = ' || nullif(o.oprright, 0)::regtype,
            (SELECT format('COMMUTATOR = OPERATOR(%I.%s)', p.nspname, c.oprname)
                FROM pg_operator c JOIN pg_namespace p ON p.oid = c.oprnamespace WHERE c.oid = o.oprcom),
            (SELECT format('NEGATOR = OPERATOR(%I.%s)', p.nspname, g.oprname)
                FROM pg_operator g JOIN pg_namespace p ON p.oid = g.oprnamespace WHERE g.oid = o.oprnegate),
            CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest END,
            CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin END,
            CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END))]
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oprcode <> 0

    UNION ALL
    SELECT 'pg_cast'::regclass, c.oid, '', t.types, ARRAY[concat('CREATE CAST ', t.types,
        CASE c.castmethod WHEN 'f' THEN ' WITH FUNCTION ' || nullif(c.castfunc, 0)::regprocedure
            WHEN 'i' THEN ' WITH INOUT' ELSE ' WITHOUT FUNCTION' END,
        CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END)]
    FROM pg_cast c CROSS JOIN LATERAL (SELECT format('(%s AS %s)',
        format_type(c.castsource, NULL), format_type(c.casttarget, NULL)) AS types) t
)
SELECT o.class::oid::text, o.objid::text, o.schema::text, o.name, s.statement
FROM own o CROSS JOIN LATERAL unnest(o.statements) WITH ORDINALITY AS s (statement, number)
WHERE o.objid >= 16384 AND o.schema !~ '^pg_' AND o.schema <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = o.class AND d.objid = o.objid AND d.deptype IN ('e', 'i'))
ORDER BY o.class::text, o.objid, s.number
