-- Downgrade from b2 to base, on PostgreSQL
-- Run it with `psql -X -v ON_ERROR_STOP=1 -f SCRIPT DATABASE`

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET DateStyle = 'ISO, MDY';
SET TimeZone = 'UTC';

BEGIN;
SET LOCAL lock_timeout = '1500ms';

LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE;

DO $alembic$
DECLARE
	place pg_catalog.text := (
		SELECT pg_catalog.string_agg(version_num, ', ' ORDER BY version_num COLLATE pg_catalog."C")
		FROM alembic_version
	);
BEGIN
	IF coalesce(place OPERATOR(pg_catalog.<>) 'b2', true) THEN
		RAISE EXCEPTION '%', 'the database is not at b2'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
	IF NOT pg_catalog.to_regclass('alembic_version_progress') IS NULL THEN
		RAISE EXCEPTION '%', 'a revision is unfinished';
	END IF;
END
$alembic$;

-- Running downgrade b2 -> a1, Revision b2

SELECT pg_catalog.json_object_agg(s.name, s.value ORDER BY s.place) AS alembic_kept
FROM (SELECT s.name, pg_catalog.current_setting(s.name, true) AS value, s.place FROM (VALUES (0, 'session_authorization'), (1, 'role'), (2, 'search_path')) AS s (place, name) UNION ALL SELECT pg_catalog.lower(s.name), pg_catalog.current_setting(s.name), 2 FROM pg_catalog.pg_settings AS s WHERE s.context OPERATOR(pg_catalog.=) ANY (ARRAY['user', 'superuser']) AND s.name OPERATOR(pg_catalog.<>) ALL (ARRAY['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'])) AS s \gset

SET search_path = public;

DROP INDEX by_name;

SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, false)) AS alembic_set
FROM (
	SELECT k.key, k.value FROM pg_catalog.json_each_text(:'alembic_kept'::pg_catalog.json) AS k UNION ALL
	SELECT m.name, m.reset_val FROM pg_catalog.pg_settings AS m
	WHERE m.source OPERATOR(pg_catalog.=) 'session' AND pg_catalog.strpos(m.name, '.') OPERATOR(pg_catalog.>) 0
	AND pg_catalog.lower(m.name) OPERATOR(pg_catalog.<>) ALL (SELECT pg_catalog.json_object_keys(:'alembic_kept'::pg_catalog.json))
) AS s (name, value)
WHERE coalesce(pg_catalog.current_setting(s.name, true) OPERATOR(pg_catalog.<>) s.value, true) \gset

SET LOCAL lock_timeout = '1500ms';

UPDATE alembic_version SET version_num = 'a1' WHERE version_num OPERATOR(pg_catalog.=) 'b2';

-- Running downgrade a1 -> , Revision a1

DROP TABLE users;

DELETE FROM alembic_version WHERE version_num OPERATOR(pg_catalog.=) 'a1';

DO $alembic$
DECLARE
	place pg_catalog.text := (
		SELECT pg_catalog.string_agg(version_num, ', ' ORDER BY version_num COLLATE pg_catalog."C")
		FROM alembic_version
	);
BEGIN
	IF place IS NOT NULL THEN
		RAISE EXCEPTION '%', 'the version table was changed and is not at base'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
END
$alembic$;

COMMIT;
