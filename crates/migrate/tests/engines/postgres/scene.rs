//! A history that is disturbed in every way, and every state in which that may leave a database.

use super::drivers::Pending;
use super::{Open, Scratch, Via, block_on, chain};
use alembic_migrate::history::RevisionId;
use alembic_migrate::options::{Interruption, TransactionMode};
use alembic_migrate::{DatabaseState, Migrations};
use alembic_suite::answer::is_interrupted;
use alembic_suite::{Database, Handle, check_log};

const VERSIONS: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))";

const PROGRESS: &str = "CREATE TABLE alembic_version_progress (revision VARCHAR(32) NOT NULL,
    direction VARCHAR(9) NOT NULL, done INTEGER NOT NULL, begun INTEGER,
    digest VARCHAR(16) NOT NULL, process INTEGER, since TIMESTAMP NOT NULL);
    INSERT INTO alembic_version_progress VALUES ('r3', 'upgrade', 1, 2, '', 0, now())";

const FIRST: &str = "CREATE TABLE a (id int PRIMARY KEY, x int);
    INSERT INTO a SELECT i, i FROM generate_series(1, 50) AS i";

const SECOND: &str = "ALTER TABLE a ADD COLUMN y int; UPDATE a SET y = x * 2";

/// The four statements of the third revision. Nothing comes of running those in the middle twice,
/// and they may be outside of transactions.
const THIRD: [&str; 4] = [
    "CREATE TABLE b (x int)",
    "CREATE TABLE IF NOT EXISTS c (x int PRIMARY KEY)",
    "INSERT INTO c VALUES (1) ON CONFLICT DO NOTHING",
    "INSERT INTO b VALUES (1)",
];

const FOURTH: &str = "CREATE VIEW v AS SELECT a.x, y FROM a JOIN c ON c.x = a.id";

/// What is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `upgrade` of an empty database.
    Upgrade,
    /// `ensure` of a database with tables, which is stamped and upgraded.
    Adopt,
}

/// A command, and how its revisions run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) command: Command,
    pub(crate) mode: TransactionMode,
    /// Whether a part of the third revision is outside of transactions.
    pub(crate) outside: bool,
}

/// Every scene for a driver.
pub(crate) fn scenes(via: Via) -> Vec<Scene> {
    let mut scenes = Vec::new();
    for command in [Command::Upgrade, Command::Adopt] {
        for mode in [TransactionMode::Run, TransactionMode::Revision] {
            for outside in [false, true] {
                // A connection alone cannot be outside of transactions and keep others away.
                if !(outside && via == Via::Connection) {
                    scenes.push(Scene {
                        command,
                        mode,
                        outside,
                    });
                }
            }
        }
    }
    scenes
}

impl Scene {
    pub(crate) fn migrations(self) -> Migrations {
        let third = match self.outside {
            true => format!(
                "{};\n-- alembic: upgrade no-transaction\n{};\n{};\n-- alembic: upgrade\n{}",
                THIRD[0], THIRD[1], THIRD[2], THIRD[3]
            ),
            false => THIRD.join(";\n"),
        };
        let sections = [FIRST, SECOND, &third, FOURTH];
        let sections = sections.map(|statements| format!("-- alembic: upgrade\n{statements};"));
        chain(&sections).baseline("r1").transaction(self.mode)
    }

