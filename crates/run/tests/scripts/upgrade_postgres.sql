-- Upgrade from base to b2, on PostgreSQL
-- Run it with `psql -X -v ON_ERROR_STOP=1 -f SCRIPT DATABASE`

\set ON_ERROR_STOP on

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET DateStyle = 'ISO, MDY';
SET TimeZone = 'UTC';
SELECT pg_catalog.current_setting('lock_timeout') AS alembic_lock_timeout \gset

BEGIN;
SET LOCAL lock_timeout = '1500ms';

DO $alembic$
BEGIN
	IF NOT (SELECT o.relname FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) o.relnamespace WHERE pg_catalog.to_regclass('alembic_version') IS NULL AND (s.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema()::pg_catalog.name OR s.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))) AND o.relname OPERATOR(pg_catalog.=) ANY (ARRAY['_sqlx_migrations', '__diesel_schema_migrations', 'refinery_schema_history', 'seaql_migrations', 'flyway_schema_history', 'goose_db_version', 'schema_migrations', '_prisma_migrations', 'django_migrations', 'databasechangelog', 'knex_migrations', '__EFMigrationsHistory']::pg_catalog.name[]) AND o.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog."char"[]) LIMIT 1) IS NULL THEN
		RAISE EXCEPTION '%', 'another migration tool manages the database, so it must be stamped first';
	END IF;
END
$alembic$;

DO $alembic$
BEGIN
	IF pg_catalog.to_regclass('alembic_version') IS NULL THEN
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
	END IF;
END
$alembic$;

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
	IF place IS NOT NULL THEN
		RAISE EXCEPTION '%', 'the database is not at base'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
	IF NOT pg_catalog.to_regclass('alembic_version_progress') IS NULL THEN
		RAISE EXCEPTION '%', 'a revision is unfinished: finish it with `cargo alembic upgrade` or `downgrade`, or undo its changes and stamp the database';
	END IF;
END
$alembic$;

-- Running upgrade  -> a1, Revision a1

CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

INSERT INTO users VALUES (1, 'a; -- '), -- and
 (2, 'b');

INSERT INTO alembic_version (version_num) VALUES ('a1');

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'a1', 'Revision a1', 'upgrade', 'run', '017d29c91e81104e', 'a1', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') OPERATOR(pg_catalog.=) '0000000000000000' THEN '42b2da82679ba20a' ELSE '' END, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', NULL, session_user, NULL, 'psql', '0.1.0', '7515492eb1d8d1dd', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest OPERATOR(pg_catalog.=) '7515492eb1d8d1dd') THEN '-- Revision a1
--
-- Revision ID: a1
-- Revises:

-- alembic: upgrade empty

-- alembic: downgrade
DROP TABLE users;
' END
FROM (SELECT coalesce(pg_catalog.max(number), 0) OPERATOR(pg_catalog.+) 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') OPERATOR(pg_catalog.=) '';

SET CONSTRAINTS ALL IMMEDIATE;

DO $alembic$
DECLARE
	place pg_catalog.text := (
		SELECT pg_catalog.string_agg(version_num, ', ' ORDER BY version_num COLLATE pg_catalog."C")
		FROM alembic_version
	);
BEGIN
	IF coalesce(place OPERATOR(pg_catalog.<>) 'a1', true) THEN
		RAISE EXCEPTION '%', 'the version table was changed and is not at a1'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
END
$alembic$;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '1500ms';

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
	IF NOT pg_catalog.to_regclass('alembic_version_progress') IS NULL THEN
		RAISE EXCEPTION '%', 'a revision is unfinished: finish it with `cargo alembic upgrade` or `downgrade`, or undo its changes and stamp the database';
	END IF;
END
$alembic$;

-- Running upgrade a1 -> b2, Revision b2

UPDATE users SET name = 'c' WHERE id = 2;

CREATE TABLE alembic_version_progress (
	revision VARCHAR(32) NOT NULL, 
	direction VARCHAR(9) NOT NULL, 
	done INTEGER NOT NULL, 
	begun INTEGER, 
	digest VARCHAR(16) NOT NULL, 
	process INTEGER, 
	since TIMESTAMP NOT NULL
);

INSERT INTO alembic_version_progress (revision, direction, done, begun, digest, process, since) VALUES ('b2', 'upgrade', 1, 2, 'a1e30df7bf8528e0', pg_catalog.pg_backend_pid(), pg_catalog.clock_timestamp() AT TIME ZONE 'UTC');

DO $alembic$
DECLARE
	place pg_catalog.text := (
		SELECT pg_catalog.string_agg(version_num, ', ' ORDER BY version_num COLLATE pg_catalog."C")
		FROM alembic_version
	);
BEGIN
	IF coalesce(place OPERATOR(pg_catalog.<>) 'a1', true) THEN
		RAISE EXCEPTION '%', 'the version table was changed and is not at a1'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
END
$alembic$;

COMMIT;

CREATE INDEX CONCURRENTLY by_name ON users (name);

WITH s AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true) AS value) UPDATE alembic_version_progress SET revision = 'b2', direction = 'upgrade', done = 2, begun = NULL, digest = 'a3b1cdb7a46be8ae', process = pg_catalog.pg_backend_pid(), since = pg_catalog.clock_timestamp() AT TIME ZONE 'UTC' WHERE (SELECT value FROM s) IS NOT NULL;

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

DO $alembic$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('users')::pg_catalog.oid AND c.relname OPERATOR(pg_catalog.=) 'by_name' AND i.indisvalid) THEN
		RAISE EXCEPTION '%', 'the index by_name is invalid or missing';
	END IF;
END
$alembic$;

DELETE FROM users WHERE id = 1;

UPDATE alembic_version SET version_num = 'b2' WHERE version_num OPERATOR(pg_catalog.=) 'a1';

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'b2', 'Revision b2', 'upgrade', 'run', '01ddbeed9bb874e4', 'b2', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') OPERATOR(pg_catalog.=) '42b2da82679ba20a' THEN 'ff07b7ec65f73279' ELSE '' END, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', NULL, session_user, NULL, 'psql', '0.1.0', 'b763e614cbea18e6', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest OPERATOR(pg_catalog.=) 'b763e614cbea18e6') THEN '-- Revision b2
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

DROP TABLE alembic_version_progress;

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
