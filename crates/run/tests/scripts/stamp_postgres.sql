-- Stamp from a1 to b2, on PostgreSQL
-- Run it with `psql -X -v ON_ERROR_STOP=1 -f SCRIPT DATABASE`

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET DateStyle = 'ISO, MDY';
SET TimeZone = 'UTC';
SELECT pg_catalog.current_setting('lock_timeout') AS alembic_lock_timeout \gset

BEGIN;
SET LOCAL lock_timeout = '1500ms';

DO $alembic$
BEGIN
	IF pg_catalog.to_regclass('alembic_version_log') IS NULL THEN
CREATE TABLE alembic_version_log (
	number INTEGER NOT NULL, 
	revision VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	direction VARCHAR(9) NOT NULL, 
	action VARCHAR(6) NOT NULL, 
	digest VARCHAR(16), 
	rows_after VARCHAR NOT NULL, 
	fingerprint VARCHAR(16) NOT NULL, 
	logged_at TIMESTAMP NOT NULL, 
	took_us BIGINT, 
	user_name VARCHAR, 
	host VARCHAR, 
	application VARCHAR, 
	tool_version VARCHAR NOT NULL, 
	way_back_digest VARCHAR(16), 
	way_back VARCHAR, 
	CONSTRAINT alembic_version_log_pkc PRIMARY KEY (number)
);
	END IF;
END
$alembic$;

LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE;

DO $alembic$
BEGIN
	IF NOT NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[pg_catalog.to_regclass('alembic_version')::pg_catalog.oid, pg_catalog.to_regclass('alembic_version_log')::pg_catalog.oid, pg_catalog.to_regclass('alembic_version_progress')::pg_catalog.oid]) AND NOT ((c.relowner OPERATOR(pg_catalog.=) pg_catalog.quote_ident(current_user::pg_catalog.text)::pg_catalog.regrole::pg_catalog.oid OR pg_catalog.pg_has_role(c.relowner, 10::pg_catalog.oid, 'MEMBER') OR NOT pg_catalog.pg_has_role(10::pg_catalog.oid, 'MEMBER') AND pg_catalog.pg_has_role(c.relowner, 'MEMBER')) OR (c.relkind OPERATOR(pg_catalog.=) 'r' AND NOT c.relhastriggers AND NOT c.relhasrules AND NOT c.relrowsecurity AND NOT c.relhassubclass AND c.relchecks OPERATOR(pg_catalog.=) 0::pg_catalog.int2 AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND (a.atthasdef OR a.atttypid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid))))) THEN
		RAISE EXCEPTION '%', 'the version table, or a table next to it, is another user''s, and runs code of its own';
	END IF;
END
$alembic$;

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

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'b2', 'Revision b2', 'upgrade', 'stamp', '01ddbeed9bb874e4', 'b2', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') OPERATOR(pg_catalog.=) '42b2da82679ba20a' THEN 'ff07b7ec65f73279' ELSE '' END, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', NULL, session_user, NULL, 'psql', '0.1.0', 'b763e614cbea18e6', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest OPERATOR(pg_catalog.=) 'b763e614cbea18e6') THEN '-- Revision b2
--
-- Revision ID: b2
-- Revises: a1

-- alembic: upgrade empty

-- alembic: downgrade postgres
SET search_path = public;
DROP INDEX by_name;
' END
FROM (SELECT coalesce(pg_catalog.max(number), 0) OPERATOR(pg_catalog.+) 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') OPERATOR(pg_catalog.=) 'a1';

DROP TABLE IF EXISTS alembic_version_progress;

SET CONSTRAINTS ALL IMMEDIATE;

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
