-- Stamp from base to b2, on SQLite
-- Run it with `sqlite3 DATABASE < SCRIPT`

.bail on
.timeout 30000

BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE IF NOT EXISTS alembic_version_log (
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

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the database is not at base" CHECK (holds_1)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 0 FROM alembic_version)
);
DROP TABLE temp.alembic_check;

INSERT INTO alembic_version (version_num) VALUES ('b2');

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'a1', 'Revision a1', 'upgrade', 'stamp', '017d29c91e81104e', 'b2', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') = '0000000000000000' THEN '42b2da82679ba20a' ELSE '' END, CURRENT_TIMESTAMP, NULL, NULL, NULL, 'sqlite3', '0.1.0', '7515492eb1d8d1dd', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest = '7515492eb1d8d1dd') THEN '-- Revision a1
--
-- Revision ID: a1
-- Revises:

-- alembic: upgrade empty

-- alembic: downgrade
DROP TABLE users;
' END
FROM (SELECT coalesce(max(number), 0) + 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') = '';

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'b2', 'Revision b2', 'upgrade', 'stamp', '0198cb99ec99a702', 'b2', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') = '42b2da82679ba20a' THEN '8daf086ac46a379a' ELSE '' END, CURRENT_TIMESTAMP, NULL, NULL, NULL, 'sqlite3', '0.1.0', 'c7b5d659235df383', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest = 'c7b5d659235df383') THEN '-- Revision b2
--
-- Revision ID: b2
-- Revises: a1

-- alembic: upgrade empty

-- alembic: downgrade sqlite

' END
FROM (SELECT coalesce(max(number), 0) + 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') = 'b2';

DROP TABLE IF EXISTS alembic_version_progress;

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the version table was changed and is not at b2" CHECK (holds_1)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'b2' FROM alembic_version)
);
DROP TABLE temp.alembic_check;

COMMIT;
