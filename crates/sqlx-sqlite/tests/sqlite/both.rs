//! One command on two databases alike, through rusqlite and through sqlx.

use std::future::{Future, Ready, ready};
use std::path::Path;
use std::sync::{Arc, Mutex};

use alembic_migrate::driver::{Driver, Observer, Run};
use alembic_migrate::options::Purge;
use alembic_migrate::report::{Ensured, StampReport, Status};
use alembic_migrate::{Dialect, EnsureReport, Event, Migrations, Report, RunError};
use alembic_run::{Failure, StatementLocation};
use alembic_sqlx_sqlite::Sqlx;
use rusqlite::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection as _, SqliteConnection, SqlitePool, query_scalar, raw_sql};

use crate::scratch::{QUICK, Scratch};

/// The driver for rusqlite, behind futures that are ready at once.
struct Rusqlite<'c>(&'c mut Connection);

impl<'c> Driver<'c> for Rusqlite<'c> {
    type Outcome<T: Send + 'c> = Ready<Result<T, RunError>>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn drive<T: Send + 'c>(
        self,
        run: Run<'c, Result<T, RunError>>,
        observer: &'c Observer,
    ) -> Ready<Result<T, RunError>> {
        ready(self.0.drive(run, observer))
    }
}

/// What can be done to a database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Upgrade(&'static str),
    Downgrade(&'static str),
    Revert(&'static str),
    Stamp(&'static [&'static str], Purge),
    Current,
    Check,
    EnsureVersion,
    Ensure,
}

/// A driver that answers with futures.
pub(crate) trait Answers<T>: Future<Output = Result<T, RunError>> {}

impl<T, F: Future<Output = Result<T, RunError>>> Answers<T> for F {}

impl Command {
    pub(crate) async fn carry_out<'d, D>(
        self,
        migrations: &'d Migrations,
        database: D,
    ) -> Result<String, RunError>
    where
        D: Driver<'d>,
        D::Outcome<Report>: Answers<Report>,
        D::Outcome<StampReport>: Answers<StampReport>,
        D::Outcome<Vec<String>>: Answers<Vec<String>>,
        D::Outcome<Check>: Answers<Check>,
        D::Outcome<Ensured>: Answers<Ensured>,
        D::Outcome<Vec<EnsureReport>>: Answers<Vec<EnsureReport>>,
    {
        Ok(match self {
            Self::Upgrade(target) => report(migrations.upgrade(database, target).await?),
            Self::Downgrade(target) => report(migrations.downgrade(database, target).await?),
            Self::Revert(revision) => report(migrations.revert(database, revision).await?),
            Self::Stamp(targets, purge) => {
                format!("{:?}", migrations.stamp(database, targets, purge).await?)
            }
            Self::Current => format!("{:?}", migrations.current(database).await?),
            Self::Check => format!("{:?}", migrations.check(database).await?),
            Self::EnsureVersion => format!("{:?}", migrations.ensure_version(database).await?),
            Self::Ensure => {
                let mut told = String::new();
                for done in migrations.ensure(database).await? {
                    let (scenario, outcome, after) = (done.scenario, done.outcome, done.after);
                    let steps = done.steps.iter().map(|step| step.revision.as_str());
                    let steps: Vec<_> = steps.collect();
                    told += &format!("{scenario}, {outcome}: {steps:?}, now at {after:?}\n");
                }
                told
            }
        })
    }
}

/// Carries out a command through rusqlite.
pub(crate) async fn through_rusqlite(
    command: Command,
    migrations: &Migrations,
    connection: &mut Connection,
) -> Result<String, RunError> {
    command.carry_out(migrations, Rusqlite(connection)).await
}

/// Leaves out how long it took.
fn report(report: Report) -> String {
    let steps = report.steps.iter();
    let steps = steps.map(|step| (step.revision.as_str(), step.message.as_str()));
    let steps: Vec<_> = steps.collect();
    let (direction, before, after) = (report.direction, report.before, report.after);
    format!("{direction}: {before:?} {steps:?} {after:?}")
}

/// Has events written down, without the times in them.
fn listen(migrations: &Migrations) -> (Migrations, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let migrations = migrations.clone().observe(move |event| {
        let told = match event {
            Event::StepFinished { step, .. } => format!("finished {step:?}"),
            // How often depends on the moment.
            Event::Waiting { .. } => return,
            event => format!("{event:?}"),
        };
        heard.lock().unwrap().push(told);
    });
    (migrations, events)
}

/// Opens a pool of so many connections.
pub(crate) fn pool(path: &Path, connections: u32) -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(connections);
    let pool = pool.after_connect(|connection, _| {
        Box::pin(async {
            // It fails on a file that is damaged.
            let _ = raw_sql(QUICK).execute(connection).await;
            Ok(())
        })
    });
    pool.connect_lazy_with(SqliteConnectOptions::new().filename(path))
}

