//! Runs against a scripted database that knows transactions, two settings and one table.

use std::cell::Cell;
use std::path::PathBuf;

use super::*;
use crate::SourceFile;

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

fn clock() -> Duration {
    NOW.get()
}

/// A revision: its id, the ids that it revises, and its sections.
type Source = (&'static str, &'static str, &'static str);

/// Two revisions whose statements cannot make foreign keys dangle.
const PLAIN: &[Source] = &[
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
const OUTSIDE: &[Source] = &[
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
const ALONE: &[Source] = &[("a", "", "-- alembic: upgrade no-transaction\nVACUUM a;\n")];

fn history(sources: &[Source]) -> History {
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
enum Command {
    Upgrade(&'static str),
    Downgrade(&'static str),
    Stamp(&'static [&'static str], Purge),
    Current,
    EnsureVersion,
}

/// What is in the database: the version table's rows, and every statement that had an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Content {
    rows: Option<Vec<String>>,
    executed: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failing {
    /// The database refuses, once.
    Once(DatabaseErrorKind),
    /// The database refuses, once, and undoes the transaction by itself.
    Undoing,
    /// Somebody else holds a lock, and never releases it.
    Busy,
    /// The database refuses, and to roll back, too.
    AlsoRollback,
}

#[derive(Clone, Debug)]
struct Fake {
    content: Content,
    /// The content before the open transaction.
    before: Option<Content>,
    undone: bool,
    foreign_keys: bool,
    busy_timeout: String,
    journal_mode: &'static str,
    /// What somebody else commits just before this run's first transaction begins.
    meanwhile: Option<Content>,
    /// Which request fails, counted from 0, and how.
    failing: Option<(usize, Failing)>,
    /// Answers to the foreign key check, the next one last.
    dangling: Vec<&'static str>,
    asked: usize,
    log: Vec<String>,
}

impl Fake {
    fn new(rows: Option<&[&str]>) -> Self {
        Self {
            content: content(rows, &[]),
            before: None,
            undone: false,
            foreign_keys: true,
            busy_timeout: "5000".to_owned(),
            journal_mode: "delete",
            meanwhile: None,
            failing: None,
            dangling: Vec::new(),
            asked: 0,
            log: Vec::new(),
        }
    }

    fn failing(mut self, request: usize, failing: Failing) -> Self {
        self.failing = Some((request, failing));
        self
    }

    fn drive<T>(&mut self, mut run: Run<'_, Result<T, RunError>>) -> Result<T, RunError> {
        NOW.set(Duration::ZERO);
        let mut reply = Reply::Nothing;
        loop {
            reply = match run.resume(reply) {
                Turn::Ask(Request::Event(event)) => {
                    self.log.push(line(event));
                    Reply::Nothing
                }
                Turn::Ask(Request::Query(sql)) => match self.failure(&sql) {
                    Some(failed) => failed,
                    None => Reply::Rows(self.query(&sql)),
                },
                Turn::Ask(Request::Execute(sql)) => match self.failure(&sql) {
                    Some(failed) => failed,
                    None => Reply::Changed(self.execute(&sql)),
                },
                Turn::Done(outcome) => return outcome,
            }
        }
    }

    fn run(
        &mut self,
        sources: &[Source],
        mode: TransactionMode,
        command: Command,
    ) -> Result<Vec<RevisionId>, RunError> {
        let history = history(sources);
        let runner = Runner {
            transaction: mode,
            lock_timeout: Duration::from_secs(3),
            clock,
            ..Runner::new(&history, Dialect::Sqlite)
        };
        match command {
            Command::Upgrade(target) => self.drive(runner.upgrade(target)).map(|done| done.after),
            Command::Downgrade(target) => {
                self.drive(runner.downgrade(target)).map(|done| done.after)
            }
            Command::Stamp(targets, purge) => self
                .drive(runner.stamp(targets, purge))
                .map(|done| done.after),
            Command::Current => self.drive(runner.current()).map(|_| Vec::new()),
            Command::EnsureVersion => self.drive(runner.ensure_version()).map(|_| Vec::new()),
        }
    }

    /// Logs a request, and refuses it if it is the one to fail.
    fn failure(&mut self, sql: &str) -> Option<Reply> {
        let table = VersionTable::default();
        let short = match sql {
            _ if sql == table.find(Dialect::Sqlite) => "find",
            _ if sql == table.select(Dialect::Sqlite) => "read",
            _ if sql == table.create(Dialect::Sqlite) => "create",
            _ if sql.contains("pragma_foreign_key_check") => "dangling",
            sql => sql,
        };
        self.log.push(short.to_owned());
        let number = self.asked;
        self.asked += 1;
        let (at, failing) = self.failing?;
        let again = matches!(failing, Failing::Busy) && self.log.last() == Some(&self.log[0]);
        let rollback = failing == Failing::AlsoRollback && sql == "ROLLBACK";
        if number < at || (number > at && !again && !rollback && failing != Failing::Busy) {
            return None;
        }
        let kind = match failing {
            Failing::Once(kind) => kind,
            Failing::Undoing | Failing::AlsoRollback => DatabaseErrorKind::Other,
            Failing::Busy if self.refuses_for_good(short, number, at) => DatabaseErrorKind::Busy,
            Failing::Busy => return None,
        };
        if kind == DatabaseErrorKind::Busy {
            NOW.set(NOW.get() + Duration::from_secs(1));
        }
        if failing == Failing::Undoing
            && let Some(before) = self.before.take()
        {
            self.content = before;
            self.undone = true;
        }
        self.log.push("-> failed".to_owned());
        Some(Reply::Failed(DatabaseError {
            kind,
            offset: None,
            source: "refused".into(),
        }))
    }
}
