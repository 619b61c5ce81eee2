//! Runs a case in one mode, and compares what it leaves with what it must leave.

use std::fmt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use alembic_migrate::{Migrations, RunError};
use rusqlite::Connection;

use super::super::{File, FileSubject, chain};
use super::case::{Behaviour, Case, Meanwhile, Outcome, Trial};
use super::database::{Snapshot, query_faults};
use super::killed;
use super::watched::{Obedience, Watched};
use crate::{Database, Handle};

/// The settings of a connection that runs a case.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    foreign_keys: bool,
    journal: &'static str,
}

/// Everything about a connection that its owner can see, and has not asked to change.
const CONNECTION: [&str; 14] = [
    "SELECT group_concat(name) FROM pragma_database_list WHERE name <> 'temp'",
    "SELECT type, name, tbl_name, sql FROM sqlite_temp_master ORDER BY type, name",
    "PRAGMA foreign_keys",
    "PRAGMA legacy_alter_table",
    "PRAGMA defer_foreign_keys",
    "PRAGMA recursive_triggers",
    "PRAGMA ignore_check_constraints",
    "PRAGMA writable_schema",
    "PRAGMA query_only",
    "PRAGMA busy_timeout",
    "PRAGMA synchronous",
    "PRAGMA cache_size",
    "PRAGMA cache_spill",
    "PRAGMA temp_store",
];

impl Mode {
    /// Returns the modes that a trial is made in.
    pub(super) fn all(trial: &Trial) -> impl Iterator<Item = Self> {
        let journals = ["delete", "wal"].into_iter();
        let journals =
            journals.filter(|mode| trial.journal.as_deref().is_none_or(|only| only == *mode));
        journals.flat_map(|journal| {
            let modes = [false, true].into_iter();
            let modes = modes.filter(|foreign_keys| *foreign_keys || !trial.enforced);
            modes.map(move |foreign_keys| Self {
                foreign_keys,
                journal,
            })
        })
    }

    /// Runs the revision up and, if it can be, down; returns what is not as it must be.
    pub(super) fn run<S: FileSubject>(self, case: &Case, trial: &Trial) -> Vec<String> {
        let (journal, enforced) = (self.journal, u8::from(self.foreign_keys));
        let before = &case.before;
        let file = File::new(&format!(
            "PRAGMA journal_mode = {journal}; PRAGMA foreign_keys = OFF; {before}"
        ));
        let connection = format!("PRAGMA foreign_keys = {enforced}; {}", trial.connection);
        let migrations = chain(&[&trial.revision]);
        if trial.killed {
            return killed::faults::<S>(&file, &connection, &migrations, &trial.after);
        }
        let mut handle = S::open(&file.address());
        handle.execute(&connection);
        let mut run = Run::<S> {
            settings: settings(&mut handle),
            migrations,
            snapshot: Snapshot::take(&file.open()),
            faults: Vec::new(),
            file,
            handle,
        };
        run.carry_out(trial);
        run.faults
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = if self.foreign_keys { "on" } else { "off" };
        write!(f, "foreign keys {keys}, journal {}", self.journal)
    }
}

fn settings(handle: &mut impl Handle) -> Vec<String> {
    let settings = CONNECTION.iter();
    settings
        .map(|query| format!("{query}: {}", handle.rows(query)))
        .collect()
}

struct Run<S: FileSubject> {
    file: File,
    handle: S::Handle,
    migrations: Migrations,
    /// Before the upgrade.
    settings: Vec<String>,
    snapshot: Snapshot,
    faults: Vec<String>,
}

impl<S: FileSubject> Run<S> {
    fn carry_out(&mut self, trial: &Trial) {
        let content = self.file.content();
        let done = match (&trial.meanwhile, &trial.disobeyed) {
            (Some(meanwhile), _) => self.upgrade_while(meanwhile),
            (None, Some((statement, instead))) => self.upgrade_without(statement, *instead),
            (None, None) => self.upgrade(),
        };
        self.check_connection("after the upgrade");
        match (&trial.refused, done) {
            (Some(parts), Ok(())) => {
                self.faults.push(format!("succeeds instead of {parts:?}"));
            }
            (Some(parts), Err(error)) => {
                let error = error.to_string();
                let missing = parts.iter().filter(|part| !error.contains(*part));
                let missing =
                    missing.map(|part| format!("{part:?} is missing in the error: {error}"));
                self.faults.extend(missing);
                if self.file.content() != content {
                    self.faults
                        .push(format!("not as before, after the error: {error}"));
                }
            }
            (None, Err(error)) => self.faults.push(error.to_string()),
            (None, Ok(())) => self.check(trial),
        }
    }

