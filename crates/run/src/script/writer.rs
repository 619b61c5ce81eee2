//! The text of a script.

use crate::version_table::VersionSql as _;
use std::fmt::Write;
use std::time::Duration;

use super::ScriptError;
use super::shell::{for_shell, needs_line_ends};
use crate::{DatabaseError, Fault, Record, Refusal, Runner, changed_rows, create_records};
use alembic_history::{
    Dialect, Direction, FileStatement, Node, Plan, RevisionId, RowChange, StampPlan, Step,
};
use alembic_sql::{IndexAction, StatementKind, literal, quote};

/// Writes a script, and knows where the database is at its end.
pub(super) struct Writer<'s, 'h> {
    runner: &'s Runner<'h>,
    text: String,
    /// The rows of the version table.
    rows: Vec<String>,
    /// Whether the version table is there for sure.
    has_table: bool,
    /// Whether the table is there that records how far a revision is.
    has_records: bool,
    /// Whether the rows that refer to nothing were counted.
    has_count: bool,
    /// Whether the script shows its line ends to the database.
    shows_line_ends: bool,
}

/// Something that must hold, or the script fails.
struct Check {
    condition: String,
    /// What is wrong otherwise.
    message: String,
}

impl Check {
    fn new(condition: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            condition: condition.into(),
            message: message.into(),
        }
    }
}

/// The tables of a script that last as long as its connection.
const CHECK: &str = "alembic_check";
const COUNT: &str = "alembic_dangling";

/// What is wrong when the version table holds other rows than it should.
const NOT_AT: &str = "the database is not at";
const CHANGED: &str = "the version table was changed and is not at";

impl<'s, 'h> Writer<'s, 'h> {
    pub(super) fn new(runner: &'s Runner<'h>, rows: &[Node]) -> Self {
        Self {
            runner,
            text: String::new(),
            has_table: !rows.is_empty(),
            rows: ids(runner, rows),
            has_records: false,
            has_count: false,
            shows_line_ends: false,
        }
    }

