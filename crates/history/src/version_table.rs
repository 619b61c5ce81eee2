//! The name of the version table.

use alembic_sql::quote;

use crate::Dialect;

/// The table that holds the revisions that a database is at.
///
/// ```
/// use alembic_history::VersionTable;
///
/// assert_eq!(VersionTable::default().quoted(), "alembic_version");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionTable {
    /// The table's name.
    pub name: String,
    /// The schema that holds it; `None` for the connection's default.
    pub schema: Option<String>,
}

/// The ending of the name of the table that holds the progress of an unfinished revision.
const PROGRESS: &str = "_progress";

/// The ending of the name of the table that holds the log of what was applied.
const LOG: &str = "_log";

/// How many bytes of a name PostgreSQL keeps; it cuts off the rest without an error.
const NAME_LENGTH: usize = 63;

/// Returns why a configured name cannot be that of a version table, if so.
pub(crate) fn check_table_name(name: &str) -> Result<(), String> {
    if let Some((schema, table)) = name.split_once('.')
        && check_schema_name(schema).is_ok()
        && check_table_name(table).is_ok()
    {
        return Err(format!(
            "`{name}` has a dot; write `version-table = \"{table}\"` and `version-table-schema = \
             \"{schema}\"`"
        ));
    }
    check_name(name, NAME_LENGTH - PROGRESS.len())
}

/// Returns why a configured name cannot be that of a schema, if so.
pub(crate) fn check_schema_name(name: &str) -> Result<(), String> {
    check_name(name, NAME_LENGTH)
}

/// Names are quoted in SQL, so that each of these would be taken literally, and is never meant.
fn check_name(name: &str, length: usize) -> Result<(), String> {
    let has = |what: &str| Err(format!("`{name}` has {what}; write the bare name"));
    let unprintable = |c: char| c.is_whitespace() || c.is_control();
    match name {
        "" => Err("it is empty".to_owned()),
        _ if name.contains('.') => has("a dot"),
        _ if name.contains(['"', '\'', '`', '[', ']']) => has("quotes"),
        _ if name.contains(unprintable) => has("white space"),
        _ if name.len() > length => Err(format!(
            "`{name}` is longer than {length} bytes, and PostgreSQL would cut it off"
        )),
        _ => Ok(()),
    }
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
    /// all of `dialects`: SQLite has no schemas, so a schema meant for PostgreSQL is left out.
    #[must_use]
    pub fn on(&self, dialect: Dialect, dialects: &[Dialect]) -> Self {
        let is_theirs = dialect == Dialect::Sqlite && dialects.contains(&Dialect::Postgres);
        Self {
            name: self.name.clone(),
            schema: self.schema.clone().filter(|_| !is_theirs),
        }
    }

    /// Returns whether both names are the same table to the database.
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

    /// Returns whether only the database knows if the names are the same table: one of them has no
    /// schema, and so the one in which the database looks for it.
    #[must_use]
    pub fn is_ambiguous_with(&self, other: &Self) -> bool {
        let schemas = [&self.schema, &other.schema];
        self.name == other.name && schemas[0] != schemas[1] && schemas.contains(&&None)
    }

    /// Returns the table next to this one that holds the progress of an unfinished revision.
    #[must_use]
    pub fn progress(&self) -> Self {
        self.beside(PROGRESS)
    }

    /// Returns the table next to this one that holds the log of what was applied.
    #[must_use]
    pub fn log(&self) -> Self {
        self.beside(LOG)
    }

    fn beside(&self, ending: &str) -> Self {
        Self {
            name: format!("{}{ending}", self.name),
            schema: self.schema.clone(),
        }
    }
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
}
