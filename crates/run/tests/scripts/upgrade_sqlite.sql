-- Upgrade from base to b2, on SQLite
-- Run it with `sqlite3 DATABASE < SCRIPT`

.bail on
.timeout 30000

PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "another migration tool manages the database, so it must be stamped first" CHECK (holds_1)
);
INSERT INTO temp.alembic_check VALUES (
	(EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'alembic_version' COLLATE NOCASE) OR NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name COLLATE NOCASE IN ('_sqlx_migrations', '__diesel_schema_migrations', 'refinery_schema_history', 'seaql_migrations', 'flyway_schema_history', 'goose_db_version', 'schema_migrations', '_prisma_migrations', 'django_migrations', 'databasechangelog', 'knex_migrations', '__EFMigrationsHistory')))
);
DROP TABLE temp.alembic_check;

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
	holds_1 CONSTRAINT "the database is not at base" CHECK (holds_1),
	holds_2 CONSTRAINT "a revision is unfinished: finish it with `cargo alembic upgrade` or `downgrade`, or undo its changes and stamp the database" CHECK (holds_2)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 0 FROM alembic_version),
	NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'alembic_version_progress' COLLATE NOCASE)
);
DROP TABLE temp.alembic_check;

CREATE TEMP TABLE alembic_dangling AS SELECT count(*) AS count FROM pragma_foreign_key_check;

-- Running upgrade  -> a1, Revision a1

CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

INSERT INTO users VALUES (1, 'a; -- '), -- and
 (2, 'b');

INSERT INTO alembic_version (version_num) VALUES ('a1');

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'a1', 'Revision a1', 'upgrade', 'run', '017d29c91e81104e', 'a1', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') = '0000000000000000' THEN '42b2da82679ba20a' ELSE '' END, CURRENT_TIMESTAMP, NULL, NULL, NULL, 'sqlite3', '0.1.0', '7515492eb1d8d1dd', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest = '7515492eb1d8d1dd') THEN '-- Revision a1
--
-- Revision ID: a1
-- Revises:

-- alembic: upgrade empty

-- alembic: downgrade
DROP TABLE users;
' END
FROM (SELECT coalesce(max(number), 0) + 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') = '';

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the version table was changed and is not at a1" CHECK (holds_1),
	holds_2 CONSTRAINT "rows would refer to rows that do not exist" CHECK (holds_2)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'a1' FROM alembic_version),
	(SELECT count(*) FROM pragma_foreign_key_check) <= (SELECT count FROM temp.alembic_dangling)
);
DROP TABLE temp.alembic_check;

DROP TABLE temp.alembic_dangling;

COMMIT;

PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the database is not at a1" CHECK (holds_1),
	holds_2 CONSTRAINT "a revision is unfinished: finish it with `cargo alembic upgrade` or `downgrade`, or undo its changes and stamp the database" CHECK (holds_2)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'a1' FROM alembic_version),
	NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'alembic_version_progress' COLLATE NOCASE)
);
DROP TABLE temp.alembic_check;

CREATE TEMP TABLE alembic_dangling AS SELECT count(*) AS count FROM pragma_foreign_key_check;

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

INSERT INTO alembic_version_progress (revision, direction, done, begun, digest, process, since) VALUES ('b2', 'upgrade', 1, 2, 'a1e30df7bf8528e0', NULL, CURRENT_TIMESTAMP);

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the version table was changed and is not at a1" CHECK (holds_1),
	holds_2 CONSTRAINT "rows would refer to rows that do not exist" CHECK (holds_2)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'a1' FROM alembic_version),
	(SELECT count(*) FROM pragma_foreign_key_check) <= (SELECT count FROM temp.alembic_dangling)
);
DROP TABLE temp.alembic_check;

COMMIT;

VACUUM;

UPDATE alembic_version_progress SET revision = 'b2', direction = 'upgrade', done = 2, begun = 3, digest = '7fcccd616ea678d9', process = NULL, since = CURRENT_TIMESTAMP;

ANALYZE;

UPDATE alembic_version_progress SET revision = 'b2', direction = 'upgrade', done = 3, begun = NULL, digest = '1411b81b01f09505', process = NULL, since = CURRENT_TIMESTAMP;

PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the database is not at a1" CHECK (holds_1)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'a1' FROM alembic_version)
);
DROP TABLE temp.alembic_check;

DELETE FROM users WHERE id = 1;

UPDATE alembic_version SET version_num = 'b2' WHERE version_num = 'a1';

INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back)
SELECT next.number, 'b2', 'Revision b2', 'upgrade', 'run', '0198cb99ec99a702', 'b2', CASE WHEN coalesce((SELECT fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1), '0000000000000000') = '42b2da82679ba20a' THEN '8daf086ac46a379a' ELSE '' END, CURRENT_TIMESTAMP, NULL, NULL, NULL, 'sqlite3', '0.1.0', 'c7b5d659235df383', CASE WHEN NOT EXISTS (SELECT 1 FROM alembic_version_log WHERE way_back_digest = 'c7b5d659235df383') THEN '-- Revision b2
--
-- Revision ID: b2
-- Revises: a1

-- alembic: upgrade empty

-- alembic: downgrade sqlite

' END
FROM (SELECT coalesce(max(number), 0) + 1 AS number FROM alembic_version_log) AS next
WHERE coalesce((SELECT rows_after FROM alembic_version_log ORDER BY number DESC LIMIT 1), '') = 'a1';

DROP TABLE alembic_version_progress;

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the version table was changed and is not at b2" CHECK (holds_1),
	holds_2 CONSTRAINT "rows would refer to rows that do not exist" CHECK (holds_2)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'b2' FROM alembic_version),
	(SELECT count(*) FROM pragma_foreign_key_check) <= (SELECT count FROM temp.alembic_dangling)
);
DROP TABLE temp.alembic_check;

DROP TABLE temp.alembic_dangling;

COMMIT;
