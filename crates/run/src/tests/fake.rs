//! A scripted database, SQLite or PostgreSQL, that knows transactions, a few settings and the tables
//! of a run.

use crate::version_table::VersionSql as _;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use super::record::Progress;
use super::said::line;
use crate::{
    Batch, DatabaseError, DatabaseErrorKind, EnsureReport, Interrupted, Purge, Reply, Request, Run,
    RunError, Runner, Target, Turn, ensure_ready,
};
use alembic_history::TransactionMode;
use alembic_history::{Dialect, History, RevisionId, VersionTable};

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

pub(super) fn clock() -> Duration {
    NOW.get()
}

fn pass(time: Duration) {
    NOW.set(NOW.get() + time);
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Upgrade(&'static str),
    Downgrade(&'static str),
    Stamp(&'static [&'static str], Purge),
    Current,
    EnsureVersion,
}

/// What is in the database: the tables of runs, and every statement that had an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) rows: Option<Vec<String>>,
    /// The rows of the second crate's version table.
    pub(super) second: Option<Vec<String>>,
    /// The rows of the table that tells how far an unfinished revision is.
    pub(super) progress: Option<Vec<Progress>>,
    pub(super) executed: Vec<String>,
    /// The indexes, and whether they are valid.
    pub(super) indexes: Vec<(String, bool)>,
}

/// How the database refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    Once(DatabaseErrorKind),
    /// And undoes the transaction by itself, on SQLite.
    Undoing,
    /// Somebody else holds a lock, for so many requests of the same kind.
    Busy(usize),
    /// And refuses to roll back, too.
    AlsoRollback,
    /// Since a foreign key is declared that can refer to nothing.
    Mismatch,
    /// The connection is gone, and nobody is told whether the request had its effect.
    Lost {
        happened: bool,
    },
}

/// Each way to refuse; nobody waits for as long as the last one.
pub(super) const FAILINGS: [Failing; 7] = [
    Failing::Once(DatabaseErrorKind::Other),
    Failing::Undoing,
    Failing::AlsoRollback,
    Failing::Lost { happened: false },
    Failing::Lost { happened: true },
    Failing::Busy(1),
    Failing::Busy(usize::MAX),
];

/// The second connection, on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// The driver has none.
    Missing,
    Closed,
    Idle,
    Transaction,
    /// A transaction that holds the lock.
    Granted,
    /// A transaction that a request failed in, and whether it holds the lock.
    Aborted(bool),
    Lost,
}

pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// The search path of a connection that nobody has set.
pub(super) const PATH_FOUND: &str = "\"$user\", public";

#[derive(Clone, Debug)]
pub(super) struct Fake {
    pub(super) dialect: Dialect,
    pub(super) content: Content,
    /// The content before the open transaction, and the search path.
    pub(super) before: Option<(Content, String)>,
    /// Whether the database has undone the transaction by itself.
    pub(super) undone: bool,
    /// Whether the open transaction can only be rolled back, on PostgreSQL.
    pub(super) aborted: bool,
    /// Whether the connection is gone.
    pub(super) lost: bool,
    pub(super) foreign_keys: bool,
    pub(super) busy_timeout: String,
    pub(super) journal_mode: &'static str,
    pub(super) path: String,
    pub(super) second: Second,
    /// Whether the open transaction holds the lock, on PostgreSQL.
    pub(super) inside: bool,
    /// The numbers of the locks that were asked for.
    pub(super) keys: BTreeSet<i64>,
    /// Until when another migrator holds the lock, on PostgreSQL.
    pub(super) held_until: Duration,
    /// Which transactions find that another migrator is at work, counted from 0, on PostgreSQL.
    pub(super) at_work: Range<usize>,
    pub(super) transactions: usize,
    /// Until when the server executes what a program began that has died, on PostgreSQL.
    pub(super) alive_until: Duration,
    /// The tables beside the version table.
    pub(super) tables: &'static [&'static str],
    /// What kind of object has the version table's name.
    pub(super) kind: &'static str,
    /// What somebody else commits just before this run's first transaction holds the lock.
    pub(super) meanwhile: Option<Content>,
    /// Which request fails, counted from 0, and how.
    pub(super) failing: Option<(usize, Failing)>,
    /// The request that was refused first, whether a transaction was open, and how often.
    pub(super) refused: Option<(String, bool)>,
    pub(super) refusals: usize,
    /// Whether a `CREATE INDEX CONCURRENTLY` that fails leaves its index.
    pub(super) leaves_index: bool,
    /// How many rows refer to nothing; the next answer last.
    pub(super) dangling: Vec<&'static str>,
    pub(super) lock_timeout: Duration,
    pub(super) interrupted: Interrupted,
    /// Whether the driver knows batches, and how long those were that it was given.
    pub(super) batches: bool,
    pub(super) batched: Vec<usize>,
    /// Whether the driver tells of fewer statements than it has executed.
    pub(super) miscounts: bool,
    pub(super) asked: usize,
    pub(super) log: Vec<String>,
}

