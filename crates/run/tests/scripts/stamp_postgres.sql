-- Stamp from a1 to b2, on PostgreSQL
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
	IF coalesce(place OPERATOR(pg_catalog.<>) 'a1', true) THEN
		RAISE EXCEPTION '%', 'the database is not at a1'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
END
$alembic$;

UPDATE alembic_version SET version_num = 'b2' WHERE version_num OPERATOR(pg_catalog.=) 'a1';

DROP TABLE IF EXISTS alembic_version_progress;

DO $alembic$
DECLARE
	place pg_catalog.text := (
		SELECT pg_catalog.string_agg(version_num, ', ' ORDER BY version_num COLLATE pg_catalog."C")
		FROM alembic_version
	);
BEGIN
	IF coalesce(place OPERATOR(pg_catalog.<>) 'b2', true) THEN
		RAISE EXCEPTION '%', 'the version table was changed and is not at b2'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
END
$alembic$;

COMMIT;
