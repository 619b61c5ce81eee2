//! The shells that run scripts: each has a module with the same functions.
//!
//! They find the end of a statement by their own rules, and read some texts as something other than
//! SQL.

mod postgres;
mod sqlite;

use std::borrow::Cow;
use std::time::Duration;

use alembic_history::{Dialect, VersionTable};
use alembic_schema::sqlite::Object;
use alembic_sql::{SettingChanges, StatementKind, Tokens};

use super::checks::Check;
use super::obstacle::Obstacle;
use crate::session_changes::SessionChanges;

/// Returns the shell of a dialect.
pub(super) fn shell(dialect: Dialect) -> &'static dyn Shell {
    match dialect {
        Dialect::Sqlite => &sqlite::Sqlite3,
        Dialect::Postgres => &postgres::Psql,
    }
}

/// A shell that scripts are written for.
pub(super) trait Shell {
    /// Returns the command that runs a script.
    fn command(&self) -> &'static str;

    /// Returns the settings at the start of a script.
    fn settings(&self, lock_timeout: Duration, leaves_transactions: bool) -> String;

    /// Returns the command that switches off foreign keys for the next transaction.
    fn hold_foreign_keys(&self) -> &'static str;

    /// Returns the text that begins a transaction.
    fn begin(&self, lock_timeout: Duration) -> String;

    /// Returns the text that creates a table by `create`, unless it exists; then it needs no right to
    /// create one.
    fn create_unless_exists(&self, table: &VersionTable, create: &str) -> String;

    /// Returns the text that has deferred triggers run before the last check of a transaction: they
    /// could change the rows after it.
    fn run_deferred(&self) -> &'static str;

    /// Returns the statement that keeps other sessions from writing to the version table.
    fn lock_table(&self, table: &VersionTable) -> Option<String>;

    /// Returns the condition that no revision is unfinished.
    fn has_no_progress(&self, progress: &VersionTable) -> String;

    /// Returns the condition that the line endings of a script are unchanged.
    fn keeps_line_ends(&self) -> &'static str;

    /// Returns the text that fails unless the version table holds these rows and all conditions
    /// hold; `otherwise` begins the message about other rows.
    fn check(
        &self,
        table: &VersionTable,
        rows: &[&str],
        otherwise: &str,
        checks: &[Check],
    ) -> String;

    /// Returns the check that a table is as a rebuild expects it: these are the table and everything
    /// that belongs to it.
    fn holds_objects(&self, _objects: &[Object]) -> Check {
        Check::new("true", "")
    }

    /// Returns the check for dangling rows, if a script can leave some.
    fn dangling(&self) -> Option<DanglingCheck>;

    /// Returns the text that fails unless all conditions hold.
    fn require(&self, checks: &[Check]) -> String;

    /// Returns the check that a statement outside of transactions has not left its index invalid.
    fn index_check(&self, kind: &StatementKind) -> Option<Check>;

    /// Returns the text that keeps the settings of the session before `changes`, if the database has
    /// such settings.
    fn keep_session(&self, changes: &SessionChanges, lock_timeout: Duration) -> Option<String>;

    /// Returns the text that restores the kept settings for the script's own work in the middle of a
    /// revision.
    fn suspend_session(&self, changes: &SessionChanges, lock_timeout: Duration) -> String;

    /// Returns the text that sets again what the revision had set.
    fn resume_session(&self) -> String;

    /// Returns the text that restores the kept settings in a transaction.
    fn restore_session(&self, lock_timeout: Duration) -> String;

    /// Returns the text that puts the constraints into the modes that they were declared with.
    fn restore_modes(&self) -> String;

    /// Returns the text after a statement that changes how the shell and the database read the next
    /// ones.
    fn restore_reading(&self, changes: &SettingChanges) -> &'static str;

    /// Returns the text that makes the shell send a statement to the database.
    ///
    /// # Errors
    ///
    /// When there is no such text.
    fn pass<'s>(&self, statement: &'s str) -> Result<Cow<'s, str>, Obstacle>;
}