/// What a connection is set to.
pub(crate) async fn settings(connection: &mut SqliteConnection) -> (String, String) {
    let mut get = async |sql: &'static str| {
        let value: i64 = query_scalar(sql).fetch_one(&mut *connection).await.unwrap();
        value.to_string()
    };
    (
        get("PRAGMA foreign_keys").await,
        get("PRAGMA busy_timeout").await,
    )
}

/// Checks that a connection is as new: its settings, and nothing open, neither in SQLite nor in
/// what sqlx remembers of it.
pub(crate) async fn check_free(
    connection: &mut SqliteConnection,
    expected: &(String, String),
    context: &str,
) {
    // sqlx undoes what was dropped before it does anything else, not at once.
    connection.ping().await.unwrap();
    assert!(!connection.is_in_transaction(), "{context}");
    // A transaction that is forgotten is rolled back.
    drop(connection.begin().await.unwrap());
    for sql in ["BEGIN", "ROLLBACK"] {
        let executed = raw_sql(sql).execute(&mut *connection).await;
        executed.unwrap_or_else(|error| panic!("{context}: {sql}: {error}"));
    }
    assert_eq!(&settings(connection).await, expected, "{context}");
}

/// Carries out a command on copies of a database, and checks that both drivers make the same of
/// it; what they make of it is returned.
pub(crate) async fn compare(
    before: &Scratch,
    migrations: &Migrations,
    command: Command,
    context: &str,
) -> Result<String, RunError> {
    compare_through(&[false, true], before, migrations, command, context).await
}

/// Does so through a pool, a connection, or one after the other.
pub(crate) async fn compare_through(
    pooled: &[bool],
    before: &Scratch,
    migrations: &Migrations,
    command: Command,
    context: &str,
) -> Result<String, RunError> {
    let theirs = before.copy();
    let (their_migrations, their_events) = listen(migrations);
    let expected = {
        let mut connection = Connection::open(theirs.path()).unwrap();
        let _ = connection.execute_batch(QUICK);
        through_rusqlite(command, &their_migrations, &mut connection).await
    };
    let expected_content = theirs.content();
    for &pooled in pooled {
        let context = format!("{context}, {command:?}, pooled: {pooled}");
        let ours = before.copy();
        let (our_migrations, our_events) = listen(migrations);
        let pool = pool(&ours.path(), 1);
        let result = if pooled {
            command.carry_out(&our_migrations, Sqlx(&pool)).await
        } else {
            let mut connection = pool.acquire().await.unwrap();
            command
                .carry_out(&our_migrations, Sqlx(&mut *connection))
                .await
        };
        check_same(&result, &expected, &context);
        let events = |events: &Mutex<Vec<String>>| events.lock().unwrap().join("\n");
        assert_eq!(events(&our_events), events(&their_events), "{context}");
        let mut connection = pool.acquire().await.unwrap();
        check_free(&mut connection, &usual(), &context).await;
        drop(connection);
        pool.close().await;
        match (ours.content(), &expected_content) {
            (Ok(ours), Ok(theirs)) => assert_eq!(&ours, theirs, "{context}"),
            (ours, theirs) => assert!(ours == *theirs, "{context}: bytes differ"),
        }
    }
    expected
}

/// What connections of sqlx are set to.
pub(crate) fn usual() -> (String, String) {
    ("1".to_owned(), "5000".to_owned())
}

fn check_same(ours: &Result<String, RunError>, theirs: &Result<String, RunError>, context: &str) {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => return assert_eq!(ours, theirs, "{context}"),
        (Err(ours), Err(theirs)) => (ours, theirs),
        (ours, theirs) => panic!("{context}: {ours:?} instead of {theirs:?}"),
    };
    assert_eq!(ours.state, theirs.state, "{context}");
    assert_eq!(ours.kind(), theirs.kind(), "{context}");
    assert!(
        ours.rollback.is_none() && theirs.rollback.is_none(),
        "{context}"
    );
    if let (
        Failure::Statement {
            place: our_place,
            error: our_error,
            ..
        },
        Failure::Statement {
            place: their_place,
            error: their_error,
            ..
        },
    ) = (&*ours.fault, &*theirs.fault)
        && our_error.offset != their_error.offset
    {
        // sqlx does not pass on where it is, and the message tells it only of syntax errors.
        assert_eq!(our_error.offset, None, "{context}");
        assert!(
            !ours.to_string().contains("syntax error"),
            "{context}: {ours}"
        );
        assert_eq!(our_error.to_string(), their_error.to_string(), "{context}");
        assert_eq!(our_error.kind, their_error.kind, "{context}");
        let rest = |place: &Place| {
            (
                place.revision.clone(),
                place.path.clone(),
                place.statement,
                place.span,
            )
        };
        assert_eq!(rest(our_place), rest(their_place), "{context}");
        return;
    }
    assert_eq!(ours.to_string(), theirs.to_string(), "{context}");
}
