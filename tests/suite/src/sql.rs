//! Statements that each engine has in words of its own.

use alembic_migrate::Dialect;

/// A statement, or several, as each engine takes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

/// Returns what every engine understands.
pub(crate) const fn both(sql: &'static str) -> Sql {
    each(sql, sql)
}

/// Returns what the engines say differently.
pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Sql {
    Sql { sqlite, postgres }
}

impl Sql {
    pub(crate) fn of(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}
