//! Scripts for psql, which replaces its own variables and finds the ends of statements itself.

mod session;

use std::borrow::Cow;
use std::time::Duration;

use alembic_history::{Dialect, VersionTable};
use alembic_sql::{IndexAction, SettingChanges, StatementKind, TokenKind, Tokens, literal};

use super::{DanglingCheck, Shell};
use crate::engine::{READING, RESTORE_MODES};
use crate::script::checks::{Check, place};
use crate::script::obstacle::Obstacle;
use crate::session_changes::SessionChanges;

/// psql.
pub(super) struct Psql;

/// Makes psql and the server read statements as the splitter does.
const READ_AS_WRITTEN: &str =
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n";

impl Shell for Psql {
    fn command(&self) -> &'static str {
        "psql -X -v ON_ERROR_STOP=1 -f SCRIPT DATABASE"
    }

    fn settings(&self, _lock_timeout: Duration, leaves_transactions: bool) -> String {
        let stop = match leaves_transactions {
            // A statement outside of transactions that fails undoes nothing else.
            true => "\\set ON_ERROR_STOP on\n\n",
            false => "",
        };
        // As on the connections of sqlx.
        format!(
            "{stop}{READ_AS_WRITTEN}\
             SET DateStyle = 'ISO, MDY';\n\
             SET TimeZone = 'UTC';\n{}",
            session::keep_lock_timeout()
        )
    }

    fn hold_foreign_keys(&self) -> &'static str {
        ""
    }

    fn begin(&self, lock_timeout: Duration) -> String {
        let timeout = milliseconds(lock_timeout);
        format!("BEGIN;\nSET LOCAL lock_timeout = '{timeout}';\n\n")
    }

    /// `IF NOT EXISTS` asks for the privilege before it looks.
    fn create_unless_exists(&self, table: &VersionTable, create: &str) -> String {
        let name = literal(&table.quoted());
        block(&format!(
            "\nBEGIN\n\tIF pg_catalog.to_regclass({name}) IS NULL THEN\n{create};\n\tEND IF;\nEND\n"
        ))
    }

    fn run_deferred(&self) -> &'static str {
        "SET CONSTRAINTS ALL IMMEDIATE;\n\n"
    }

    fn lock_table(&self, table: &VersionTable) -> Option<String> {
        let table = table.quoted();
        Some(format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
    }

    fn has_no_progress(&self, progress: &VersionTable) -> String {
        format!(
            "pg_catalog.to_regclass({}) IS NULL",
            literal(&progress.quoted())
        )
    }

    fn keeps_line_ends(&self) -> &'static str {
        "'\n\r\n' OPERATOR(pg_catalog.=) E'\\n\\r\\n'"
    }

    fn check(
        &self,
        table: &VersionTable,
        rows: &[&str],
        otherwise: &str,
        checks: &[Check],
    ) -> String {
        let is_elsewhere = match rows {
            [] => "place IS NOT NULL".to_owned(),
            rows => {
                let place = literal(&place(rows));
                format!("coalesce(place OPERATOR(pg_catalog.<>) {place}, true)")
            }
        };
        let table = table.quoted();
        let mut body = format!(
            "\nDECLARE\n\tplace pg_catalog.text := (\n\t\t\
             SELECT pg_catalog.string_agg(version_num, ', ' \
             ORDER BY version_num COLLATE pg_catalog.\"C\")\n\t\t\
             FROM {table}\n\t);\nBEGIN\n\t\
             IF {is_elsewhere} THEN\n\t\t\
             RAISE EXCEPTION '%', {}\n\t\t\
             USING DETAIL = pg_catalog.concat('it is at ', coalesce(place, 'base'));\n\t\
             END IF;\n",
            literal(&format!("{otherwise} {}", place(rows)))
        );
        body.extend(checks.iter().map(condition_text));
        body.push_str("END\n");
        block(&body)
    }

    fn dangling(&self) -> Option<DanglingCheck> {
        None
    }

    fn require(&self, checks: &[Check]) -> String {
        let conditions: String = checks.iter().map(condition_text).collect();
        block(&format!("\nBEGIN\n{conditions}END\n"))
    }

    fn index_check(&self, kind: &StatementKind) -> Option<Check> {
        let Some(IndexAction::Create {
            name: Some(name),
            table,
        }) = kind.concurrent_index()
        else {
            return None;
        };
        let condition = format!(
            "EXISTS (SELECT FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
             WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({})::pg_catalog.oid \
             AND c.relname OPERATOR(pg_catalog.=) {} AND i.indisvalid)",
            literal(table.written()),
            literal(name.kept())
        );
        let message = format!("the index {} is invalid or missing", name.kept());
        Some(Check::new(condition, message))
    }

    fn keep_session(&self, changes: &SessionChanges, lock_timeout: Duration) -> Option<String> {
        let own = milliseconds(lock_timeout);
        (!changes.is_empty()).then(|| session::keep_before(changes, &own))
    }

    fn suspend_session(&self, changes: &SessionChanges, lock_timeout: Duration) -> String {
        session::suspend(changes, &milliseconds(lock_timeout))
    }

    fn resume_session(&self) -> String {
        session::resume()
    }

    fn restore_session(&self, lock_timeout: Duration) -> String {
        let timeout = milliseconds(lock_timeout);
        format!(
            "{}SET LOCAL lock_timeout = '{timeout}';\n\n",
            session::restore()
        )
    }

    fn restore_modes(&self) -> String {
        block(RESTORE_MODES)
    }

    fn restore_reading(&self, changes: &SettingChanges) -> &'static str {
        match changes {
            SettingChanges::One(name) if READING.contains(&name.as_str()) => READ_AS_WRITTEN,
            SettingChanges::Any | SettingChanges::AnyAnd(_) | SettingChanges::AnyAndMore => {
                READ_AS_WRITTEN
            }
            SettingChanges::One(_) | SettingChanges::Constraints | SettingChanges::None => "",
        }
    }

    fn pass<'s>(&self, statement: &'s str) -> Result<Cow<'s, str>, Obstacle> {
        pass(statement)
    }
}

