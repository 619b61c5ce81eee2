//! The SQL that reads and writes the version table: exactly Alembic's table.

use alembic_history::{Dialect, MAX_ID_LENGTH, RowChange, VersionTable};
use alembic_sql::{literal, quote};

/// The statements of a version table.
pub(crate) trait VersionSql {
    /// Returns the query that looks for the table. It gives one row: what kind of object has the
    /// table's name, and `1` where [`progress`](Self::progress) is there; on PostgreSQL also the
    /// schema that holds the table, or would, and the name of the database.
    fn find(&self, dialect: Dialect) -> String;

    /// Returns the query that reads the rows.
    fn select(&self, dialect: Dialect) -> String;

    /// Returns the statement that, on PostgreSQL, fails where the rows could not be read at once.
    fn lock_to_read(&self) -> String;

    /// Returns the statement that creates the table.
    fn create(&self, dialect: Dialect) -> String;

    /// Returns the statement that makes one change to the rows; it must change exactly one.
    fn change(&self, change: &RowChange, dialect: Dialect) -> String;

    /// Returns the statement that removes every row.
    fn purge(&self, dialect: Dialect) -> String;
}

impl VersionSql for VersionTable {
    fn find(&self, dialect: Dialect) -> String {
        let progress = self.progress();
        match dialect {
            Dialect::Sqlite => {
                let named = format!(
                    "name = {} COLLATE NOCASE AND type IN ('table', 'view')",
                    literal(&self.name)
                );
                let schema = self
                    .schema
                    .as_deref()
                    .map_or(String::new(), |schema| format!("{}.", quote(schema)));
                let temporary = match &self.schema {
                    Some(_) => String::new(),
                    // A temporary object would hide the table.
                    None => format!(
                        "SELECT 'temporary ' || type FROM sqlite_temp_master WHERE {named} \
                         UNION ALL "
                    ),
                };
                format!(
                    "SELECT ({temporary}SELECT type FROM {schema}sqlite_master WHERE {named} \
                     LIMIT 1), (SELECT 1 FROM {schema}sqlite_master \
                     WHERE name = {} COLLATE NOCASE)",
                    literal(&progress.name)
                )
            }
            Dialect::Postgres => {
                let schema = match &self.schema {
                    Some(schema) => literal(schema),
                    None => "pg_catalog.current_schema()".to_owned(),
                };
                format!(
                    "SELECT CASE WHEN c.relpersistence = 't' THEN 'temporary ' ELSE '' END || \
                     CASE WHEN c.oid IS NULL THEN NULL WHEN c.relkind IN ('r', 'p') THEN 'table' \
                     WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' THEN 'materialized view' \
                     WHEN c.relkind = 'f' THEN 'foreign table' WHEN c.relkind = 'S' THEN 'sequence' \
                     WHEN c.relkind IN ('i', 'I') THEN 'index' WHEN c.relkind = 'c' THEN 'type' \
                     ELSE 'relation' END, \
                     CASE WHEN pg_catalog.to_regclass({}) IS NULL THEN NULL ELSE 1 END, \
                     coalesce(n.nspname, {schema}), pg_catalog.current_database() \
                     FROM (SELECT pg_catalog.to_regclass({})::oid AS oid) AS t \
                     LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid \
                     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
                    literal(&progress.quoted()),
                    literal(&self.quoted())
                )
            }
        }
    }

    fn select(&self, _dialect: Dialect) -> String {
        format!("SELECT version_num FROM {}", self.quoted())
    }

    fn lock_to_read(&self) -> String {
        format!("LOCK TABLE {} IN ACCESS SHARE MODE NOWAIT", self.quoted())
    }

    fn create(&self, _dialect: Dialect) -> String {
        let name = &self.name;
        // Alembic's own name for the constraint, whatever the schema.
        let constraint = quote(&format!("{name}_pkc"));
        format!(
            "CREATE TABLE {} (\n\tversion_num VARCHAR({MAX_ID_LENGTH}) NOT NULL, \n\t\
             CONSTRAINT {constraint} PRIMARY KEY (version_num)\n)",
            self.quoted()
        )
    }

    fn change(&self, change: &RowChange, _dialect: Dialect) -> String {
        let table = self.quoted();
        match change {
            RowChange::Insert(id) => {
                let id = literal(id.as_str());
                format!("INSERT INTO {table} (version_num) VALUES ({id})")
            }
            RowChange::Delete(id) => {
                let id = literal(id.as_str());
                format!("DELETE FROM {table} WHERE version_num = {id}")
            }
            RowChange::Update { from, to } => {
                let (from, to) = (literal(from.as_str()), literal(to.as_str()));
                format!("UPDATE {table} SET version_num = {to} WHERE version_num = {from}")
            }
        }
    }

    fn purge(&self, _dialect: Dialect) -> String {
        format!("DELETE FROM {}", self.quoted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_alembics_byte_for_byte() {
        assert_eq!(
            VersionTable::default().create(Dialect::Sqlite),
            "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
        );
    }
}
