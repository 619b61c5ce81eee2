//! One migrator at a time, on PostgreSQL.
//!
//! The lock is an advisory one that belongs to a transaction, on a connection that does nothing
//! else: it is released as soon as that connection is gone, it passes through poolers that assign
//! connections per transaction, and it leaves the migrating connection free to work outside of
//! transactions. Each attempt to take it is a transaction of its own: a session that waited inside
//! one would keep `CREATE INDEX CONCURRENTLY` from ever ending, and could take the pooler's
//! connection that the holder of the lock needs.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use alembic_history::VersionTable;

use super::settings::{WorkSetting, set, watch_connection};
use super::{Postgres, is_true};
use crate::action::Action;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::digest::digest;
use crate::event::{Event, Holder};
use crate::failure::Failure;
use crate::link::{Link, PAUSE, ROLLBACK, WAITING_TURN};
use crate::refused_request::RefusedRequest;
use crate::request::{Execute, LockTask, Query, Task};

/// The lock that keeps other migrators away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lock {
    /// Nothing yet.
    #[default]
    None,
    /// A transaction on the second connection.
    Aside,
    /// Each transaction of the run itself, since there is no second connection.
    Inside,
}

/// The longest pause before the lock is asked for again.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Returns the number of the advisory lock for a version table; each database of a server has its
/// own locks, but a pooler may present several databases as one.
fn key(database: &str, table: &VersionTable) -> i64 {
    let schema = table.schema.as_deref().unwrap_or_default();
    let parts = ["cargo-alembic", database, schema, &table.name];
    // Programs of different versions must exclude each other.
    digest(parts.join("\0").bytes()).cast_signed()
}

/// Returns the number of the lock that each transaction of a migrator holds.
fn inner(key: i64) -> i64 {
    key ^ 1
}

/// Returns the subquery that lists the holders of a version table's locks.
fn held_locks(key: i64) -> String {
    // The two halves of a number.
    let [high, low, inner] = [key >> 32, key, inner(key)].map(|key| key & 0xffff_ffff);
    format!(
        "(SELECT pid, objid::pg_catalog.int8 AS objid FROM pg_catalog.pg_locks \
         WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND granted \
         AND objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2 \
         AND classid::pg_catalog.int8 OPERATOR(pg_catalog.=) {high}::pg_catalog.int8 \
         AND objid::pg_catalog.int8 OPERATOR(pg_catalog.=) \
         ANY (ARRAY[{low}, {inner}]::pg_catalog.int8[]) \
         AND database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database \
         WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())) AS l"
    )
}

fn asks(task: LockTask, sql: impl Into<std::borrow::Cow<'static, str>>) -> Query {
    Query::new(Task::Lock(task), sql)
}

/// Ends the transaction on the second connection.
pub(super) fn release() -> Query {
    asks(LockTask::Release, ROLLBACK)
}

/// Begins a transaction, whatever isolation the connection would have.
pub(super) async fn begin(link: &mut Link<'_>) -> Result<(), RefusedRequest> {
    begin_with(link, "BEGIN ISOLATION LEVEL READ COMMITTED").await
}

pub(super) async fn begin_with(
    link: &mut Link<'_>,
    sql: &'static str,
) -> Result<(), RefusedRequest> {
    let begin = Execute::new(Task::Begin, sql).undone_by(ROLLBACK);
    link.execute(begin).await?;
    link.is_open = true;
    Ok(())
}

/// Refuses to begin where the caller of the run has begun a transaction: PostgreSQL would only warn.
pub(super) async fn check_no_transaction(link: &Link<'_>) -> Result<(), RefusedRequest> {
    // A transaction that began before this very statement.
    let query = "SELECT pg_catalog.now() OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp()";
    let rows = link.query(Query::new(Task::FindTransaction, query)).await?;
    if is_true(&rows) {
        let why = "cannot start a transaction within a transaction";
        let error = DatabaseError::new(DatabaseErrorKind::Other, why);
        return Err(RefusedRequest::new(Action::Begin, error));
    }
    Ok(())
}

