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
    pub fn name(self) -> &'static str {
        self.names()[0]
    }

    /// Returns the name that revision files and configuration use, and after it those that are
    /// accepted in its place.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Dialect::Sqlite => &["sqlite"],
            Dialect::Postgres => &["postgres", "postgresql"],
        }
    }

    /// Returns the dialect of the database that `url` names, by its scheme.
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

    /// Returns whether its databases have schemas that tables are in.
    #[must_use]
    pub const fn has_schemas(self) -> bool {
        matches!(self, Dialect::Postgres)
    }

    /// Returns whether statements may need what others before them have committed, such as a new value of an
    /// enum.
    #[must_use]
    pub const fn needs_commits(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Returns the name of the database, as people write it.
    #[must_use]
    pub fn product(self) -> &'static str {
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

/// The error of parsing an unknown name as a [`Dialect`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDialect(pub String);

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<String> = Dialect::ALL
            .iter()
            .map(|dialect| format!("`{dialect}`"))
            .collect();
        let known = known.join(" or ");
        write!(f, "unknown dialect '{}', expected {known}", self.0)
    }
}

impl std::error::Error for UnknownDialect {}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let has_name = |dialect: &Dialect| dialect.names().contains(&name);
        let mut dialects = Dialect::ALL.iter().copied();
        let unknown = || UnknownDialect(name.to_owned());
        dialects.find(has_name).ok_or_else(unknown)
    }
}
