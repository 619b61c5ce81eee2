-- The comment that initdb puts on the schema public is nobody's, and is gone where that was made anew.
SELECT d.classoid::text, d.objoid::text, d.objsubid::text, d.description
FROM pg_description d CROSS JOIN LATERAL (SELECT d.classoid = 'pg_namespace'::regclass
    AND d.objoid = to_regnamespace('public') AS is_public) AS schema
WHERE d.objoid >= 16384 AND is_public IS NOT TRUE
OR is_public AND d.description <> 'standard public schema'
