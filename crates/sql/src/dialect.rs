//! The SQL dialects that revisions can be written for.

use std::fmt;
use std::str::FromStr;

/// A family of databases that read the same SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Every dialect, in the order in which they are listed to users.
    pub const ALL: &'static [Dialect] = &[Dialect::Sqlite, Dialect::Postgres];

    /// Returns the name that revision files and configuration use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgres",
        }
    }

    /// Returns what a database speaks that `url` names, by its scheme.
    ///
    /// ```
    /// use alembic_sql::Dialect;
    ///
    /// assert_eq!(Dialect::of_url("postgres://localhost/shop"), Some(Dialect::Postgres));
    /// assert_eq!(Dialect::of_url("shop.db"), None);
    /// ```
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let (scheme, _) = url.split_once(':')?;
        scheme.parse().ok()
    }

    /// Returns the name of the database, as people write it.
    #[must_use]
    pub const fn product(self) -> &'static str {
        match self {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of reading a [`Dialect`] from a name that none has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDialect(pub String);

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown dialect '{}', expected `sqlite` or `postgres`",
            self.0
        )
    }
}

impl std::error::Error for UnknownDialect {}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "sqlite" => Ok(Dialect::Sqlite),
            "postgres" | "postgresql" => Ok(Dialect::Postgres),
            _ => Err(UnknownDialect(name.to_owned())),
        }
    }
}