pub(super) fn content(rows: Option<&[&str]>, executed: &[&str]) -> Content {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Content {
        rows: rows.map(owned),
        executed: owned(executed),
        ..Content::default()
    }
}

impl Fake {
    /// A database of SQLite.
    pub(super) fn new(rows: Option<&[&str]>) -> Self {
        Self::of(Dialect::Sqlite, rows)
    }

    /// A database of PostgreSQL, and a driver that has a second connection to it.
    pub(super) fn postgres(rows: Option<&[&str]>) -> Self {
        Self::of(Dialect::Postgres, rows)
    }

    pub(super) fn of(dialect: Dialect, rows: Option<&[&str]>) -> Self {
        Self {
            dialect,
            content: content(rows, &[]),
            before: None,
            undone: false,
            aborted: false,
            lost: false,
            foreign_keys: true,
            busy_timeout: "5000".to_owned(),
            journal_mode: "delete",
            path: PATH_FOUND.to_owned(),
            second: Second::Closed,
            inside: false,
            keys: BTreeSet::new(),
            held_until: Duration::ZERO,
            at_work: 0..0,
            transactions: 0,
            alive_until: Duration::ZERO,
            tables: &[],
            kind: "table",
            meanwhile: None,
            failing: None,
            refused: None,
            refusals: 0,
            leaves_index: false,
            dangling: Vec::new(),
            lock_timeout: LOCK_TIMEOUT,
            interrupted: Interrupted::Refuse,
            batches: true,
            batched: Vec::new(),
            miscounts: false,
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
                Turn::Ask(Request::Pause(pause)) => {
                    self.log.push("-> pause".to_owned());
                    pass(pause);
                    Reply::Nothing
                }
                Turn::Ask(Request::Query(sql)) => {
                    self.answer(&sql, |fake, name| Reply::Rows(fake.query(name, &sql)))
                }
                Turn::Ask(Request::Execute(sql)) => {
                    self.answer(&sql, |fake, _| Reply::Changed(fake.execute(&sql)))
                }
                Turn::Ask(Request::Batch(statements)) => self.answer_batch(&statements),
                Turn::Ask(Request::Aside(sql)) => self.answer_aside(&sql),
            }
        }
    }

    fn runner<'h>(&self, history: &'h History, transaction: TransactionMode) -> Runner<'h> {
        Runner {
            transaction,
            lock_timeout: self.lock_timeout,
            interrupted: self.interrupted,
            clock,
            ..Runner::new(history, self.dialect)
        }
    }

    /// Carries out a command and returns the rows that it reports.
    pub(super) fn run(
        &mut self,
        history: &History,
        transaction: TransactionMode,
        command: Command,
    ) -> Result<Vec<String>, RunError> {
        let runner = self.runner(history, transaction);
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
        let crates = crates.iter().enumerate().map(|(index, (history, target))| {
            let mut runner = self.runner(history, transaction);
            if index > 0 {
                runner.version_table.name = format!("version_{index}");
            }
            (runner, target.clone())
        });
        let run = ensure_ready(crates.collect());
        self.drive(run)
    }

    /// Whether a transaction is open.
    pub(super) fn is_open(&self) -> bool {
        self.before.is_some()
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<&str> {
        let is_request = |line: &&str| {
            let is_unheard = self.second == Second::Missing && line.starts_with("aside ");
            !line.starts_with("->") && !is_unheard
        };
        self.log
            .iter()
            .map(String::as_str)
            .filter(is_request)
            .collect()
    }

    /// Which request is the first to be called `name`.
    #[track_caller]
    pub(super) fn number_of(&self, name: &str) -> usize {
        let mut requests = self.requests().into_iter();
        requests.position(|request| request == name).unwrap()
    }

    /// Answers a request, unless it is one to fail.
    fn answer(&mut self, sql: &str, carry_out: impl FnOnce(&mut Self, &str) -> Reply) -> Reply {
        let name = self.name(sql);
        self.log.push(name.clone());
        let failing = self.failing(&name);
        if self.lost {
            return Reply::Failed(lost());
        }
        assert!(
            !self.aborted || name == "ROLLBACK",
            "asked in a transaction that has failed: {name}"
        );
        let Some(failing) = failing else {
            return carry_out(self, &name);
        };
        if failing == (Failing::Lost { happened: true }) {
            carry_out(self, &name);
        } else if self.leaves_index && name.starts_with("CREATE INDEX CONCURRENTLY") {
            self.content.indexes.push(("i".to_owned(), false));
        }
        match (self.dialect, failing) {
            (_, Failing::Lost { .. }) => {
                self.undo();
                self.lost = true;
            }
            (Dialect::Sqlite, Failing::Undoing) => self.undone = self.undo(),
            // A commit that fails is a rollback.
            (Dialect::Postgres, _) if name == "COMMIT" => self.undone = self.undo(),
            (Dialect::Postgres, _) => self.aborted = self.is_open(),
            (Dialect::Sqlite, _) => {}
        }
        Reply::Failed(error(failing))
    }

    /// Counts a request, and tells whether it is one to fail.
    fn failing(&mut self, name: &str) -> Option<Failing> {
        let number = self.asked;
        self.asked += 1;
        let (at, failing) = self.failing?;
        let again = self
            .refused
            .as_ref()
            .is_some_and(|(first, _)| match failing {
                Failing::Busy(times) => first == name && self.refusals < times,
                Failing::AlsoRollback => name == "ROLLBACK",
                _ => false,
            });
        if number != at && !again {
            return None;
        }
        let open = self.is_open();
        self.refused.get_or_insert_with(|| (name.to_owned(), open));
        self.refusals += 1;
        self.log.push("-> refused".to_owned());
        Some(failing)
    }

    /// Undoes the transaction, if one is open.
    pub(super) fn undo(&mut self) -> bool {
        self.aborted = false;
        self.inside = false;
        match self.before.take() {
            Some((content, path)) => {
                self.content = content;
                self.path = path;
                true
            }
            None => false,
        }
    }

    fn answer_batch(&mut self, statements: &[Cow<'_, str>]) -> Reply {
        assert_eq!(self.dialect, Dialect::Postgres, "SQLite needs no messages");
        if !self.batches {
            return Reply::Nothing;
        }
        self.batched.push(statements.len());
        let mut batch = Batch::default();
        for (index, sql) in statements.iter().enumerate() {
            match self.answer(sql, |fake, _| Reply::Changed(fake.execute(sql))) {
                Reply::Changed(rows) => batch.changed.push(rows),
                Reply::Failed(error) => {
                    batch.failed = Some((index, error));
                    break;
                }
                reply => panic!("a statement cannot be replied to with {reply:?}"),
            }
        }
        if self.miscounts {
            batch.changed.pop();
        }
        Reply::Batch(batch)
    }

    fn answer_aside(&mut self, sql: &str) -> Reply {
        assert_eq!(
            self.dialect,
            Dialect::Postgres,
            "SQLite needs no second connection"
        );
        let asked = self.name(sql);
        let name = format!("aside {asked}");
        self.log.push(name.clone());
        if self.second == Second::Missing {
            return Reply::Nothing;
        }
        let failing = self.failing(&name);
        if self.second == Second::Lost {
            return Reply::Failed(lost());
        }
        if let Some(failing) = failing {
            self.second = match (self.second, failing) {
                (_, Failing::Lost { .. }) => Second::Lost,
                (Second::Transaction, _) => Second::Aborted(false),
                (Second::Granted, _) => Second::Aborted(true),
                (second, _) => second,
            };
            return Reply::Failed(error(failing));
        }
        let (second, rows) = match (asked.as_str(), self.second) {
            (asked, Second::Aborted(_)) if asked != "ROLLBACK" => return Reply::Failed(aborted()),
            ("BEGIN", Second::Closed | Second::Idle) => (Second::Transaction, Vec::new()),
            ("lock", Second::Transaction) => match self.grant(sql) {
                true => (Second::Granted, one("t")),
                false => (Second::Transaction, one("f")),
            },
            ("holder", Second::Idle) => (Second::Idle, holder()),
            ("timeouts", Second::Granted) => (Second::Granted, one("0")),
            ("SELECT 1", Second::Granted) => (Second::Granted, one("1")),
            ("ROLLBACK", Second::Transaction | Second::Granted | Second::Aborted(_)) => {
                (Second::Idle, Vec::new())
            }
            (_, second) => panic!("unexpected on the second connection, {second:?}: {sql}"),
        };
        self.second = second;
        Reply::Rows(rows)
    }

    /// Tells whether the lock is free, and lets time pass that somebody else used.
    fn grant(&mut self, sql: &str) -> bool {
        self.keys.insert(key(sql));
        let granted = clock() >= self.held_until;
        if granted && let Some(content) = self.meanwhile.take() {
            if let Some((before, _)) = &mut self.before {
                before.clone_from(&content);
            }
            self.content = content;
        }
        granted
    }

    /// Whether this run keeps other migrators away.
    fn is_locked(&self) -> bool {
        self.inside || matches!(self.second, Second::Granted | Second::Aborted(true))
    }

    fn query(&mut self, name: &str, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows = |rows: &Option<Vec<String>>| -> Vec<_> {
            let rows = rows.iter().flatten();
            rows.map(|row| vec![Some(row.clone())]).collect()
        };
        let found = |rows: &Option<Vec<String>>, progress: bool| {
            let kind = rows.as_ref().map(|_| self.kind.to_owned());
            let mut cells = vec![kind, progress.then(|| "1".to_owned())];
            if self.dialect == Dialect::Postgres {
                let hides = !name.ends_with(" in public");
                assert!(
                    !hides || self.path == PATH_FOUND,
                    "another schema is looked at"
                );
                cells.extend(["public", "app"].map(|cell| Some(cell.to_owned())));
            }
            vec![cells]
        };
        match name {
            "PRAGMA busy_timeout" => one(&self.busy_timeout),
            "PRAGMA foreign_keys" => one(if self.foreign_keys { "1" } else { "0" }),
            "PRAGMA journal_mode" => one(self.journal_mode),
            "find" | "find in public" => found(&self.content.rows, self.content.progress.is_some()),
            "find version_1" | "find version_1 in public" => found(&self.content.second, false),
            "read" => {
                let is_outside = self.dialect == Dialect::Postgres && !self.is_open();
                assert_eq!(sql.starts_with("LOCK "), is_outside, "{sql}");
                rows(&self.content.rows)
            }
            "read version_1" => rows(&self.content.second),
            "progress" => {
                let progress = self.content.progress.as_ref().unwrap().iter();
                progress.map(Progress::cells).collect()
            }
            "dangling" => {
                let count = self.dangling.pop().unwrap_or("0");
                let cells = ["child", "parent", count].map(|cell| Some(cell.to_owned()));
                vec![cells.to_vec()]
            }
            "changes" => one(&self.content.executed.len().to_string()),
            "tables" => [one("child"), one("parent")].concat(),
            "list" => self.tables.iter().flat_map(|table| one(table)).collect(),
            "lock" => {
                assert!(self.is_open(), "the lock is to belong to a transaction");
                self.inside = self.grant(sql);
                one(if self.inside { "t" } else { "f" })
            }
            "holder" => holder(),
            "alive" => match clock() < self.alive_until {
                true => one("1"),
                false => Vec::new(),
            },
            "path" => one(&self.path),
            "index i" => {
                let indexes = self.content.indexes.iter().map(|(name, is_valid)| {
                    let is_valid = if *is_valid { "t" } else { "f" };
                    vec![Some(format!("public.{name}")), Some(is_valid.to_owned())]
                });
                indexes.collect()
            }
            _ => {
                if let Some(path) = name.strip_prefix("path = ") {
                    path.clone_into(&mut self.path);
                    return one(path);
                }
                // They are to end with the transaction.
                assert!(name.starts_with("settings ") && self.is_open(), "{sql}");
                // Beside the lock, each transaction has one of its own.
                assert!(self.keys.contains(&(key(sql) ^ 1)), "{sql}");
                let alone = !self.at_work.contains(&self.transactions);
                self.transactions += 1;
                one(if alone { "true" } else { "false" })
            }
        }
    }

    fn execute(&mut self, sql: &str) -> u64 {
        let words: Vec<&str> = sql.split_whitespace().collect();
        match words.as_slice() {
            ["PRAGMA", "busy_timeout", "=", value] => self.busy_timeout = (*value).to_owned(),
            // As in SQLite, without effect in a transaction.
            ["PRAGMA", "foreign_keys", "=", value] => {
                if self.before.is_none() {
                    self.foreign_keys = *value == "ON";
                }
            }
            ["BEGIN", ..] => {
                assert_eq!(self.before, None, "a transaction within a transaction");
                if self.dialect == Dialect::Sqlite
                    && let Some(content) = self.meanwhile.take()
                {
                    self.content = content;
                }
                self.before = Some((self.content.clone(), self.path.clone()));
            }
            ["COMMIT"] => {
                assert!(self.before.take().is_some(), "nothing to commit");
                self.inside = false;
            }
            ["ROLLBACK"] => {
                let undone = std::mem::take(&mut self.undone);
                assert!(self.undo() || undone, "nothing to undo");
            }
            _ => return self.write(sql),
        }
        1
    }

    /// Executes a statement that writes.
    fn write(&mut self, sql: &str) -> u64 {
        let is_postgres = self.dialect == Dialect::Postgres;
        assert!(
            !is_postgres || self.is_locked() || self.second == Second::Lost,
            "executed without the lock: {sql}"
        );
        for name in ["alembic_version", "version_1"] {
            if let Some(changed) = self.write_version_table(name, sql) {
                return changed;
            }
        }
        if let Some(changed) = self.write_progress(sql) {
            return changed;
        }
        assert!(
            !is_postgres || !sql.contains("alembic_version"),
            "a version table that may be another schema's: {sql}"
        );
        assert!(
            !is_postgres || self.is_open() || self.second == Second::Granted,
            "executed outside of transactions without the lock: {sql}"
        );
        let words: Vec<&str> = sql.split_whitespace().collect();
        match words.as_slice() {
            ["TRIGGER", row] => self.content.rows.as_mut().unwrap().push((*row).to_owned()),
            ["SET", "search_path", "=", path] => (*path).clone_into(&mut self.path),
            ["CREATE", "INDEX", "CONCURRENTLY", name, ..] => {
                assert!(!self.is_open(), "{sql}");
                self.content.indexes.push(((*name).to_owned(), true));
                self.content.executed.push(sql.to_owned());
            }
            _ => self.content.executed.push(in_path(sql, &self.path)),
        }
        1
    }

    fn write_version_table(&mut self, name: &str, sql: &str) -> Option<u64> {
        let table = table(name, self.dialect).quoted();
        let quoted: Vec<&str> = sql.split('\'').skip(1).step_by(2).collect();
        let words: Vec<&str> = sql.split_whitespace().collect();
        let rows = match name {
            "alembic_version" => &mut self.content.rows,
            _ => &mut self.content.second,
        };
        let there = "there is a version table";
        match (words.as_slice(), &quoted[..]) {
            (["CREATE", "TABLE", found, ..], _) if *found == table => {
                assert_eq!(rows.replace(Vec::new()), None);
            }
            (["DROP", "TABLE", found], _) if *found == table => {
                assert_eq!(rows.take(), Some(Vec::new()));
            }
            (["INSERT", "INTO", found, ..], [id]) if *found == table => {
                rows.as_mut().expect(there).push((*id).to_owned());
            }
            (["DELETE", "FROM", found], []) if *found == table => {
                rows.as_mut().expect(there).clear();
            }
            (["DELETE", "FROM", found, ..], [id]) if *found == table => {
                let rows = rows.as_mut().expect(there);
                let before = rows.len();
                rows.retain(|row| row != id);
                return Some((before - rows.len()) as u64);
            }
            (["UPDATE", found, ..], [to, from]) if *found == table => {
                let rows = rows.as_mut().expect(there).iter_mut();
                let rows = rows.filter(|row| row == from);
                return Some(rows.map(|row| (*to).clone_into(row)).count() as u64);
            }
            _ => return None,
        }
        Some(1)
    }

    fn write_progress(&mut self, sql: &str) -> Option<u64> {
        let table = table("alembic_version", self.dialect).progress().quoted();
        let progress = &mut self.content.progress;
        let there = "there is a table";
        match sql.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["CREATE", "TABLE", found, ..] if *found == table => {
                assert!(self.before.is_some(), "a table for nothing");
                assert_eq!(progress.replace(Vec::new()), None);
            }
            ["DROP", "TABLE", found] if *found == table => {
                assert!(progress.take().is_some(), "{there}");
            }
            ["DELETE", "FROM", found] if *found == table => {
                progress.as_mut().expect(there).clear();
            }
            ["INSERT", "INTO", found, ..] if *found == table => {
                let progress = progress.as_mut().expect(there);
                assert_eq!(*progress, [], "one revision at a time");
                progress.push(Progress::read(sql, None));
            }
            ["UPDATE", found, ..] if *found == table => {
                let progress = progress.as_mut().expect(there);
                for row in progress.iter_mut() {
                    *row = Progress::read(sql, Some(row));
                }
                return Some(progress.len() as u64);
            }
            _ => return None,
        }
        Some(1)
    }

    /// Names the requests that are long and always the same.
    fn name(&self, sql: &str) -> String {
        if let Some(name) = names(self.dialect).get(sql) {
            return name.clone();
        }
        let quoted = || sql.split('\'').skip(1).step_by(2);
        let nth = |place| quoted().nth(place).unwrap();
        match sql {
            _ if sql.contains("_progress ") => match sql.split(' ').next().unwrap() {
                "CREATE" => "create progress".to_owned(),
                "INSERT" => Progress::read(sql, None).to_string(),
                _ => Progress::read(sql, Some(&Progress::default())).to_string(),
            },
            _ if sql.contains("pragma_foreign_key_check") => "dangling".to_owned(),
            "SELECT total_changes()" => "changes".to_owned(),
            _ if sql.contains("sqlite_master") && sql.contains("NOT LIKE") => "list".to_owned(),
            _ if sql.contains("sqlite_master") => "tables".to_owned(),
            _ if sql.contains("current_schema()") => "list".to_owned(),
            _ if sql.starts_with("BEGIN ISOLATION LEVEL READ COMMITTED") => "BEGIN".to_owned(),
            _ if sql.contains("('lock_timeout'") => format!("settings {}", nth(1)),
            _ if sql.contains("pg_try_advisory_xact_lock") => "lock".to_owned(),
            _ if sql.contains("pg_catalog.pg_locks") => "holder".to_owned(),
            _ if sql.contains("pg_stat_activity") => "alive".to_owned(),
            _ if sql.contains("pg_catalog.pg_index") => {
                let name = quoted().last().unwrap();
                format!("index {name}")
            }
            _ if sql.contains("current_setting('search_path')") => "path".to_owned(),
            _ if sql.contains("set_config('search_path'") => format!("path = {}", nth(1)),
            _ if sql.contains("idle_in_transaction_session_timeout") => "timeouts".to_owned(),
            _ => sql.to_owned(),
        }
    }
}

