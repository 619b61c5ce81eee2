-- What tables and views have besides columns, constraints and indexes, with the statement that creates it.
SELECT 'trigger', t.oid::text, t.tgrelid::text, n.nspname::text, t.tgname::text, t.tgenabled::text, pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0'
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

UNION ALL
SELECT 'rule', w.oid::text, w.ev_class::text, n.nspname::text, w.rulename::text, w.ev_enabled::text, pg_get_ruledef(w.oid)
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE w.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

UNION ALL
SELECT 'policy', p.oid::text, p.polrelid::text, n.nspname::text, p.polname::text, NULL, concat(
    format('CREATE POLICY %I ON %I.%I', p.polname, n.nspname, c.relname),
    CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
    CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE'
        WHEN 'd' THEN ' FOR DELETE' END,
    ' TO ' || nullif((SELECT string_agg(role::regrole::text, ', ' ORDER BY role::regrole::text COLLATE "C")
        FROM unnest(p.polroles) AS role WHERE role <> 0), ''),
    ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
    ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace

UNION ALL
SELECT 'statistics', s.oid::text, s.stxrelid::text, (SELECT o.nspname::text FROM pg_namespace o WHERE o.oid = s.stxnamespace), s.stxname::text,
    CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END, pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
