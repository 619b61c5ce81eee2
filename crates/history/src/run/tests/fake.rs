//! A scripted database that knows transactions, two settings and one table, and revisions for it.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use crate::run::{
    DatabaseError, DatabaseErrorKind, EnsureReport, Event, Purge, Reply, Request, Run, RunError,
    Runner, Target, TransactionMode, Turn, ensure_ready,
};
use crate::{Dialect, History, RevisionId, SourceFile, VersionTable};

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

pub(super) fn clock() -> Duration {
    NOW.get()
}

/// A revision: its id, the ids that it revises, and its sections.
pub(super) type Source = (&'static str, &'static str, &'static str);

/// Two revisions whose statements cannot make foreign keys dangle.
pub(super) const PLAIN: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nCREATE TABLE a (x);\nCREATE TABLE a2 (x);\n\
         -- alembic: downgrade\nDROP VIEW a2;\nDROP VIEW a;\n",
    ),
    (
        "b",
        "a",
        "-- alembic: upgrade\nCREATE TABLE b (x);\n-- alembic: downgrade\nDROP VIEW b;\n",
    ),
];

/// Four revisions, one of which leaves its transaction, and comes back.
pub(super) const OUTSIDE: &[Source] = &[
    (
        "a",
        "",
        "-- alembic: upgrade\nUPDATE a1;\n-- alembic: downgrade\nUPDATE not_a1;\n",
    ),
    (
        "b",
        "a",
        "-- alembic: upgrade\nUPDATE b1;\n-- alembic: upgrade no-transaction\nVACUUM b2;\nVACUUM b3;\n\
         -- alembic: upgrade\nUPDATE b4;\n\
         -- alembic: downgrade no-transaction\nVACUUM not_b3;\n",
    ),
    (
        "c",
        "b",
        "-- alembic: upgrade\nUPDATE c1;\n-- alembic: downgrade\nUPDATE not_c1;\n",
    ),
    (
        "d",
        "c",
        "-- alembic: upgrade\nUPDATE d1;\nUPDATE d2;\n-- alembic: downgrade\nUPDATE not_d1;\n",
    ),
];

/// A first revision that has nothing but a section outside of transactions.
pub(super) const ALONE: &[Source] = &[("a", "", "-- alembic: upgrade no-transaction\nVACUUM a;\n")];

pub(super) fn history(sources: &[Source]) -> History {
    let files = sources.iter().map(|(id, revises, sections)| {
        let text = format!("-- {id}\n-- Revision ID: {id}\n-- Revises: {revises}\n\n{sections}");
        SourceFile {
            path: PathBuf::from(format!("{id}.sql")),
            content: Ok(text.into_bytes()),
        }
    });
    History::new(files, &[Dialect::Sqlite]).unwrap()
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Upgrade(&'static str),
    Downgrade(&'static str),
    Stamp(&'static [&'static str], Purge),
    Current,
    EnsureVersion,
}

/// What is in the database: the version table's rows, and every statement that had an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) rows: Option<Vec<String>>,
    pub(super) executed: Vec<String>,
}

/// How the database refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    Once(DatabaseErrorKind),
    /// And undoes the transaction by itself.
    Undoing,
    /// Somebody else holds a lock, for so many requests.
    Busy(usize),
    /// And refuses to roll back, too.
    AlsoRollback,
    /// Since a foreign key is declared that can refer to nothing.
    Mismatch,
}

/// Each way to refuse; nobody waits for as long as the last one.
pub(super) const FAILINGS: [Failing; 5] = [
    Failing::Once(DatabaseErrorKind::Other),
    Failing::Once(DatabaseErrorKind::Corrupt),
    Failing::Undoing,
    Failing::AlsoRollback,
    Failing::Busy(usize::MAX),
];

pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub(super) struct Fake {
    pub(super) content: Content,
    /// The content before the open transaction.
    pub(super) before: Option<Content>,
    /// Whether the database has undone the transaction by itself.
    pub(super) undone: bool,
    pub(super) foreign_keys: bool,
    pub(super) busy_timeout: String,
    pub(super) journal_mode: &'static str,
    /// The tables beside the version table.
    pub(super) tables: &'static [&'static str],
    /// What kind of object has the version table's name.
    pub(super) kind: &'static str,
    /// What somebody else commits just before this run's first transaction begins.
    pub(super) meanwhile: Option<Content>,
    /// Which request fails, counted from 0, and how.
    pub(super) failing: Option<(usize, Failing)>,
    /// The refused request while it is asked again.
    pub(super) refused: Option<String>,
    /// How many rows refer to nothing; the next answer last.
    pub(super) dangling: Vec<&'static str>,
    pub(super) asked: usize,
    pub(super) log: Vec<String>,
}

pub(super) fn content(rows: Option<&[&str]>, executed: &[&str]) -> Content {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Content {
        rows: rows.map(owned),
        executed: owned(executed),
    }
}

