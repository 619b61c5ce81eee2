-- Downgrade from b2 to base, on PostgreSQL
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
	IF coalesce(place OPERATOR(pg_catalog.<>) 'b2', true) THEN
		RAISE EXCEPTION '%', 'the database is not at b2'
		USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));
	END IF;
	IF NOT pg_catalog.to_regclass('alembic_version_progress') IS NULL THEN
		RAISE EXCEPTION '%', 'a revision is unfinished: finish it with `cargo alembic upgrade` or `downgrade`, or undo its changes and stamp the database';
	END IF;
	IF NOT NOT EXISTS (SELECT 1 FROM alembic_version_log AS l WHERE (l.revision OPERATOR(pg_catalog.=) 'b2' AND NOT l.digest OPERATOR(pg_catalog.=) '01ddbeed9bb874e4' OR l.revision OPERATOR(pg_catalog.=) 'a1' AND NOT l.digest OPERATOR(pg_catalog.=) '017d29c91e81104e') AND l.number OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(m.number) FROM alembic_version_log AS m WHERE m.revision OPERATOR(pg_catalog.=) l.revision)) THEN
		RAISE EXCEPTION '%', 'a revision was applied with another content than its file has now';
	END IF;
END
$alembic$;

-- Running downgrade b2 -> a1, Revision b2

SELECT pg_catalog.json_object_agg(s.name, CASE WHEN s.name OPERATOR(pg_catalog.=) 'lock_timeout' THEN
	CASE WHEN s.value::pg_catalog.interval OPERATOR(pg_catalog.=) '1500ms'::pg_catalog.interval THEN :'alembic_lock_timeout' ELSE s.value END
	ELSE s.value END ORDER BY s.place) AS alembic_kept
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

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'b2', 'Revision b2', 'downgrade', 'run', '01ddbeed9bb874e4', 'a1', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') OPERATOR(pg_catalog.=) 'ff07b7ec65f73279' THEN '42b2da82679ba20a' ELSE '' END, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', NULL, session_user, NULL, 'psql', '0.1.0', NULL, NULL
FROM (SELECT coalesce(pg_catalog.max(number), 0) OPERATOR(pg_catalog.+) 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') OPERATOR(pg_catalog.=) 'b2';

-- Running downgrade a1 -> , Revision a1

DROP TABLE users;

DELETE FROM alembic_version WHERE version_num OPERATOR(pg_catalog.=) 'a1';

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'a1', 'Revision a1', 'downgrade', 'run', '017d29c91e81104e', '', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') OPERATOR(pg_catalog.=) '42b2da82679ba20a' THEN '0000000000000000' ELSE '' END, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', NULL, session_user, NULL, 'psql', '0.1.0', NULL, NULL
FROM (SELECT coalesce(pg_catalog.max(number), 0) OPERATOR(pg_catalog.+) 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') OPERATOR(pg_catalog.=) 'a1';

SET CONSTRAINTS ALL IMMEDIATE;

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