    /// Returns the revisions that the database is at.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let rows = self.runner.history.graph().rows(&self.rows);
        rows.expect("a plan moves rows from revision to revision")
    }

    pub(super) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        self.text
    }

    fn dialect(&self) -> Dialect {
        self.runner.dialect
    }

    /// Writes what the script is for.
    pub(super) fn title(&mut self, verb: &str, end: &[Node]) {
        let (start, end) = (place(&self.rows), place(&ids(self.runner, end)));
        let product = self.dialect().product();
        self.comment(&format!("{verb} from {start} to {end}, on {product}"));
        let run = match self.dialect() {
            Dialect::Sqlite => "sqlite3 DATABASE < SCRIPT",
            Dialect::Postgres => "psql -X -v ON_ERROR_STOP=1 -f SCRIPT DATABASE",
        };
        self.comment(&format!("Run it with `{run}`"));
    }

    /// Writes what the connection needs for a plan.
    pub(super) fn head(&mut self, plan: &Plan) {
        if plan.steps.is_empty() {
            self.text.push_str("\n-- There is nothing to do\n");
            return;
        }
        let runner = self.runner;
        let mut outside = false;
        for step in &plan.steps {
            for section in runner.sections(step.revision, plan.direction) {
                let statements = runner.statements(section);
                outside |= !section.transaction && !statements.is_empty();
                self.shows_line_ends |= statements
                    .iter()
                    .any(|statement| needs_line_ends(statement.sql, runner.dialect));
            }
        }
        self.settings(outside);
    }

    fn settings(&mut self, outside: bool) {
        self.text.push('\n');
        match self.dialect() {
            Dialect::Sqlite => {
                // The shell goes on after an error otherwise.
                self.text.push_str(".bail on\n");
                let milliseconds = self.runner.lock_timeout.as_millis();
                let _ = writeln!(self.text, ".timeout {milliseconds}");
            }
            Dialect::Postgres => {
                if outside {
                    // A statement outside of transactions that fails undoes nothing else.
                    self.text.push_str("\\set ON_ERROR_STOP on\n\n");
                }
                // As on the connections of sqlx.
                self.text.push_str(
                    "SET client_encoding = 'UTF8';\n\
                     SET standard_conforming_strings = on;\n\
                     SET DateStyle = 'ISO, MDY';\n\
                     SET TimeZone = 'UTC';\n",
                );
            }
        }
        self.text.push('\n');
    }

    /// Writes the first `batch` steps of a plan, in one transaction as far as they allow.
    pub(super) fn transaction(&mut self, plan: &Plan, batch: usize) -> Result<(), ScriptError> {
        let steps = &plan.steps[..batch];
        self.hold_foreign_keys();
        self.begin();
        self.check_start();
        let counts = steps
            .iter()
            .any(|step| self.runner.may_dangle(step, plan.direction));
        if counts {
            self.count_dangling();
        }
        for step in steps {
            self.step(step, plan.direction)?;
        }
        let checks = self.check_dangling();
        self.check(CHANGED, checks);
        if std::mem::take(&mut self.has_count) {
            self.statement(&format!("DROP TABLE temp.{COUNT}"));
        }
        self.statement("COMMIT");
        Ok(())
    }

    pub(super) fn stamp(&mut self, stamp: &StampPlan) {
        if stamp.changes.is_empty() {
            self.text.push_str("\n-- There is nothing to do\n");
            return;
        }
        self.settings(false);
        self.begin();
        self.provide_table();
        self.lock_table();
        self.check(NOT_AT, None);
        self.change_rows(&stamp.changes);
        // What was unfinished is as it is declared now.
        let records = self.runner.version_table.progress().quoted();
        self.statement(&format!("DROP TABLE IF EXISTS {records}"));
        self.check(CHANGED, None);
        self.statement("COMMIT");
    }

    pub(super) fn ensure_version(&mut self) {
        let product = self.dialect().product();
        self.comment(&format!("Create the version table, on {product}"));
        self.settings(false);
        self.begin();
        self.provide_table();
        self.statement("COMMIT");
    }

    /// Writes a line for people.
    fn comment(&mut self, text: &str) {
        let text = text.replace(|c: char| c.is_control(), " ");
        let _ = writeln!(self.text, "-- {}", text.trim_end());
    }

    /// Writes a statement of the script itself.
    fn statement(&mut self, sql: &str) {
        let _ = write!(self.text, "{sql};\n\n");
    }

    /// Keeps foreign keys from being enforced in the transaction that comes next.
    fn hold_foreign_keys(&mut self) {
        if self.dialect() == Dialect::Sqlite {
            self.text.push_str("PRAGMA foreign_keys = OFF;\n");
        }
    }

    fn begin(&mut self) {
        match self.dialect() {
            Dialect::Sqlite => self.statement("BEGIN IMMEDIATE"),
            Dialect::Postgres => {
                self.text.push_str("BEGIN;\n");
                let timeout = milliseconds(self.runner.lock_timeout);
                self.statement(&format!("SET LOCAL lock_timeout = '{timeout}'"));
            }
        }
    }

    /// Creates the version table, unless it is there.
    fn provide_table(&mut self) {
        if !self.has_table {
            let create = self.runner.version_table.create(self.dialect());
            let create = create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
            self.statement(&create);
            self.has_table = true;
        }
    }

    /// Keeps others from writing to the version table.
    fn lock_table(&mut self) {
        if self.dialect() == Dialect::Postgres {
            let table = self.runner.version_table.quoted();
            let lock = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
            self.statement(&lock);
        }
    }

    fn check_start(&mut self) {
        self.provide_table();
        self.lock_table();
        let checks = [Some(self.check_records()), self.check_line_ends()];
        self.check(NOT_AT, checks.into_iter().flatten());
    }

    /// Returns the check that no revision is unfinished.
    fn check_records(&self) -> Check {
        let records = self.runner.version_table.progress();
        let condition = match self.dialect() {
            Dialect::Sqlite => {
                let schema = records
                    .schema
                    .as_deref()
                    .map_or(String::new(), |schema| format!("{}.", quote(schema)));
                format!(
                    "NOT EXISTS (SELECT 1 FROM {schema}sqlite_master \
                     WHERE name = {} COLLATE NOCASE)",
                    literal(&records.name)
                )
            }
            Dialect::Postgres => format!(
                "pg_catalog.to_regclass({}) IS NULL",
                literal(&records.quoted())
            ),
        };
        Check::new(condition, "a revision is unfinished")
    }

    /// Returns the check that nothing has changed the ends of this script's lines, where it matters
    /// and is not checked yet.
    fn check_line_ends(&mut self) -> Option<Check> {
        if !std::mem::take(&mut self.shows_line_ends) {
            return None;
        }
        let condition = match self.dialect() {
            // The shell strips one carriage return off the end of each line.
            Dialect::Sqlite => "hex('\n\r\r\n') = '0A0D0A'",
            Dialect::Postgres => "'\n\r\n' = E'\\n\\r\\n'",
        };
        let message = "the line ends of this script were changed";
        Some(Check::new(condition, message))
    }

    /// Has the database fail unless the version table holds the rows that it should, and everything
    /// else holds; `not_at` tells what is wrong with other rows.
    fn check(&mut self, not_at: &str, checks: impl IntoIterator<Item = Check>) {
        let table = self.runner.version_table.quoted();
        match self.dialect() {
            Dialect::Sqlite => {
                let message = format!("{not_at} {}", place(&self.rows));
                let rows = Check::new(holds_rows(&table, &self.rows), message);
                // A constraint is what can fail with a text of ours.
                let mut columns = Vec::new();
                let mut values = Vec::new();
                for (index, check) in [rows].into_iter().chain(checks).enumerate() {
                    let name = quote(&check.message);
                    let column = format!("holds_{}", index + 1);
                    columns.push(format!("{column} CONSTRAINT {name} CHECK ({column})"));
                    values.push(check.condition);
                }
                let _ = writeln!(
                    self.text,
                    "CREATE TEMP TABLE {CHECK} (\n\t{}\n);\n\
                     INSERT INTO temp.{CHECK} VALUES (\n\t{}\n);",
                    columns.join(",\n\t"),
                    values.join(",\n\t")
                );
                self.statement(&format!("DROP TABLE temp.{CHECK}"));
            }
            Dialect::Postgres => {
                let is_elsewhere = match self.rows.as_slice() {
                    [] => "IS NOT NULL".to_owned(),
                    rows => format!("IS DISTINCT FROM {}", literal(&place(rows))),
                };
                let mut body = format!(
                    "\nDECLARE\n\tplace text := (\n\t\t\
                     SELECT string_agg(version_num, ', ' ORDER BY version_num COLLATE \"C\")\n\t\t\
                     FROM {table}\n\t);\nBEGIN\n\t\
                     IF place {is_elsewhere} THEN\n\t\t\
                     RAISE EXCEPTION '%', {}\n\t\t\
                     USING DETAIL = 'it is at ' || coalesce(place, 'base');\n\tEND IF;\n",
                    literal(&format!("{not_at} {}", self::place(&self.rows)))
                );
                for Check { condition, message } in checks {
                    let message = literal(&message);
                    let _ = write!(
                        body,
                        "\tIF NOT {condition} THEN\n\t\tRAISE EXCEPTION '%', {message};\n\t\
                         END IF;\n"
                    );
                }
                body.push_str("END\n");
                let mut tag = String::from("$alembic$");
                while body.contains(&tag) {
                    tag.insert(1, '_');
                }
                self.statement(&format!("DO {tag}{body}{tag}"));
            }
        }
    }

    /// Counts the rows that refer to nothing.
    fn count_dangling(&mut self) {
        self.statement(&format!(
            "CREATE TEMP TABLE {COUNT} AS SELECT count(*) AS count FROM pragma_foreign_key_check"
        ));
        self.has_count = true;
    }

    /// Returns the check that no more rows refer to nothing than were counted.
    fn check_dangling(&self) -> Option<Check> {
        let condition = format!(
            "(SELECT count(*) FROM pragma_foreign_key_check) <= (SELECT count FROM temp.{COUNT})"
        );
        let message = "rows would refer to rows that do not exist";
        self.has_count.then(|| Check::new(condition, message))
    }

    fn step(&mut self, step: &Step, direction: Direction) -> Result<(), ScriptError> {
        let runner = self.runner;
        let revision = &runner.history.graph()[step.revision];
        let below: Vec<String> = revision
            .down_revisions
            .iter()
            .map(ToString::to_string)
            .collect();
        let below = below.join(", ");
        let (from, to) = match direction {
            Direction::Upgrade => (below.as_str(), revision.id.as_str()),
            Direction::Downgrade => (revision.id.as_str(), below.as_str()),
        };
        let separator = if revision.message.is_empty() {
            ""
        } else {
            ", "
        };
        self.comment(&format!(
            "Running {direction} {from} -> {to}{separator}{}",
            revision.message
        ));
        self.text.push('\n');
        let sets_path = runner.dialect == Dialect::Postgres
            && runner
                .all_statements(step.revision, direction)
                .iter()
                .any(|statement| statement.may_set_search_path);
        if sets_path {
            self.statement(
                "SELECT pg_catalog.set_config('alembic.search_path', \
                 pg_catalog.current_setting('search_path'), false)",
            );
        }
        let mut done = 0;
        for section in runner.sections(step.revision, direction) {
            let statements = runner.statements(section);
            if section.transaction {
                for statement in statements {
                    done += 1;
                    self.statement_of(step.revision, statement, done, true)?;
                }
            } else if !statements.is_empty() {
                if sets_path && runner.version_table.schema.is_none() {
                    let file = runner.history.file(step.revision);
                    return Err(ScriptError::SearchPath {
                        revision: revision.id.clone(),
                        path: file.path.clone(),
                    });
                }
                let record = Record {
                    node: step.revision,
                    direction,
                    done,
                    begins: true,
                };
                self.outside(record, &statements)?;
                done += statements.len();
            }
        }
        if sets_path {
            self.statement(
                "SELECT pg_catalog.set_config('search_path', \
                 pg_catalog.current_setting('alembic.search_path'), false)",
            );
        }
        self.change_rows(&step.rows);
        if std::mem::take(&mut self.has_records) {
            let records = runner.version_table.progress().quoted();
            self.statement(&format!("DROP TABLE {records}"));
        }
        Ok(())
    }

    /// Commits, writes statements outside of transactions, and begins the next transaction.
    fn outside(
        &mut self,
        mut record: Record,
        statements: &[FileStatement<'h>],
    ) -> Result<(), ScriptError> {
        self.record(&record);
        let checks = self.check_dangling();
        self.check(CHANGED, checks);
        self.statement("COMMIT");
        let mut checks = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            record.done += 1;
            record.begins = index + 1 < statements.len();
            self.statement_of(record.node, *statement, record.done, false)?;
            self.record(&record);
            checks.extend(check_index(&statement.kind));
        }
        // The section may have switched them on.
        self.hold_foreign_keys();
        self.begin();
        self.lock_table();
        self.check(NOT_AT, checks);
        Ok(())
    }

    /// Writes how far a revision is.
    fn record(&mut self, record: &Record) {
        let is_first = !std::mem::replace(&mut self.has_records, true);
        let versions = &self.runner.version_table;
        if is_first {
            self.statement(&create_records(versions));
        }
        let write = self.runner.write_record(versions, record, is_first);
        self.statement(&write);
    }

    /// Writes a statement of a revision.
    fn statement_of(
        &mut self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        in_transaction: bool,
    ) -> Result<(), ScriptError> {
        let place = || Box::new(self.runner.place(node, statement, number, None));
        if let Some(refusal) = Refusal::of(&statement.kind, in_transaction) {
            let fault = Fault::Statement {
                place: place(),
                error: DatabaseError::from(refusal),
                leftover: Vec::new(),
            };
            return Err(fault.into());
        }
        let sql = for_shell(statement.sql, self.dialect());
        let sql = sql.map_err(|obstacle| ScriptError::Statement {
            place: place(),
            obstacle,
        })?;
        self.statement(&sql);
        Ok(())
    }

    fn change_rows(&mut self, changes: &[RowChange]) {
        for change in changes {
            let sql = self.runner.version_table.change(change, self.dialect());
            self.statement(&sql);
            self.rows = changed_rows(&self.rows, change);
        }
    }
}