impl Fake {
    pub(super) fn new(rows: Option<&[&str]>) -> Self {
        Self {
            content: content(rows, &[]),
            before: None,
            undone: false,
            foreign_keys: true,
            busy_timeout: "5000".to_owned(),
            journal_mode: "delete",
            tables: &[],
            kind: "table",
            meanwhile: None,
            failing: None,
            refused: None,
            dangling: Vec::new(),
            asked: 0,
            log: Vec::new(),
        }
    }

    fn drive<T>(&mut self, mut run: Run<'_, Result<T, RunError>>) -> Result<T, RunError> {
        NOW.set(Duration::ZERO);
        let mut reply = Reply::Nothing;
        loop {
            reply = match run.resume(reply) {
                Turn::Done(outcome) => return outcome,
                Turn::Ask(Request::Event(event)) => {
                    self.log.push(line(event));
                    Reply::Nothing
                }
                Turn::Ask(Request::Aside(_)) => panic!("SQLite needs no second connection"),
                Turn::Ask(Request::Pause(pause)) => {
                    NOW.set(NOW.get() + pause);
                    Reply::Nothing
                }
                Turn::Ask(Request::Query(sql)) => match self.failure(&sql) {
                    Some(error) => Reply::Failed(error),
                    None => Reply::Rows(self.query(&sql)),
                },
                Turn::Ask(Request::Execute(sql)) => match self.failure(&sql) {
                    Some(error) => Reply::Failed(error),
                    None => Reply::Changed(self.execute(&sql)),
                },
            }
        }
    }

    /// Carries out a command and returns the rows that it reports.
    pub(super) fn run(
        &mut self,
        history: &History,
        transaction: TransactionMode,
        command: Command,
    ) -> Result<Vec<String>, RunError> {
        let runner = Runner {
            transaction,
            lock_timeout: LOCK_TIMEOUT,
            clock,
            ..Runner::new(history, Dialect::Sqlite)
        };
        let ids = |ids: Vec<RevisionId>| ids.iter().map(|id| id.as_str().to_owned()).collect();
        match command {
            Command::Upgrade(target) => Ok(ids(self.drive(runner.upgrade(target))?.after)),
            Command::Downgrade(target) => Ok(ids(self.drive(runner.downgrade(target))?.after)),
            Command::Stamp(targets, purge) => {
                Ok(ids(self.drive(runner.stamp(targets, purge))?.after))
            }
            Command::Current => self.drive(runner.current()),
            Command::EnsureVersion => {
                self.drive(runner.ensure_version())?;
                Ok(self.content.rows.clone().unwrap())
            }
        }
    }

    /// Makes the database ready for crates, each with a version table of its own.
    pub(super) fn ensure(
        &mut self,
        crates: &[(&History, Target)],
        transaction: TransactionMode,
    ) -> Result<Vec<EnsureReport>, RunError> {
        let runner = |history| Runner {
            transaction,
            lock_timeout: LOCK_TIMEOUT,
            clock,
            ..Runner::new(history, Dialect::Sqlite)
        };
        let crates = crates.iter().enumerate().map(|(index, (history, target))| {
            let mut runner = runner(history);
            if index > 0 {
                runner.version_table.name = format!("version_{index}");
            }
            (runner, target.clone())
        });
        self.drive(ensure_ready(crates.collect()))
    }

    /// Logs a request, and refuses it if it is one to fail.
    fn failure(&mut self, sql: &str) -> Option<DatabaseError> {
        self.log.push(short(sql).to_owned());
        let number = self.asked;
        self.asked += 1;
        let (at, failing) = self.failing?;
        let fails = match failing {
            Failing::Busy(times) => {
                let again = self.refused.as_deref() == Some(sql) && number - at < times;
                number == at || again
            }
            Failing::AlsoRollback => number == at || (number > at && sql == "ROLLBACK"),
            Failing::Once(_) | Failing::Undoing | Failing::Mismatch => number == at,
        };
        self.refused = fails.then(|| sql.to_owned());
        if !fails {
            return None;
        }
        let kind = match failing {
            Failing::Once(kind) => kind,
            Failing::Undoing | Failing::AlsoRollback | Failing::Mismatch => {
                DatabaseErrorKind::Other
            }
            Failing::Busy(_) => {
                NOW.set(NOW.get() + Duration::from_secs(1));
                DatabaseErrorKind::Busy
            }
        };
        if failing == Failing::Undoing {
            self.undone = self.undo();
        }
        self.log.push("-> refused".to_owned());
        let message = match failing {
            Failing::Mismatch => "foreign key mismatch - \"a\" referencing \"b\"",
            _ => "refused",
        };
        Some(DatabaseError {
            kind,
            offset: None,
            source: message.into(),
        })
    }

    pub(super) fn undo(&mut self) -> bool {
        let before = self.before.take();
        let open = before.is_some();
        self.content = before.unwrap_or_else(|| self.content.clone());
        open
    }

