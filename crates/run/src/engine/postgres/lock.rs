//! One migrator at a time, on PostgreSQL.
//!
//! The lock is an advisory one that belongs to a transaction, on a connection that does nothing
//! else: it is released as soon as that connection is gone, it passes through poolers that assign
//! connections per transaction, and it leaves the migrating connection free to work outside of
//! transactions. Each attempt to take it is a transaction of its own: a session that waited inside
//! one would keep `CREATE INDEX CONCURRENTLY` from ever ending, and could take the pooler's
//! connection that the holder of the lock needs. For the same reason, nothing that takes a snapshot is
//! asked in the transaction that has the lock: it lasts as long as the run, and whoever builds an index
//! waits for all of a transaction that had one when he looked around.
//!
//! The transaction of the run begins before that of the lock. A run that holds the lock has then had
//! two of a pooler's connections at once, so that the locks of several runs never occupy all of
//! them. Of the runs that need both, one at a time holds the first while it asks for the second.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use alembic_history::{VersionTable, fnv_1a};

use super::quote::text;
use super::settings::{WorkSetting, set, watch_connection};
use super::{Postgres, is_true};
use crate::action::Action;
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::event::{Event, Holder};
use crate::failure::Failure;
use crate::link::{Link, PAUSE, ROLLBACK, WAITING_TURN};
use crate::refused_request::RefusedRequest;
use crate::request::{Execute, LockTask, Query, Task, Watch};

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

/// The outcome of one attempt to take the lock.
#[derive(Debug)]
enum Attempt {
    Granted,
    /// Another migrator holds the lock, or is asking for its own one.
    Held,
    /// There is no second connection at this time.
    NoConnection(RefusedRequest),
}

/// The savepoint before the lock of the one run that asks for its second connection.
const GATE: &str = "cargo_alembic";

/// The longest pause before the lock is asked for again.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Returns the number of the advisory lock for a version table; each database of a server has its
/// own locks, but a pooler may present several databases as one.
fn key(database: &str, table: &VersionTable) -> i64 {
    let schema = table.schema.as_deref().unwrap_or_default();
    let parts = ["cargo-alembic", database, schema, &table.name];
    // Programs of different versions must exclude each other.
    fnv_1a(parts.join("\0").bytes()).cast_signed()
}

/// Returns the number of the lock that each transaction of a migrator holds.
fn inner(key: i64) -> i64 {
    key ^ 1
}

