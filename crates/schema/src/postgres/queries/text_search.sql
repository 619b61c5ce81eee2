-- Dictionaries and configurations of text search, with a row for each statement that creates one.
WITH own (class, objid, schema, name, statements) AS (
    SELECT 'pg_ts_dict'::regclass, d.oid, d.dictnamespace, d.dictname, ARRAY[
        format('CREATE TEXT SEARCH DICTIONARY %I.%I (%s)', n.nspname, d.dictname,
            concat_ws(', ', format('TEMPLATE = %I.%I', o.nspname, t.tmplname), d.dictinitoption))]
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
    JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace o ON o.oid = t.tmplnamespace
    WHERE d.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_config'::regclass, c.oid, c.cfgnamespace, c.cfgname,
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
)
SELECT o.class::text, o.objid::text, n.nspname::text, o.name::text, s.statement
FROM own o JOIN pg_namespace n ON n.oid = o.schema
CROSS JOIN LATERAL unnest(o.statements) WITH ORDINALITY AS s (statement, number)
WHERE n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = o.class AND d.objid = o.objid AND d.deptype = 'e')
ORDER BY o.class::text, o.objid, s.number