    fn query(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let one = |cell: &str| vec![vec![Some(cell.to_owned())]];
        match short(sql) {
            "PRAGMA busy_timeout" => one(&self.busy_timeout),
            "PRAGMA foreign_keys" => one(if self.foreign_keys { "1" } else { "0" }),
            "PRAGMA journal_mode" => one(self.journal_mode),
            "find" => {
                let kind = self.content.rows.as_ref().map(|_| self.kind.to_owned());
                let progress = self.content.progress.as_ref().map(|_| "1".to_owned());
                vec![vec![kind, progress]]
            }
            "progress" => {
                let progress = self.content.progress.iter().flatten();
                progress
                    .map(|row| row.iter().cloned().map(Some).collect())
                    .collect()
            }
            "read" => {
                let rows = self.content.rows.iter().flatten();
                rows.map(|row| vec![Some(row.clone())]).collect()
            }
            "dangling" => {
                let count = self.dangling.pop().unwrap_or("0");
                let cells = ["child", "parent", count].map(|cell| Some(cell.to_owned()));
                vec![cells.to_vec()]
            }
            "tables" => [one("child"), one("parent")].concat(),
            "list" => self.tables.iter().flat_map(|table| one(table)).collect(),
            _ => panic!("unexpected query: {sql}"),
        }
    }

    fn execute(&mut self, sql: &str) -> u64 {
        let quoted: Vec<String> = sql.split('\'').skip(1).step_by(2).map(Into::into).collect();
        let words: Vec<&str> = sql.split_whitespace().collect();
        match (words.as_slice(), &quoted[..]) {
            (["PRAGMA", "busy_timeout", "=", value], _) => self.busy_timeout = (*value).to_owned(),
            // As in SQLite, without effect in a transaction.
            (["PRAGMA", "foreign_keys", "=", value], _) => {
                if self.before.is_none() {
                    self.foreign_keys = *value == "ON";
                }
            }
            (["BEGIN", "IMMEDIATE"], _) => {
                assert_eq!(self.before, None, "a transaction within a transaction");
                self.content = self
                    .meanwhile
                    .take()
                    .unwrap_or_else(|| self.content.clone());
                self.before = Some(self.content.clone());
            }
            (["COMMIT"], _) => assert!(self.before.take().is_some(), "nothing to commit"),
            (["ROLLBACK"], _) => {
                let undone = std::mem::take(&mut self.undone);
                assert!(self.undo() || undone, "nothing to undo");
            }
            (["CREATE", "TABLE", "alembic_version", ..], _) => {
                assert_eq!(self.content.rows.replace(Vec::new()), None);
            }
            (["INSERT", "INTO", "alembic_version", ..], [id]) => self.rows().push(id.clone()),
            (["DELETE", "FROM", "alembic_version"], []) => self.rows().clear(),
            (["DELETE", "FROM", "alembic_version", ..], [id]) => {
                let rows = self.rows();
                let before = rows.len();
                rows.retain(|row| row != id);
                return (before - rows.len()) as u64;
            }
            (["UPDATE", "alembic_version", ..], [to, from]) => {
                let rows = self.rows().iter_mut().filter(|row| *row == from);
                return rows.map(|row| row.clone_from(to)).count() as u64;
            }
            (["TRIGGER", row], _) => self.rows().push((*row).to_owned()),
            _ => self.content.executed.push(sql.to_owned()),
        }
        1
    }

    fn rows(&mut self) -> &mut Vec<String> {
        self.content
            .rows
            .as_mut()
            .expect("there is a version table")
    }
}

/// Names the requests that are long and always the same.
pub(super) fn short(sql: &str) -> &str {
    let table = VersionTable::default();
    let dialect = Dialect::Sqlite;
    for (name, long) in [
        ("find", table.find(dialect)),
        ("read", table.select(dialect)),
        ("create", table.create(dialect)),
    ] {
        if sql == long {
            return name;
        }
    }
    match sql {
        _ if sql.contains("pragma_foreign_key_check") => "dangling",
        _ if sql.contains("sqlite_master") && sql.contains("NOT LIKE") => "list",
        _ if sql.contains("sqlite_master") => "tables",
        _ => sql,
    }
}

pub(super) fn line(event: Event) -> String {
    match event {
        Event::StepStarted { done, total, .. } => format!("-> step {} of {total}", done + 1),
        Event::StepFinished { .. } => "-> done".to_owned(),
        Event::Committed => "-> committed".to_owned(),
        Event::Waiting { waited } => format!("-> waiting {waited:?}"),
        other => format!("-> {other:?}"),
    }
}

/// Checks the whole conversation about a command; settings are left out.
#[track_caller]
pub(super) fn check(
    sources: &[Source],
    mode: TransactionMode,
    mut fake: Fake,
    command: Command,
    expected: &str,
) -> Fake {
    let history = history(sources);
    let outcome = fake.run(&history, mode, command);
    let settings = ["PRAGMA busy_timeout", "PRAGMA foreign_keys"];
    let about_settings = |line: &str| settings.iter().any(|setting| line.starts_with(setting));
    let mut log: Vec<String> = fake.log.clone();
    log.retain(|line| !about_settings(line));
    log.push(match outcome {
        Ok(rows) => format!("= {}", rows.join(" ")).trim_end().to_owned(),
        Err(error) => format!("! {error}"),
    });
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    let expected: Vec<&str> = expected
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(log, expected, "{command:?}");
    fake
}