/// Returns the check that an index is of use that a statement is to build.
fn check_index(kind: &StatementKind) -> Option<Check> {
    let Some(IndexAction::Create {
        name: Some(name),
        table,
    }) = kind.concurrent_index()
    else {
        return None;
    };
    let name = name.kept();
    let condition = format!(
        "EXISTS (SELECT FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         WHERE i.indrelid = pg_catalog.to_regclass({})::oid AND c.relname = {} AND i.indisvalid)",
        literal(table.written()),
        literal(name)
    );
    let message = format!("the index {name} is invalid, or not there");
    Some(Check::new(condition, message))
}

/// Returns the condition, on SQLite, that a table holds these rows.
fn holds_rows(table: &str, rows: &[String]) -> String {
    let count = rows.len();
    let rows: Vec<String> = rows.iter().map(|row| literal(row)).collect();
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

fn ids(runner: &Runner<'_>, nodes: &[Node]) -> Vec<String> {
    let ids = runner.history.graph().ids(nodes);
    let mut ids: Vec<String> = ids.iter().map(RevisionId::to_string).collect();
    ids.sort_unstable();
    ids
}

/// Returns rows as people call them.
fn place(rows: &[String]) -> String {
    if rows.is_empty() {
        "base".to_owned()
    } else {
        rows.join(", ")
    }
}

/// Returns a time as PostgreSQL reads it; none is as short as can be, since zero is forever.
fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_millis().max(1);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}
