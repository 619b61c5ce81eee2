-- Create the version table, on SQLite

.bail on
.timeout 30000

BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

COMMIT;
