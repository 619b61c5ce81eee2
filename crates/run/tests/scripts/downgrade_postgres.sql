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
	place text := (
		SELECT string_agg(version_num, ', ' ORDER BY version_num COLLATE "C")
		FROM alembic_version
	);
BEGIN
	IF place IS DISTINCT FROM 'b2' THEN
		RAISE EXCEPTION '%', 'the database is not at b2'
		USING DETAIL = 'it is at ' || coalesce(place, 'base');
	END IF;
	IF NOT pg_catalog.to_regclass('alembic_version_progress') IS NULL THEN
		RAISE EXCEPTION '%', 'a revision is unfinished';
	END IF;
END
$alembic$;

-- Running downgrade b2 -> a1, Revision b2

SELECT pg_catalog.set_config('alembic.search_path', pg_catalog.current_setting('search_path'), false);

SET search_path = public;

DROP INDEX by_name;

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('alembic.search_path'), false);

UPDATE alembic_version SET version_num = 'a1' WHERE version_num = 'b2';

-- Running downgrade a1 -> , Revision a1

DROP TABLE users;

DELETE FROM alembic_version WHERE version_num = 'a1';

DO $alembic$
DECLARE
	place text := (
		SELECT string_agg(version_num, ', ' ORDER BY version_num COLLATE "C")
		FROM alembic_version
	);
BEGIN
	IF place IS NOT NULL THEN
		RAISE EXCEPTION '%', 'the version table was changed and is not at base'
		USING DETAIL = 'it is at ' || coalesce(place, 'base');
	END IF;
END
$alembic$;

COMMIT;