    fn upgrade(&mut self) -> Result<(), RunError> {
        self.handle.upgrade(&self.migrations, "heads").map(drop)
    }

    /// Upgrades on a connection that does not obey the statements that begin so.
    fn upgrade_without(&mut self, begin: &str, instead: Obedience) -> Result<(), RunError> {
        let mut connection = self.file.open();
        let enforced = self.handle.rows("PRAGMA foreign_keys");
        let setup = format!("PRAGMA foreign_keys = {enforced}");
        connection.execute_batch(&setup).unwrap();
        let watched = Watched {
            connection: &mut connection,
            watch: &mut |statement| match statement.starts_with(begin) {
                true => instead,
                false => Obedience::Obeys,
            },
        };
        self.migrations.upgrade(watched, "heads").map(drop)
    }

    /// Upgrades while another connection has a transaction of its own.
    fn upgrade_while(&mut self, meanwhile: &Meanwhile) -> Result<(), RunError> {
        let other = self.file.open();
        let Meanwhile { sql, ends } = meanwhile.clone();
        let (begun, begins) = mpsc::channel();
        let (over, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                run_all(&other, &sql).unwrap();
                begun.send(()).unwrap();
                let _ = ended.recv_timeout(ends.unwrap_or(Duration::from_secs(60)));
                run_all(&other, "COMMIT").unwrap();
            });
            begins.recv().unwrap();
            let done = self.upgrade();
            let _ = over.send(());
            done
        })
    }

    /// Checks what the upgrade has left, and that the downgrade takes it back.
    fn check(&mut self, trial: &Trial) {
        let connection = self.file.open();
        let after = Snapshot::take(&connection);
        self.faults
            .extend(after.faults(&self.snapshot, &trial.after));
        self.faults
            .extend(query_faults(&connection, &trial.after.queries));
        for behaviour in &trial.behaviours {
            let found = self.try_behaviour(&connection, behaviour);
            let sql = behaviour.sql.lines().next().unwrap_or_default();
            self.faults
                .extend(found.into_iter().map(|fault| format!("{sql}: {fault}")));
        }
        drop(connection);
        if !trial.revision.contains("\n-- alembic: downgrade") {
            return;
        }
        let done = self.handle.downgrade(&self.migrations, "base");
        self.check_connection("after the downgrade");
        if let Err(error) = done {
            return self.faults.push(format!("downgrade: {error}"));
        }
        let connection = self.file.open();
        let back = Snapshot::take(&connection);
        let found = back.faults(&self.snapshot, &trial.back).into_iter();
        let found = found.chain(query_faults(&connection, &trial.back.queries));
        self.faults
            .extend(found.map(|fault| format!("after the downgrade: {fault}")));
    }

    fn try_behaviour(&mut self, connection: &Connection, behaviour: &Behaviour) -> Vec<String> {
        let Behaviour {
            sql,
            outcome,
            queries,
        } = behaviour;
        if let Outcome::WorksThere = outcome {
            self.handle.execute(sql);
            return query_faults(connection, queries);
        }
        run_all(connection, "PRAGMA foreign_keys = ON; BEGIN").unwrap();
        let done = run_all(connection, sql);
        let mut faults = query_faults(connection, queries);
        match (outcome, done) {
            (Outcome::Fails(part), Err(error)) if error.to_string().contains(part) => {}
            (Outcome::Fails(part), done) => faults.push(format!("{done:?} instead of {part:?}")),
            (_, Err(error)) => faults.push(format!("fails: {error}")),
            (_, Ok(())) => {}
        }
        // The statement may have ended the transaction.
        let _ = run_all(connection, "ROLLBACK");
        faults
    }

    fn check_connection(&mut self, when: &str) {
        let found = settings(&mut self.handle);
        for (before, now) in self.settings.iter().zip(found) {
            if *before != now {
                self.faults
                    .push(format!("{when}, {now} instead of {before}"));
            }
        }
        if !self.handle.is_idle() {
            self.faults.push(format!("{when}, a transaction is open"));
        }
    }
}

/// Runs statements, with all of their rows.
fn run_all(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.execute_batch(sql)
}