/// The check that a script leaves no more dangling rows than before.
pub(super) struct DanglingCheck {
    /// The statement that counts them.
    pub(super) count: String,
    /// The condition that there are no more.
    pub(super) condition: String,
    /// The statement that forgets the count.
    pub(super) forget: String,
}

/// Returns whether a statement changes its meaning when line endings change, as some editors and
/// pipes do.
pub(super) fn needs_line_ends(statement: &str, dialect: Dialect) -> bool {
    statement.contains('\r')
        || Tokens::new(statement, dialect)
            .without_trivia()
            .any(|token| token.span.text(statement).contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_reach_the_database_through_the_shells() {
        use Dialect::{Postgres, Sqlite};
        for (dialect, statement, expected) in [
            (Sqlite, "SELECT ':a ? $b @c #d', \"?\", [#], `$`", None),
            (
                Sqlite,
                "SELECT 'a\r\nb\rc\r\r\n'",
                Some("SELECT 'a\r\r\nb\rc\r\r\r\n'"),
            ),
            (Sqlite, "SELECT 1\ngo", None),
            (Sqlite, "SELECT '\ngo\n/\n'", None),
            (Sqlite, "SELECT 4 /\n2 AS go,\ngo, a\nFROM b go", None),
            (
                Postgres,
                "SELECT ':a', $$:b$$, E':\\'c', \":d\" -- :e",
                None,
            ),
            (
                Postgres,
                "SELECT a[1:b], c[1 : 2]",
                Some("SELECT a[1: b], c[1 : 2]"),
            ),
            (
                Postgres,
                "SELECT a[b::int:c]::text, d[:'1']",
                Some("SELECT a[b::int: c]::text, d[: '1']"),
            ),
            (Postgres, "SELECT a[:]", None),
            (Postgres, "CALL p(a := 1)", None),
            (Postgres, "SELECT 'a\r\nb'", None),
            (
                Postgres,
                "CREATE FUNCTION f(begin int) RETURNS int LANGUAGE sql AS $$BEGIN$$",
                None,
            ),
            (
                Postgres,
                "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; \
                 SELECT (SELECT begin FROM c); END",
                None,
            ),
            (Postgres, "CREATE TABLE function (begin int)", None),
        ] {
            let read = shell(dialect).pass(statement);
            assert_eq!(
                read.as_deref(),
                Ok(expected.unwrap_or(statement)),
                "{statement:?}"
            );
        }
    }

    #[test]
    fn what_a_shell_would_spoil_is_refused() {
        use Dialect::{Postgres, Sqlite};
        let parameter = |name: &str| Obstacle::Parameter(name.to_owned());
        let terminator = |line: &str| Obstacle::Terminator(line.to_owned());
        for (dialect, statement, expected) in [
            (Sqlite, "SELECT ?", parameter("?")),
            (Sqlite, "SELECT 1, :a", parameter(":a")),
            (Sqlite, "SELECT @a", parameter("@a")),
            (Sqlite, "SELECT $a::b(c)", parameter("$a::b(c)")),
            (Sqlite, "#comment\nDROP TABLE a", parameter("#comment")),
            (Sqlite, "SELECT 4\n/\n2", terminator("/")),
            (Sqlite, "SELECT 1 AS\r\n Go -- a\n, 2", terminator("Go")),
            (
                Postgres,
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a.begin FROM a; END",
                Obstacle::UnpairedBegin,
            ),
            (
                Postgres,
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a.end FROM a; SELECT 1; END",
                Obstacle::UnpairedBegin,
            ),
            (
                Postgres,
                "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                Obstacle::UnpairedBegin,
            ),
        ] {
            assert_eq!(
                shell(dialect).pass(statement),
                Err(expected),
                "{statement:?}"
            );
        }
    }

    #[test]
    fn line_ends_matter_inside_of_tokens() {
        for (statement, expected) in [
            ("SELECT 1,\n2", false),
            ("SELECT 'a\nb'", true),
            ("SELECT 1,\r\n2", true),
        ] {
            assert_eq!(
                needs_line_ends(statement, Dialect::Sqlite),
                expected,
                "{statement:?}"
            );
        }
    }
}