/// Returns the statement of PL/pgSQL that fails unless a condition holds.
fn condition_text(Check { condition, message }: &Check) -> String {
    let message = literal(message);
    format!("\tIF NOT {condition} THEN\n\t\tRAISE EXCEPTION '%', {message};\n\tEND IF;\n")
}

/// Returns a block of PL/pgSQL, whose result psql does not print.
fn block(body: &str) -> String {
    let mut tag = String::from("$alembic$");
    while body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("DO {tag}{body}{tag};\n\n")
}

/// Returns a time as PostgreSQL reads it; zero becomes the shortest time, since zero means forever
/// there.
fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_millis().max(1);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

/// Adds a space after the colon in `array[1:n]`, the only place where SQL has one: outside of
/// quotes, psql would replace `:n` by its own variable.
fn pass(statement: &str) -> Result<Cow<'_, str>, Obstacle> {
    check_psql_end(statement)?;
    let mut read = String::new();
    let mut copied = 0;
    let mut tokens = Tokens::new(statement, Dialect::Postgres).without_trivia();
    while let Some(token) = tokens.next() {
        if token.kind != TokenKind::Symbol(b':') {
            continue;
        }
        let end = token.span.end;
        match statement.as_bytes().get(end) {
            // `::`
            Some(b':') => drop(tokens.next()),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'\'' | b'"' | b'{' | 0x80..) => {
                read.push_str(&statement[copied..end]);
                read.push(' ');
                copied = end;
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Ok(statement.into());
    }
    read.push_str(&statement[copied..]);
    Ok(read.into())
}

/// Finds the end of a statement as psql does: in the definition of a function or procedure, not
/// between a `BEGIN` and its `END`.
fn check_psql_end(statement: &str) -> Result<(), Obstacle> {
    let mut parentheses = 0_usize;
    let mut open = 0_usize;
    let mut first = Vec::new();
    let mut is_routine = false;
    for token in Tokens::new(statement, Dialect::Postgres).without_trivia() {
        match token.kind {
            TokenKind::Symbol(b'(') => parentheses += 1,
            TokenKind::Symbol(b')') => parentheses = parentheses.saturating_sub(1),
            TokenKind::Symbol(b';') if parentheses == 0 && open == 0 => {
                return Err(Obstacle::UnpairedBegin);
            }
            TokenKind::Word => {
                let word = token.span.text(statement).to_ascii_lowercase();
                if first.len() < 4 {
                    first.push(word.clone());
                    let first: Vec<&str> = first.iter().map(String::as_str).collect();
                    is_routine |= matches!(
                        first[..],
                        ["create", "function" | "procedure"]
                            | ["create", "or", "replace", "function" | "procedure"]
                    );
                }
                if is_routine && parentheses == 0 {
                    match word.as_str() {
                        "begin" => open += 1,
                        "case" if open > 0 => open += 1,
                        "end" => open = open.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    if open == 0 {
        Ok(())
    } else {
        Err(Obstacle::UnpairedBegin)
    }
}
