//! What a driver is given to send, apart from the order of requests.

use std::time::Duration;

use alembic_history::Dialect;
use alembic_history::TransactionMode::Run as PerRun;
use insta::assert_snapshot;

use super::fake::{Command, Failing, Fake, Second};
use super::revisions::{OUTSIDE, PLAIN, history};
use super::truth::after_failure;
use crate::request::{ProgressTask, Task, VersionTask};
use crate::{Connection, DatabaseError, Execute, Query, Row, Run};

/// A connection that records its requests.
struct Listener {
    fake: Fake,
    /// The task of each statement, with its effect on the connection.
    executed: Vec<String>,
    /// The task of each query, with whether a transaction is open.
    queried: Vec<(Task, bool, String)>,
}

impl Listener {
    fn new(fake: Fake) -> Self {
        Self {
            fake,
            executed: Vec::new(),
            queried: Vec::new(),
        }
    }

    fn drive<T>(&mut self, run: Run<'_, T>) -> T {
        run.drive(self, &|_event| {})
    }
}

impl Connection for Listener {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let sql = statement.sql().split_whitespace().collect::<Vec<_>>();
        let effect = statement.effect();
        self.executed.push(format!("{effect:?}: {}", sql.join(" ")));
        self.fake.execute(statement)
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        let sql = query.sql().to_owned();
        self.queried
            .push((query.task.clone(), self.fake.is_open(), sql));
        self.fake.query(query)
    }

    fn pause(&mut self, pause: Duration) {
        self.fake.pause(pause);
    }

    fn query_aside(&mut self, query: &Query) -> Result<Option<Vec<Row>>, DatabaseError> {
        self.fake.query_aside(query)
    }
}

#[test]
fn statements_say_what_they_do_to_the_connection() {
    let history = history(PLAIN);
    let executed = |dialect| {
        let mut fake = Fake::of(dialect, None);
        let runner = fake.runner(&history, PerRun, "alembic_version");
        let mut listener = Listener::new(fake);
        listener.drive(runner.upgrade("a")).unwrap();
        listener.executed.join("\n")
    };
    assert_snapshot!(executed(Dialect::Sqlite), @r#"
    Sets { restore: "PRAGMA busy_timeout = 5000" }: PRAGMA busy_timeout = 1000
    Sets { restore: "PRAGMA foreign_keys = ON" }: PRAGMA foreign_keys = OFF
    Begins { rollback: "ROLLBACK" }: BEGIN IMMEDIATE
    Works: EXPLAIN PRAGMA main.foreign_key_check
    Works: CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )
    Works: CREATE TABLE a (x)
    Works: CREATE TABLE a2 (x)
    Works: INSERT INTO alembic_version (version_num) VALUES ('a')
    Works: EXPLAIN PRAGMA main.foreign_key_check
    Commits: COMMIT
    Works: PRAGMA foreign_keys = ON
    Works: PRAGMA busy_timeout = 5000
    "#);
    assert_snapshot!(executed(Dialect::Postgres), @r#"
    Begins { rollback: "ROLLBACK" }: BEGIN ISOLATION LEVEL READ COMMITTED
    Works: CREATE TABLE public.alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )
    Works: CREATE TABLE a (x)
    Works: CREATE TABLE a2 (x)
    Works: INSERT INTO public.alembic_version (version_num) VALUES ('a')
    Commits: COMMIT
    "#);
}

#[test]
fn on_postgres_the_tables_of_a_run_are_named_with_their_schema() {
    let history = history(OUTSIDE);
    for (rows, up) in [(None, "heads"), (Some(&["a"][..]), "b")] {
        let mut fake = Fake::postgres(rows);
        let runner = fake.runner(&history, PerRun, "alembic_version");
        let mut listener = Listener::new(fake);
        listener.drive(runner.clone().upgrade(up)).unwrap();
        listener.drive(runner.downgrade("a")).unwrap();
        let queried = listener.queried.iter().filter_map(|(task, _, sql)| {
            // The first look for the table finds its schema.
            match task {
                Task::Versions(table, VersionTask::Find) if table.schema.is_none() => None,
                _ => Some(sql),
            }
        });
        let mut mentions = 0;
        for sql in listener.executed.iter().chain(queried) {
            let sql = sql.replace("CONSTRAINT alembic_version_pkc", "");
            // In the catalog, its schema is another column.
            let sql = sql.replace("'alembic_version_log'", "");
            let all = sql.matches("alembic_version").count();
            let qualified = sql.matches("public.alembic_version").count();
            assert_eq!(all, qualified, "{sql}");
            mentions += all;
        }
        assert!(mentions > 20, "{mentions}");
    }
}

