//! The name of the version table.

use std::fmt;

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

/// The beginning of names that SQLite keeps for itself, in any case.
const RESERVED: &str = "sqlite_";

/// Why a name cannot be that of a version table or its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidTableName {
    /// It is empty.
    Empty,
    /// It has a dot, which would be a part of the name and not divide it.
    Dot,
    /// It has quotes, which would be a part of the name.
    Quotes,
    /// It has white space or control characters.
    WhiteSpace,
    /// It has more bytes than PostgreSQL keeps of it; carries the limit.
    TooLong(usize),
    /// SQLite keeps such names for itself.
    Reserved,
}

impl fmt::Display for InvalidTableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Dot => f.write_str("has a dot"),
            Self::Quotes => f.write_str("has quotes"),
            Self::WhiteSpace => f.write_str("has white space"),
            Self::TooLong(limit) => write!(
                f,
                "is longer than {limit} bytes, and PostgreSQL would cut it off"
            ),
            Self::Reserved => {
                write!(f, "begins with `{RESERVED}`, which SQLite keeps for itself")
            }
        }
    }
}

impl std::error::Error for InvalidTableName {}

/// Returns what is wrong with the configured name of a version table for all of `dialects`, if
/// anything is.
pub(crate) fn check_table_name(name: &str, dialects: &[Dialect]) -> Result<(), String> {
    let found = check_table(name);
    let found = found
        .filter(|why| *why != InvalidTableName::Reserved || dialects.contains(&Dialect::Sqlite));
    if let Some((schema, table)) = name.split_once('.')
        && check_schema_name(schema).is_ok()
        && check_table_name(table, dialects).is_ok()
    {
        let write = format!("write `version-table = \"{table}\"`");
        return Err(match dialects.iter().any(|dialect| dialect.has_schemas()) {
            true => {
                format!("`{name}` has a dot; {write} and `version-table-schema = \"{schema}\"`")
            }
            false => format!("`{name}` has a dot, and SQLite has no schemas; {write}"),
        });
    }
    found.map_or(Ok(()), |why| Err(advise(name, why)))
}

/// Returns what is wrong with the configured name of a schema, if anything is.
pub(crate) fn check_schema_name(name: &str) -> Result<(), String> {
    let found = check_name(name, NAME_LENGTH);
    found.map_or(Ok(()), |why| Err(advise(name, why)))
}

fn check_table(name: &str) -> Option<InvalidTableName> {
    let start = name.get(..RESERVED.len());
    if start.is_some_and(|start| start.eq_ignore_ascii_case(RESERVED)) {
        return Some(InvalidTableName::Reserved);
    }
    check_name(name, NAME_LENGTH - PROGRESS.len())
}

/// Names are quoted in SQL, so that each of these would be taken literally, and is never meant.
fn check_name(name: &str, length: usize) -> Option<InvalidTableName> {
    let unprintable = |c: char| c.is_whitespace() || c.is_control();
    match name {
        "" => Some(InvalidTableName::Empty),
        _ if name.contains('.') => Some(InvalidTableName::Dot),
        _ if name.len() > length => Some(InvalidTableName::TooLong(length)),
        _ if name.contains(['"', '\'', '`', '[', ']']) => Some(InvalidTableName::Quotes),
        _ if name.contains(unprintable) => Some(InvalidTableName::WhiteSpace),
        _ => None,
    }
}

/// Returns what is wrong with a configured name, and what to write.
fn advise(name: &str, why: InvalidTableName) -> String {
    match why {
        InvalidTableName::Empty => format!("it {why}"),
        InvalidTableName::Dot | InvalidTableName::Quotes | InvalidTableName::WhiteSpace => {
            format!("`{name}` {why}; write the bare name")
        }
        InvalidTableName::TooLong(_) | InvalidTableName::Reserved => format!("`{name}` {why}"),
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
        let is_theirs = !dialect.has_schemas() && dialects.iter().any(|other| other.has_schemas());
        Self {
            name: self.name.clone(),
            schema: self.schema.clone().filter(|_| !is_theirs),
        }
    }

    /// Checks that a database of `dialect` can have a version table of this name, and only this one.
    ///
    /// A program writes a name as it is, so quotes and white space are a part of it. A dot is refused
    /// all the same: a table of that name is not the one in the schema, and so every revision would
    /// seem to be pending.
    ///
    /// # Errors
    ///
    /// When the database keeps such a name for itself or would cut it off, or when it has a dot.
    pub fn check(&self, dialect: Dialect) -> Result<(), InvalidTableName> {
        let names = [check_table(&self.name)].into_iter().chain(
            self.schema
                .iter()
                .map(|schema| check_name(schema, NAME_LENGTH)),
        );
        let fault = names.flatten().find(|why| match why {
            InvalidTableName::Empty | InvalidTableName::Dot => true,
            InvalidTableName::Quotes | InvalidTableName::WhiteSpace => false,
            InvalidTableName::TooLong(_) => dialect == Dialect::Postgres,
            InvalidTableName::Reserved => dialect == Dialect::Sqlite,
        });
        fault.map_or(Ok(()), Err)
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
    fn names_that_a_program_sets_are_checked_for_what_would_be_another_table() {
        use InvalidTableName::{Dot, Empty, Reserved, TooLong};
        let long = format!("it's long {}", "v".repeat(50));
        for (schema, name, sqlite, postgres) in [
            (None, "alembic_version", None, None),
            (Some("main"), "my \"versions\"", None, None),
            (None, " ", None, None),
            (None, "tenant.alembic_version", Some(Dot), Some(Dot)),
            (Some("a.b"), "alembic_version", Some(Dot), Some(Dot)),
            (None, "", Some(Empty), Some(Empty)),
            (Some(""), "alembic_version", Some(Empty), Some(Empty)),
            (None, "SQLITE_versions", Some(Reserved), None),
            (None, long.as_str(), None, Some(TooLong(54))),
        ] {
            let table = VersionTable {
                name: name.to_owned(),
                schema: schema.map(ToOwned::to_owned),
            };
            for (dialect, why) in [(Dialect::Sqlite, sqlite), (Dialect::Postgres, postgres)] {
                assert_eq!(table.check(dialect).err(), why, "{name:?} on {dialect}");
            }
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
