//! The version table, and the SQL that reads and writes it: exactly Alembic's table.

use std::fmt::Write;

use crate::{Dialect, MAX_ID_LENGTH, RowChange};

/// Where a database keeps which revisions it is at.
///
/// ```
/// use alembic_history::{Dialect, VersionTable};
///
/// let table = VersionTable::default();
/// assert_eq!(
///     table.select(Dialect::Sqlite),
///     "SELECT version_num FROM alembic_version"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionTable {
    /// The table's name.
    pub name: String,
    /// The schema that holds it; none for the connection's default.
    pub schema: Option<String>,
}

impl Default for VersionTable {
    fn default() -> Self {
        Self {
            name: "alembic_version".to_owned(),
            schema: None,
        }
    }
}

impl VersionTable {
    /// Returns the name as it is written in SQL.
    #[must_use]
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&self.name)),
            None => quote(&self.name),
        }
    }

    /// Returns the table as it is called on `dialect`, for a crate whose revisions are written for
    /// all of `dialects`: SQLite has no schemas, and so none that is meant for PostgreSQL.
    #[must_use]
    pub fn on(&self, dialect: Dialect, dialects: &[Dialect]) -> Self {
        let is_theirs = dialect == Dialect::Sqlite && dialects.contains(&Dialect::Postgres);
        Self {
            name: self.name.clone(),
            schema: self.schema.clone().filter(|_| !is_theirs),
        }
    }

    /// Returns whether the database takes both for the same table.
    #[must_use]
    pub fn is_same(&self, other: &Self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Sqlite => {
                let schema = |table: &Self| {
                    let schema = table.schema.as_deref().unwrap_or("main");
                    schema.to_ascii_lowercase()
                };
                schema(self) == schema(other) && self.name.eq_ignore_ascii_case(&other.name)
            }
            Dialect::Postgres => self == other,
        }
    }

    /// Returns the table beside this one that tells how far an unfinished revision is.
    #[must_use]
    pub fn progress(&self) -> Self {
        Self {
            name: format!("{}_progress", self.name),
            schema: self.schema.clone(),
        }
    }

    /// Returns the query that looks for the table. It gives one row: what kind of object has the
    /// table's name, and `1` where [`progress`](Self::progress) is there; on PostgreSQL also the
    /// schema that holds the table, or would, and the name of the database.
    #[must_use]
    pub fn find(&self, dialect: Dialect) -> String {
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

    /// Returns the query that reads the rows.
    #[must_use]
    pub fn select(&self, _dialect: Dialect) -> String {
        format!("SELECT version_num FROM {}", self.quoted())
    }

    /// Returns the statement that, on PostgreSQL, fails where the rows could not be read at once.
    pub(crate) fn lock_to_read(&self) -> String {
        format!("LOCK TABLE {} IN ACCESS SHARE MODE NOWAIT", self.quoted())
    }

    /// Returns the statement that creates the table.
    #[must_use]
    pub fn create(&self, _dialect: Dialect) -> String {
        let name = &self.name;
        // Alembic's own name for the constraint, whatever the schema.
        let constraint = quote(&format!("{name}_pkc"));
        format!(
            "CREATE TABLE {} (\n\tversion_num VARCHAR({MAX_ID_LENGTH}) NOT NULL, \n\t\
             CONSTRAINT {constraint} PRIMARY KEY (version_num)\n)",
            self.quoted()
        )
    }

    /// Returns the statement that makes one change to the rows; it must change exactly one.
    #[must_use]
    pub fn change(&self, change: &RowChange, _dialect: Dialect) -> String {
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

    /// Returns the statement that removes every row.
    #[must_use]
    pub fn purge(&self, _dialect: Dialect) -> String {
        format!("DELETE FROM {}", self.quoted())
    }
}

/// Quotes a name that needs it. Like Alembic, it leaves plain names plain, so that the table's
/// definition comes out byte for byte the same.
pub(crate) fn quote(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !name.starts_with(|c: char| c.is_ascii_digit());
    // Of the dialects' reserved words, those with an underscore begin with one of these.
    let reserved = !name.contains('_')
        || ["current_", "session_", "system_"]
            .iter()
            .any(|word| name.starts_with(word));
    if plain && !reserved {
        name.to_owned()
    } else {
        enclose(name, '"')
    }
}

pub(crate) fn literal(text: &str) -> String {
    enclose(text, '\'')
}

/// Encloses `text` in `mark`, doubling those inside it.
fn enclose(text: &str, mark: char) -> String {
    let mut enclosed = String::with_capacity(text.len() + 2);
    enclosed.push(mark);
    for c in text.chars() {
        if c == mark {
            enclosed.push(mark);
        }
        let _ = enclosed.write_char(c);
    }
    enclosed.push(mark);
    enclosed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_need_it() {
        let table = |schema: Option<&str>, name: &str| VersionTable {
            name: name.to_owned(),
            schema: schema.map(ToOwned::to_owned),
        };
        for (table, expected) in [
            (VersionTable::default(), "alembic_version"),
            (
                table(Some("Audit"), "my \"versions\""),
                r#""Audit"."my ""versions""""#,
            ),
            (table(None, "order"), r#""order""#),
            (table(None, "current_user"), r#""current_user""#),
            (table(None, "1_version"), r#""1_version""#),
            (table(None, "Alembic_Version"), r#""Alembic_Version""#),
        ] {
            assert_eq!(table.quoted(), expected);
        }
    }

    #[test]
    fn tables_are_the_same_as_the_database_compares_names() {
        let table = |schema: Option<&str>, name: &str| VersionTable {
            name: name.to_owned(),
            schema: schema.map(ToOwned::to_owned),
        };
        let default = VersionTable::default();
        for (other, sqlite, postgres) in [
            (default.clone(), true, true),
            (table(None, "Alembic_Version"), true, false),
            (table(Some("Main"), "alembic_version"), true, false),
            (table(Some("audit"), "alembic_version"), false, false),
            (table(None, "versions"), false, false),
        ] {
            assert_eq!(
                default.is_same(&other, Dialect::Sqlite),
                sqlite,
                "{other:?}"
            );
            assert_eq!(
                default.is_same(&other, Dialect::Postgres),
                postgres,
                "{other:?}"
            );
        }
    }

    #[test]
    fn the_table_is_alembics_byte_for_byte() {
        assert_eq!(
            VersionTable::default().create(Dialect::Sqlite),
            "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
        );
    }
}