/// A version table, as it is to be written in SQL.
fn table(name: &str, dialect: Dialect) -> VersionTable {
    VersionTable {
        name: name.to_owned(),
        schema: match dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some("public".to_owned()),
        },
    }
}

/// The names of requests that are always the same, by their SQL.
fn names(dialect: Dialect) -> &'static HashMap<String, String> {
    static NAMES: [OnceLock<HashMap<String, String>>; 2] = [const { OnceLock::new() }; 2];
    NAMES[usize::from(dialect == Dialect::Postgres)].get_or_init(|| {
        let mut names = HashMap::new();
        for (name, of) in [("alembic_version", ""), ("version_1", " version_1")] {
            let table = table(name, dialect);
            let unknown = VersionTable {
                schema: None,
                ..table.clone()
            };
            names.insert(table.find(dialect), format!("find{of} in public"));
            names.insert(unknown.find(dialect), format!("find{of}"));
            let select = table.select(dialect);
            // Outside of a transaction, PostgreSQL is to fail rather than to wait.
            let outside = format!("{}; {select}", table.lock_to_read());
            names.extend([select, outside].map(|sql| (sql, format!("read{of}"))));
            names.insert(table.create(dialect), format!("create{of}"));
            let lock_progress = table.progress().lock_to_read();
            let progress = table.progress().quoted();
            names.insert(
                format!("DROP TABLE {progress}"),
                format!("drop progress{of}"),
            );
            let cells = "revision, direction, done, begun, digest, since, process";
            let read = format!("SELECT {cells} FROM {progress}");
            let outside = format!("{lock_progress}; {read}");
            names.extend([read, outside].map(|sql| (sql, format!("progress{of}"))));
        }
        names
    })
}

