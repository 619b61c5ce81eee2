//! Scripts for the sqlite3 shell, which continues after errors by default.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use alembic_history::{Dialect, VersionTable};
use alembic_schema::sqlite::Object;
use alembic_sql::{SettingChanges, StatementKind, Token, Tokens, literal, quote};

use super::{DanglingCheck, Shell};
use crate::engine::schema_prefix;
use crate::script::checks::{Check, place};
use crate::script::obstacle::Obstacle;
use crate::session_changes::SessionChanges;

/// The tables of a script that last as long as its connection.
const CHECK: &str = "alembic_check";
const COUNT: &str = "alembic_dangling";

/// The sqlite3 shell.
pub(super) struct Sqlite3;

impl Shell for Sqlite3 {
    fn command(&self) -> &'static str {
        "sqlite3 DATABASE < SCRIPT"
    }

    fn settings(&self, lock_timeout: Duration, _leaves_transactions: bool) -> String {
        // The shell continues after an error otherwise.
        format!(".bail on\n.timeout {}\n", lock_timeout.as_millis())
    }

    fn hold_foreign_keys(&self) -> &'static str {
        "PRAGMA foreign_keys = OFF;\n"
    }

    /// SQLite has no deferred triggers.
    fn run_deferred(&self) -> &'static str {
        ""
    }

    fn begin(&self, _lock_timeout: Duration) -> String {
        "BEGIN IMMEDIATE;\n\n".to_owned()
    }

    fn create_unless_exists(&self, _table: &VersionTable, create: &str) -> String {
        let create = create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
        format!("{create};\n\n")
    }

    fn lock_table(&self, _table: &VersionTable) -> Option<String> {
        None
    }

    fn has_no_progress(&self, progress: &VersionTable) -> String {
        let schema = schema_prefix(progress);
        format!(
            "NOT EXISTS (SELECT 1 FROM {schema}sqlite_master \
             WHERE name = {} COLLATE NOCASE)",
            literal(&progress.name)
        )
    }

    fn keeps_line_ends(&self) -> &'static str {
        // The shell strips one carriage return off the end of each line.
        "hex('\n\r\r\n') = '0A0D0A'"
    }

    fn check(
        &self,
        table: &VersionTable,
        rows: &[&str],
        otherwise: &str,
        checks: &[Check],
    ) -> String {
        let message = format!("{otherwise} {}", place(rows));
        let rows = Check::new(holds_rows(&table.quoted(), rows), message);
        require([&rows].into_iter().chain(checks))
    }

    fn require(&self, checks: &[Check]) -> String {
        require(checks)
    }

    fn index_check(&self, _kind: &StatementKind) -> Option<Check> {
        None
    }

    fn holds_objects(&self, objects: &[Object]) -> Check {
        let Some(table) = objects.first() else {
            return Check::new("1", "");
        };
        let catalog = format!("{}.sqlite_master", quote(&table.database));
        let name = literal(&table.name);
        let own = objects
            .iter()
            .filter(|object| object.database == table.database);
        let texts = own.clone().map(|object| {
            let sql = literal(object.sql.as_deref().unwrap_or_default());
            format!(
                "EXISTS (SELECT 1 FROM {catalog} WHERE name = {} AND sql = {sql})",
                literal(&object.name)
            )
        });
        let texts: Vec<String> = texts.collect();
        let condition = format!(
            "(SELECT count(*) FROM {catalog} WHERE tbl_name = {name} COLLATE NOCASE \
             AND sql IS NOT NULL) = {} AND {}",
            own.count(),
            texts.join(" AND ")
        );
        let message = format!("the table {} is not as the revisions make it", table.name);
        Check::new(condition, message)
    }

    fn dangling(&self) -> Option<DanglingCheck> {
        Some(DanglingCheck {
            count: format!(
                "CREATE TEMP TABLE {COUNT} AS SELECT count(*) AS count \
                 FROM pragma_foreign_key_check"
            ),
            condition: format!(
                "(SELECT count(*) FROM pragma_foreign_key_check) <= \
                 (SELECT count FROM temp.{COUNT})"
            ),
            forget: format!("DROP TABLE temp.{COUNT}"),
        })
    }

    fn keep_session(&self, _changes: &SessionChanges, _lock_timeout: Duration) -> Option<String> {
        None
    }

    fn suspend_session(&self, _changes: &SessionChanges, _lock_timeout: Duration) -> String {
        String::new()
    }

    fn resume_session(&self) -> String {
        String::new()
    }

    fn restore_session(&self, _lock_timeout: Duration) -> String {
        String::new()
    }

    fn restore_modes(&self) -> String {
        String::new()
    }

    fn restore_reading(&self, _changes: &SettingChanges) -> &'static str {
        ""
    }

    fn pass<'s>(&self, statement: &'s str) -> Result<Cow<'s, str>, Obstacle> {
        pass(statement)
    }
}

/// Returns the text that fails unless all conditions hold.
fn require<'c>(checks: impl IntoIterator<Item = &'c Check>) -> String {
    // Only a constraint can fail with our own message.
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for (index, check) in checks.into_iter().enumerate() {
        let name = quote(&check.message);
        let column = format!("holds_{}", index + 1);
        columns.push(format!("{column} CONSTRAINT {name} CHECK ({column})"));
        values.push(check.condition.as_str());
    }
    let mut text = String::new();
    let _ = writeln!(
        text,
        "CREATE TEMP TABLE {CHECK} (\n\t{}\n);\n\
         INSERT INTO temp.{CHECK} VALUES (\n\t{}\n);",
        columns.join(",\n\t"),
        values.join(",\n\t")
    );
    let _ = write!(text, "DROP TABLE temp.{CHECK};\n\n");
    text
}
/// Returns the condition, on SQLite, that a table holds these rows.
fn holds_rows(table: &str, rows: &[&str]) -> String {
    let count = rows.len();
    let rows: Vec<String> = rows.iter().copied().map(literal).collect();
    let those = match rows.as_slice() {
        [] => String::new(),
        [row] => format!(" AND max(version_num) IS {row}"),
        rows => format!(
            " AND count(CASE WHEN version_num IN ({}) THEN 1 END) = {count}",
            rows.join(", ")
        ),
    };
    format!("(SELECT count(*) = {count}{those} FROM {table})")
}

/// The shell strips one carriage return off the end of each line.
fn pass(statement: &str) -> Result<Cow<'_, str>, Obstacle> {
    let tokens: Vec<Token> = Tokens::new(statement, Dialect::Sqlite)
        .without_trivia()
        .collect();
    for (index, token) in tokens.iter().enumerate() {
        let text = token.span.text(statement);
        if text.starts_with(['?', ':', '@', '$', '#']) {
            return Err(Obstacle::Parameter(text.to_owned()));
        }
        if text == "/" || text.eq_ignore_ascii_case("go") {
            let start = index
                .checked_sub(1)
                .map_or(0, |index| tokens[index].span.end);
            let next = tokens.get(index + 1);
            let begins = statement[start..token.span.start].contains('\n');
            let ends =
                next.is_some_and(|next| statement[token.span.end..next.span.start].contains('\n'));
            if begins && ends {
                return Err(Obstacle::Terminator(text.to_owned()));
            }
        }
    }
    if statement.contains("\r\n") {
        Ok(statement.replace("\r\n", "\r\r\n").into())
    } else {
        Ok(statement.into())
    }
}
