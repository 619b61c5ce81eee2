//! The table in which a tool records what it has run, as the tool creates it.

use alembic_history::VersionTable;

use crate::Tool;

/// Returns the statement that creates the table, under this name, unless it exists.
///
/// The types are those of PostgreSQL: SQLite takes any name of a type, and stores the same values.
pub(crate) fn create(tool: Tool, table: &VersionTable) -> String {
    let now = "DEFAULT CURRENT_TIMESTAMP";
    let columns = match tool {
        Tool::Sqlx => format!(
            "version BIGINT PRIMARY KEY,\n    description TEXT NOT NULL,\n    \
             installed_on TIMESTAMPTZ NOT NULL {now},\n    success BOOLEAN NOT NULL,\n    \
             checksum BYTEA NOT NULL,\n    execution_time BIGINT NOT NULL"
        ),
        Tool::Diesel => format!(
            "version VARCHAR(50) PRIMARY KEY NOT NULL,\n    run_on TIMESTAMP NOT NULL {now}"
        ),
        Tool::Refinery => "version INTEGER PRIMARY KEY,\n    name VARCHAR(255),\n    \
                           applied_on VARCHAR(255),\n    checksum VARCHAR(255)"
            .to_owned(),
        Tool::Dbmate => "version VARCHAR(128) PRIMARY KEY".to_owned(),
        Tool::Goose => format!(
            "id INTEGER PRIMARY KEY,\n    version_id BIGINT NOT NULL,\n    \
             is_applied BOOLEAN NOT NULL,\n    tstamp TIMESTAMP NOT NULL {now}"
        ),
        Tool::SeaOrm => {
            "version VARCHAR PRIMARY KEY NOT NULL,\n    applied_at BIGINT NOT NULL".to_owned()
        }
        Tool::Flyway => format!(
            "installed_rank INTEGER PRIMARY KEY,\n    version VARCHAR(50),\n    \
             description VARCHAR(200) NOT NULL,\n    type VARCHAR(20) NOT NULL,\n    \
             script VARCHAR(1000) NOT NULL,\n    checksum INTEGER,\n    \
             installed_by VARCHAR(100) NOT NULL,\n    installed_on TIMESTAMP NOT NULL {now},\n    \
             execution_time INTEGER NOT NULL,\n    success BOOLEAN NOT NULL"
        ),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    {columns}\n)",
        table.quoted()
    )
}
