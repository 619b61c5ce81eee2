-- Stamp from base to b2, on SQLite
-- Run it with `sqlite3 DATABASE < SCRIPT`

.bail on
.timeout 30000

BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the database is not at base" CHECK (holds_1)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 0 FROM alembic_version)
);
DROP TABLE temp.alembic_check;

INSERT INTO alembic_version (version_num) VALUES ('b2');

DROP TABLE IF EXISTS alembic_version_progress;

CREATE TEMP TABLE alembic_check (
	holds_1 CONSTRAINT "the version table was changed and is not at b2" CHECK (holds_1)
);
INSERT INTO temp.alembic_check VALUES (
	(SELECT count(*) = 1 AND max(version_num) IS 'b2' FROM alembic_version)
);
DROP TABLE temp.alembic_check;

COMMIT;