    /// What is there before.
    pub(crate) fn before(self) -> &'static str {
        match self.command {
            Command::Upgrade => "",
            Command::Adopt => FIRST,
        }
    }

    /// What is done between one commit and the next.
    fn commits(self) -> Vec<String> {
        let versions = format!("{VERSIONS}; INSERT INTO alembic_version VALUES ('r1')");
        let first = match self.command {
            Command::Upgrade => format!("{FIRST}; {versions}"),
            Command::Adopt => versions,
        };
        let after = |statements: &str, revision: &str| {
            format!("{statements}; UPDATE alembic_version SET version_num = '{revision}'")
        };
        let second = after(SECOND, "r2");
        let third = after(&THIRD.join(";"), "r3");
        let fourth = after(FOURTH, "r4");
        let is_whole_run = self.mode == TransactionMode::Run;
        let mut commits = match (self.command, is_whole_run, self.outside) {
            (_, true, false) => return vec![[first, second, third, fourth].join(";")],
            // What is stamped goes with what follows.
            (Command::Adopt, ..) | (_, true, true) => vec![format!("{first}; {second}")],
            (Command::Upgrade, false, _) => vec![first, second],
        };
        if self.outside {
            let record = |done: &str| format!("UPDATE alembic_version_progress SET {done}");
            commits.push(format!("{}; {PROGRESS}", THIRD[0]));
            commits.push(THIRD[1].to_owned());
            commits.push(record("done = 2, begun = 3"));
            commits.push(THIRD[2].to_owned());
            commits.push(record("done = 3, begun = NULL"));
            let rest = format!("{}; DROP TABLE alembic_version_progress", THIRD[3]);
            commits.push(after(&rest, "r3"));
        } else {
            commits.push(third);
        }
        commits.push(fourth);
        commits
    }

    /// Dumps every state from the first to the last.
    pub(crate) fn states(self, scratch: &mut Scratch) -> Vec<String> {
        scratch.refill(self.before());
        let mut states = vec![scratch.dump()];
        for commit in self.commits() {
            scratch.execute(&commit);
            states.push(scratch.dump());
        }
        states
    }

    /// Returns those of the [states](Self::states) that a failed run may mean by what it says.
    pub(crate) fn meant(self, states: &[String], state: &DatabaseState) -> Vec<String> {
        let commits = states.len() - 1;
        // How many commits it takes until so many revisions are done by the command.
        let done = |revisions: &[RevisionId]| match revisions.last().map(RevisionId::as_str) {
            None => 0,
            Some("r4") => commits,
            Some("r3") => commits - 1,
            Some("r2") if self.outside => commits - 7,
            Some("r2") => commits - 2,
            Some(_) => 1,
        };
        let exactly = |number: usize| vec![states[number].clone()];
        // Nothing was done since this was recorded.
        let taken_back = |number: usize, begun: &str| {
            let begun = format!("|{begun}\n");
            vec![states[number].replace(&begun, "|NULL\n")]
        };
        match state {
            DatabaseState::Unchanged => exactly(0),
            DatabaseState::Committed { done: ids, .. } => exactly(done(ids)),
            DatabaseState::Unknown {
                done: ids,
                committing,
                ..
            } => {
                let before = done(ids);
                match committing.first().map(RevisionId::as_str) {
                    // The first part of the third revision.
                    None => states[before..=before + 1].to_vec(),
                    // The last one.
                    Some("r3") if self.outside => states[before + 5..=before + 6].to_vec(),
                    Some(_) => [exactly(before), exactly(done(committing))].concat(),
                }
            }
            DatabaseState::Unfinished {
                done: ids,
                statements,
                uncertain,
                ..
            } => {
                let before = done(ids);
                match (statements, uncertain) {
                    // The statement may have taken effect, and even be recorded.
                    (1, true) => states[before + 1..=before + 3].to_vec(),
                    (1, false) => taken_back(before + 1, "2"),
                    (2, true) => states[before + 3..=before + 5].to_vec(),
                    (2, false) => taken_back(before + 3, "3"),
                    (3, false) => exactly(before + 5),
                    _ => panic!("{state}"),
                }
            }
            other => panic!("no such state is expected: {other:?}"),
        }
    }

    /// Begins the command.
    pub(crate) fn begin<'d>(
        self,
        migrations: &'d Migrations,
        database: &'d mut Open,
    ) -> Pending<'d> {
        match self.command {
            Command::Upgrade => database.begin_upgrade(migrations),
            Command::Adopt => database.begin_ensure(migrations),
        }
    }

    /// Goes on where something was disturbed, and makes sure that it ends as it would have.
    pub(crate) fn finish(self, scratch: &Scratch, database: &mut Open, last: &str, context: &str) {
        let migrations = self.migrations();
        match block_on(self.begin(&migrations, database)) {
            Ok(()) => {}
            Err(error) => {
                let may_fail = self.outside && is_interrupted(&error);
                assert!(may_fail, "{context}: {error}");
                let migrations = migrations.interruption(Interruption::Again);
                let outcome = block_on(self.begin(&migrations, database));
                outcome.unwrap_or_else(|error| panic!("{context}: {error}"));
            }
        }
        assert_eq!(scratch.dump(), last, "{context}");
        check_log(&**scratch, context);
        assert!(database.is_idle(), "{context}");
    }
}