impl Postgres {
    /// Takes the lock of the version table, waiting as long as the lock timeout allows.
    ///
    /// If the lock belongs to a transaction of the run, that transaction is open afterwards.
    pub(super) async fn take_lock(
        &mut self,
        link: &mut Link<'_>,
        table: &VersionTable,
    ) -> Result<(), Failure> {
        if self.lock == Lock::Aside {
            return Ok(());
        }
        let key = key(&self.database, table);
        let start = link.now();
        let mut reported = Duration::ZERO;
        let mut pause = PAUSE;
        loop {
            if self.try_lock(link, key).await? {
                return Ok(());
            }
            let now = link.now();
            let waited = now.saturating_sub(start);
            let timed_out = waited >= link.lock_timeout;
            if timed_out || waited >= reported + WAITING_TURN {
                reported = waited;
                let holder = find_holder(link, key).await;
                if timed_out {
                    return Err(RefusedRequest::new(Action::Lock, held_lock(waited, holder)).into());
                }
                link.report(Event::Waiting { waited, holder }).await;
            }
            // Spreads the attempts: many migrators may have begun to wait at the same moment.
            let jitter = now.subsec_nanos() % 64;
            let left = link.lock_timeout.saturating_sub(waited);
            link.pause((pause * (64 + jitter) / 96).min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks for the lock once.
    async fn try_lock(&mut self, link: &mut Link<'_>, key: i64) -> Result<bool, RefusedRequest> {
        let ask = format!("SELECT pg_catalog.pg_try_advisory_xact_lock({key})");
        if self.lock == Lock::None {
            let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
            let begun = link.query_aside(asks(LockTask::Begin, begin)).await?;
            if begun.is_some() {
                // A migrator that has lost this lock may still have a transaction open.
                let held = held_locks(key);
                let ask = format!(
                    "{ask} AND NOT EXISTS (SELECT FROM {held} WHERE l.objid OPERATOR(pg_catalog.=) {}::pg_catalog.int8)",
                    inner(key) & 0xffff_ffff
                );
                let granted = link.query_aside(asks(LockTask::Try(key), ask)).await?;
                if is_true(&granted.unwrap_or_default()) {
                    // The transaction is idle until the run is over.
                    let mut settings = watch_connection();
                    settings.extend([
                        WorkSetting::new("idle_in_transaction_session_timeout", "0"),
                        WorkSetting::new("transaction_timeout", "0"),
                    ]);
                    let timeouts = set(&settings);
                    link.query_aside(asks(LockTask::Keep, timeouts)).await?;
                    self.lock = Lock::Aside;
                    return Ok(true);
                }
                link.query_aside(release()).await?;
                return Ok(false);
            }
            self.lock = Lock::Inside;
        }
        let locking = |refused: RefusedRequest| RefusedRequest::new(Action::Lock, refused.error);
        check_no_transaction(link).await.map_err(locking)?;
        begin(link).await.map_err(locking)?;
        if is_true(&link.query(asks(LockTask::Try(key), ask)).await?) {
            return Ok(true);
        }
        link.rollback().await.map_err(locking)?;
        Ok(false)
    }

    /// Returns the lock by which a migrator's transaction keeps others away by itself, should the
    /// first lock be lost; its value is `false` if another migrator holds it.
    pub(super) fn keep_away(&self, table: &VersionTable) -> (i64, String) {
        let key = inner(key(&self.database, table));
        (key, format!("pg_catalog.pg_try_advisory_xact_lock({key})"))
    }
}

/// Finds the holder of the lock.
async fn find_holder(link: &Link<'_>, key: i64) -> Option<Holder> {
    let held = held_locks(key);
    let query = format!(
        "SELECT a.pid, a.application_name, a.usename, \
         coalesce(a.client_hostname, pg_catalog.host(a.client_addr), 'the server''s own host'), \
         pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') \
         FROM {held} JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid \
         ORDER BY l.objid OPERATOR(pg_catalog.=) {}::pg_catalog.int8 DESC",
        key & 0xffff_ffff
    );
    let query = asks(LockTask::FindHolder, query);
    // The wait is reported, with or without the holder.
    let rows = match link.query_aside(query.clone()).await {
        Ok(Some(rows)) => rows,
        Ok(None) => link.query(query).await.ok()?,
        Err(_) => return None,
    };
    let row = rows.first()?;
    let cell = |column| row.cell(column).unwrap_or_default().to_owned();
    Some(Holder {
        process: cell(0),
        application: cell(1),
        user: cell(2),
        host: cell(3),
        since: cell(4),
    })
}

fn held_lock(waited: Duration, holder: Option<Holder>) -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::Busy, HeldLock { waited, holder })
}

/// The error that another migrator holds the lock for too long.
#[derive(Debug)]
struct HeldLock {
    waited: Duration,
    holder: Option<Holder>,
}

impl fmt::Display for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.waited.as_secs_f64();
        write!(
            f,
            "after {seconds:.1} seconds another migrator still holds it"
        )?;
        match &self.holder {
            Some(holder) => write!(f, ": {holder}"),
            None => Ok(()),
        }
    }
}

impl Error for HeldLock {}