/// Tables are read without waiting for locks: in a transaction since it says for how long statements
/// wait, and otherwise since the query itself says so.
#[test]
fn on_postgres_tables_are_never_read_without_a_limit_to_the_wait() {
    let history = history(OUTSIDE);
    let start = Fake::postgres(Some(&["a"]));
    let attempt = |fake: &mut Fake| {
        let outcome = fake.run(&history, PerRun, Command::Upgrade("b"));
        outcome.map(drop)
    };
    let lost = Failing::Lost { took_effect: false };
    let mut fake = after_failure(&start, "VACUUM b3", lost, &attempt);
    let runner = fake.runner(&history, PerRun, "alembic_version");
    let mut listener = Listener::new(fake);
    let status = listener.drive(runner.clone().status()).unwrap();
    status.unfinished.unwrap();
    listener.drive(runner.upgrade("b")).unwrap_err();
    let mut reads = Vec::new();
    for (task, is_open, sql) in &listener.queried {
        let what = match task {
            Task::Versions(_, VersionTask::Read) => "versions",
            Task::Progress(ProgressTask::Read) => "progress",
            _ => continue,
        };
        let is_limited = sql.starts_with("LOCK TABLE public.alembic_version")
            && sql.contains(" IN ACCESS SHARE MODE NOWAIT; SELECT ");
        assert_eq!(is_limited, !is_open, "{sql}");
        reads.push((what, *is_open));
    }
    reads.dedup();
    assert_eq!(
        reads,
        [
            ("versions", false),
            ("progress", false),
            ("versions", false),
            ("versions", true),
            ("progress", true),
        ]
    );
}

#[test]
fn settings_of_a_transaction_say_how_long_its_statements_wait() {
    let history = history(PLAIN);
    for (milliseconds, turn) in [(0, 1), (500, 500), (3000, 3000), (30_000, 3000)] {
        for (second, is_local) in [(Second::Closed, false), (Second::Missing, true)] {
            let mut fake = Fake {
                second,
                lock_timeout: Duration::from_millis(milliseconds),
                ..Fake::postgres(None)
            };
            let runner = fake.runner(&history, PerRun, "alembic_version");
            let mut listener = Listener::new(fake);
            listener.drive(runner.clone().upgrade("a")).unwrap();
            listener.drive(runner.describe()).unwrap();
            let mut settings = listener.queried.iter();
            let mut set = |for_transaction: bool| {
                let found = settings.find(|(task, ..)| match task {
                    Task::SetForTransaction(_) => for_transaction,
                    Task::SetForDescription => !for_transaction,
                    _ => false,
                });
                found.unwrap().2.clone()
            };
            let sql = set(true);
            for setting in [
                format!("('lock_timeout', '{turn}', true, true)"),
                "('client_connection_check_interval', '1000', true, ".to_owned(),
                // Queries after a transaction read the same way, if the lock is held meanwhile.
                format!("('standard_conforming_strings', 'on', {is_local}, true)"),
            ] {
                assert!(sql.contains(&setting), "{setting}: {sql}");
            }
            let sql = set(false);
            let setting = format!("set_config('lock_timeout', '{turn}', true)");
            assert!(sql.contains(&setting), "{sql}");
        }
    }
    for (milliseconds, turn) in [(0, 0), (500, 500), (30_000, 1000)] {
        let mut fake = Fake {
            lock_timeout: Duration::from_millis(milliseconds),
            ..Fake::new(None)
        };
        fake.run(&history, PerRun, Command::Current).unwrap();
        let set = fake.log.starting_with("set lock timeout");
        let expected = [
            format!("set lock timeout {turn}"),
            "set lock timeout 5000".to_owned(),
        ];
        assert_eq!(set, expected);
    }
}
