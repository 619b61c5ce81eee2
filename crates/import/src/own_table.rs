//! The table in which a tool records what it has run, as the tool creates it.

mod postgres;
mod sqlite;

use alembic_sql::Dialect;

use crate::Tool;

/// The types that differ between the databases; each has a file named after it.
struct Types {
    bytes: &'static str,
    time: &'static str,
}

/// Returns the statement that creates the table unless it exists.
pub(crate) fn create(tool: Tool, dialect: Dialect) -> String {
    let Types { bytes, time } = match dialect {
        Dialect::Sqlite => sqlite::TYPES,
        Dialect::Postgres => postgres::TYPES,
    };
    let now = "DEFAULT CURRENT_TIMESTAMP";
    let columns = match tool {
        Tool::Sqlx => format!(
            "version BIGINT PRIMARY KEY,\n    description TEXT NOT NULL,\n    \
             installed_on {time} NOT NULL {now},\n    success BOOLEAN NOT NULL,\n    \
             checksum {bytes} NOT NULL,\n    execution_time BIGINT NOT NULL"
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
        tool.default_table()
    )
}