/// The number of the lock that a query asks for.
fn key(sql: &str) -> i64 {
    let (_, key) = sql.split_once("pg_try_advisory_xact_lock(").unwrap();
    key.split(')').next().unwrap().parse().unwrap()
}

/// One row of one cell.
fn one(cell: &str) -> Vec<Vec<Option<String>>> {
    vec![vec![Some(cell.to_owned())]]
}

/// What a statement does depends on the search path.
pub(super) fn in_path(sql: &str, path: &str) -> String {
    match path {
        PATH_FOUND => sql.to_owned(),
        path => format!("{sql} in {path}"),
    }
}

/// Who holds the lock, when it is somebody else.
fn holder() -> Vec<Vec<Option<String>>> {
    let cells = ["4712", "shop", "app", "10.0.0.7", "2026-01-02 03:04:05"];
    vec![cells.map(|cell| Some(cell.to_owned())).to_vec()]
}

fn error(failing: Failing) -> DatabaseError {
    let (kind, message) = match failing {
        Failing::Lost { .. } => return lost(),
        Failing::Once(kind) => (kind, "refused"),
        Failing::Undoing | Failing::AlsoRollback => (DatabaseErrorKind::Other, "refused"),
        Failing::Mismatch => (
            DatabaseErrorKind::Other,
            "foreign key mismatch - \"a\" referencing \"b\"",
        ),
        Failing::Busy(_) => {
            pass(Duration::from_secs(1));
            (DatabaseErrorKind::Busy, "refused")
        }
    };
    DatabaseError {
        kind,
        offset: None,
        code: None,
        source: message.into(),
    }
}

fn aborted() -> DatabaseError {
    DatabaseError {
        kind: DatabaseErrorKind::Other,
        offset: None,
        code: None,
        source: "the transaction has failed".into(),
    }
}

fn lost() -> DatabaseError {
    DatabaseError {
        kind: DatabaseErrorKind::ConnectionLost,
        offset: None,
        code: None,
        source: "the connection was lost".into(),
    }
}