/// Returns the number of the lock of the one run that is asking for its second connection.
fn gate(database: &str) -> i64 {
    let parts = ["cargo-alembic", database];
    fnv_1a(parts.join("\0").bytes()).cast_signed()
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

/// Returns the query that asks for the lock of this number.
fn ask(key: i64) -> String {
    format!("SELECT pg_catalog.pg_try_advisory_xact_lock({key})")
}

fn locking(refused: RefusedRequest) -> RefusedRequest {
    RefusedRequest::new(Action::Lock, refused.error)
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
    /// Takes the lock of the version table, waiting as long as the lock timeout allows; the
    /// transaction of the run is open afterwards, if the lock was not held before.
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
            let (refused, longest) = match self.try_lock(link, key).await? {
                Attempt::Granted => return Ok(()),
                Attempt::Held => (None, LONGEST_PAUSE),
                // Each attempt takes a connection that others may need.
                Attempt::NoConnection(refused) => (Some(refused), LONGEST_PAUSE * 8),
            };
            link.rollback().await.map_err(locking)?;
            let now = link.now();
            let waited = now.saturating_sub(start);
            let timed_out = waited >= link.lock_timeout;
            if timed_out || waited >= reported + WAITING_TURN {
                reported = waited;
                let event = match refused {
                    Some(refused) if timed_out => return Err(refused.into()),
                    Some(_) => Event::NoConnection { waited },
                    None => {
                        let holder = find_holder(link, key).await;
                        if timed_out {
                            let error = held_lock(waited, holder);
                            return Err(RefusedRequest::new(Action::Lock, error).into());
                        }
                        Event::Waiting { waited, holder }
                    }
                };
                link.report(event).await;
            }
            // Spreads the attempts: many migrators may have begun to wait at the same moment.
            let jitter = now.subsec_nanos() % 64;
            let left = link.lock_timeout.saturating_sub(waited);
            link.pause((pause * (64 + jitter) / 96).min(left)).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Asks for the lock once, in the transaction of the run if it can be nowhere else.
    async fn try_lock(&mut self, link: &mut Link<'_>, key: i64) -> Result<Attempt, RefusedRequest> {
        check_no_transaction(link).await.map_err(locking)?;
        begin(link).await.map_err(locking)?;
        if self.lock == Lock::None {
            if !self.enter(link).await? {
                return Ok(Attempt::Held);
            }
            match self.try_lock_aside(link, key).await {
                Ok(None) => self.lock = Lock::Inside,
                Ok(Some(Attempt::Granted)) => {
                    self.leave(link).await?;
                    return Ok(Attempt::Granted);
                }
                Ok(Some(attempt)) => return Ok(attempt),
                Err(refused) if refused.kind() == DatabaseErrorKind::TooManyConnections => {
                    return Ok(Attempt::NoConnection(refused));
                }
                Err(refused) => return Err(refused),
            }
            self.leave(link).await?;
        }
        let granted = link.query(asks(LockTask::Try(key), ask(key))).await?;
        Ok(match is_true(&granted) {
            true => Attempt::Granted,
            false => Attempt::Held,
        })
    }

    /// Becomes the one run that asks for its second connection; returns `false` if there is another.
    async fn enter(&self, link: &Link<'_>) -> Result<bool, RefusedRequest> {
        let ask = format!("SAVEPOINT {GATE}; {}", ask(gate(&self.database)));
        Ok(is_true(&link.query(asks(LockTask::Enter, ask)).await?))
    }

    /// Lets the next run ask for its second connection: the savepoint takes its lock along.
    async fn leave(&self, link: &Link<'_>) -> Result<(), RefusedRequest> {
        let leave = format!("ROLLBACK TO SAVEPOINT {GATE}; RELEASE SAVEPOINT {GATE}");
        link.query(asks(LockTask::Leave, leave)).await.map(drop)
    }

    /// Asks for the lock once, in a transaction on the second connection; returns `None` if there
    /// can be none.
    async fn try_lock_aside(
        &mut self,
        link: &Link<'_>,
        key: i64,
    ) -> Result<Option<Attempt>, RefusedRequest> {
        let begin = asks(LockTask::Begin, "BEGIN ISOLATION LEVEL READ COMMITTED");
        if link.query_aside(begin).await?.is_none() {
            return Ok(None);
        }
        // A migrator that has lost this lock may still have a transaction open.
        let held = held_locks(key);
        let ask = format!(
            "{} AND NOT EXISTS (SELECT FROM {held} \
             WHERE l.objid OPERATOR(pg_catalog.=) {}::pg_catalog.int8)",
            ask(key),
            inner(key) & 0xffff_ffff
        );
        let granted = link.query_aside(asks(LockTask::Try(key), ask)).await?;
        if !is_true(&granted.unwrap_or_default()) {
            link.query_aside(release()).await?;
            return Ok(Some(Attempt::Held));
        }
        // The transaction is idle until the run is over.
        let mut settings = watch_connection();
        settings.extend([
            WorkSetting::new("idle_in_transaction_session_timeout", "0"),
            WorkSetting::new("transaction_timeout", "0"),
        ]);
        let timeouts = set(&settings);
        link.query_aside(asks(LockTask::Keep, timeouts)).await?;
        self.lock = Lock::Aside;
        self.watch = Some(Arc::new(watch(key)));
        Ok(Some(Attempt::Granted))
    }

    /// Returns the lock by which a migrator's transaction keeps others away by itself, should the
    /// first lock be lost; its value is `false` if another migrator holds it.
    pub(super) fn keep_away(&self, table: &VersionTable) -> (i64, String) {
        let key = inner(key(&self.database, table));
        (key, format!("pg_catalog.pg_try_advisory_xact_lock({key})"))
    }
}

/// The columns of [`Holder`] in `pg_stat_activity`.
const HOLDER: &str = "a.pid, a.application_name, a.usename, \
     coalesce(a.client_hostname, pg_catalog.host(a.client_addr), 'the server''s own host'), \
     pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')";

/// Returns what to ask for the sessions that the run's statement waits for: its transaction is the
/// one that keeps other migrators away.
fn watch(key: i64) -> Watch {
    let held = held_locks(key);
    let inner = inner(key) & 0xffff_ffff;
    find_blockers(&format!(
        "{held} WHERE l.objid OPERATOR(pg_catalog.=) {inner}::pg_catalog.int8"
    ))
}

/// How many bytes of a statement are compared with what the server shows of it, which shows 100 at
/// least, with the end.
const SHOWN: usize = 96;

/// Returns what to ask for the sessions that a statement outside of transactions waits for. Behind a
/// pooler, the process may have become somebody else's.
pub(super) fn watch_outside(process: i32, sql: &str) -> Watch {
    let shown = text(&sql[..sql.floor_char_boundary(SHOWN)]);
    find_blockers(&format!(
        "pg_catalog.pg_stat_activity AS l WHERE l.pid OPERATOR(pg_catalog.=) {process} \
         AND l.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
         AND l.state OPERATOR(pg_catalog.=) 'active' \
         AND pg_catalog.strpos(l.query, {shown}) OPERATOR(pg_catalog.=) 1"
    ))
}

/// Returns what to ask for the sessions that those wait for which are `waiting`, with the alias `l`. Who builds
/// an index may wait for the question itself, but not for long.
fn find_blockers(waiting: &str) -> Watch {
    let query = format!(
        "SELECT {HOLDER} FROM (SELECT l.pid FROM {waiting}) AS w \
         CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b(pid) \
         JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) b.pid \
         WHERE b.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() ORDER BY a.pid"
    );
    Watch::new(asks(LockTask::FindBlockers, query))
}

/// Finds the holder of the lock.
async fn find_holder(link: &Link<'_>, key: i64) -> Option<Holder> {
    let held = held_locks(key);
    let query = format!(
        "SELECT {HOLDER} FROM {held} JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid \
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
    rows.first().map(Holder::read)
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
