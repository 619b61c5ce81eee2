//! One migrator at a time, on PostgreSQL.
//!
//! The lock is an advisory one that belongs to a transaction, on a connection that does nothing
//! else: it is free as soon as that connection is gone, it passes through poolers that hand out
//! connections by the transaction, and it leaves the connection that migrates free to be outside of
//! transactions. It is asked for again and again in transactions of their own: who waited inside one
//! would keep `CREATE INDEX CONCURRENTLY` from ever ending, and a pooler's connection from the one who
//! holds the lock.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::session::{Lasting, PAUSE, Session, WAITING_TURN, set};
use super::{Action, DatabaseError, DatabaseErrorKind, Event, Fault, Holder};
use crate::digest::digest;
use alembic_history::VersionTable;

/// What keeps other migrators away.
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

/// Returns the number of the advisory lock for a version table; such locks are apart for each
/// database of a server, but a pooler may show several databases as one.
fn key(database: &str, table: &VersionTable) -> i64 {
    let schema = table.schema.as_deref().unwrap_or_default();
    let parts = ["cargo-alembic", database, schema, &table.name];
    // Programs of different versions keep each other away.
    digest(parts.join("\0").bytes()).cast_signed()
}

/// Returns the number of the lock that is held by each transaction in which a migrator works.
fn inner(key: i64) -> i64 {
    key ^ 1
}

/// Returns where the server lists who holds one of a version table's locks.
fn held_locks(key: i64) -> String {
    // The two halves of a number.
    let [high, low, inner] = [key >> 32, key, inner(key)].map(|key| key & 0xffff_ffff);
    format!(
        "(SELECT pid, objid::bigint AS objid FROM pg_catalog.pg_locks \
         WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
         AND classid::bigint = {high} AND objid::bigint IN ({low}, {inner}) \
         AND database = (SELECT oid FROM pg_catalog.pg_database \
         WHERE datname = pg_catalog.current_database())) AS l"
    )
}

impl Session<'_> {
    /// Becomes the only migrator of the version table, waiting as long as the lock timeout allows.
    ///
    /// Where the lock belongs to a transaction of the run, that is open afterwards.
    pub(super) async fn take_lock(&mut self) -> Result<(), Fault> {
        if self.lock == Lock::Aside {
            return Ok(());
        }
        let key = key(&self.database, &self.table);
        let start = (self.runner.clock)();
        let mut told = Duration::ZERO;
        let mut pause = PAUSE;
        loop {
            if self.try_lock(key).await.map_err(fault)? {
                return Ok(());
            }
            let now = (self.runner.clock)();
            let waited = now.saturating_sub(start);
            let timed_out = waited >= self.runner.lock_timeout;
            if timed_out || waited >= told + WAITING_TURN {
                told = waited;
                let holder = self.holder(key).await;
                if timed_out {
                    return Err(fault(held(waited, holder)));
                }
                self.tell(Event::Waiting { waited, holder }).await;
            }
            // Not all at once: many may have begun to wait at the same moment.
            let jitter = now.subsec_nanos() % 64;
            let left = self.runner.lock_timeout.saturating_sub(waited);
            self.port
                .pause((pause * (64 + jitter) / 96).min(left))
                .await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks for the lock once.
    async fn try_lock(&mut self, key: i64) -> Result<bool, DatabaseError> {
        let ask = format!("SELECT pg_catalog.pg_try_advisory_xact_lock({key})");
        if self.lock == Lock::None {
            let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
            if self.port.aside(begin).await?.is_some() {
                // Whoever has lost this lock may still be at work in a transaction.
                let held = held_locks(key);
                let ask = format!(
                    "{ask} AND NOT EXISTS (SELECT FROM {held} WHERE l.objid = {})",
                    inner(key) & 0xffff_ffff
                );
                let granted = self.port.aside(ask).await?.unwrap_or_default();
                if is_true(&granted) {
                    // The transaction has nothing to do until the run is over.
                    let timeouts = set(&[
                        (
                            "idle_in_transaction_session_timeout",
                            "0",
                            Lasting::Transaction,
                        ),
                        ("transaction_timeout", "0", Lasting::Transaction),
                    ]);
                    self.port.aside(timeouts).await?;
                    self.lock = Lock::Aside;
                    return Ok(true);
                }
                self.port.aside("ROLLBACK").await?;
                return Ok(false);
            }
            self.lock = Lock::Inside;
        }
        if let Err(Fault::Database { error, .. }) = self.begin_plain().await {
            return Err(error);
        }
        if is_true(&self.port.query(ask).await?) {
            return Ok(true);
        }
        match self.rollback().await {
            None => Ok(false),
            Some(error) => Err(error),
        }
    }

    /// Finds who holds the lock.
    async fn holder(&self, key: i64) -> Option<Holder> {
        let held = held_locks(key);
        let query = format!(
            "SELECT a.pid, a.application_name, a.usename, \
             coalesce(a.client_hostname, pg_catalog.host(a.client_addr), 'the server''s own host'), \
             pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') \
             FROM {held} JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             ORDER BY l.objid = {} DESC",
            key & 0xffff_ffff
        );
        // Whoever waits is told of the wait, whether or not this can be found out.
        let rows = match self.port.aside(query.clone()).await {
            Ok(Some(rows)) => rows,
            Ok(None) => self.port.query(query).await.ok()?,
            Err(_) => return None,
        };
        let mut cells = rows
            .into_iter()
            .next()?
            .into_iter()
            .map(Option::unwrap_or_default);
        Some(Holder {
            process: cells.next()?,
            application: cells.next()?,
            user: cells.next()?,
            host: cells.next()?,
            since: cells.next()?,
        })
    }

    /// Returns what has a transaction in which a migrator works keep others away by itself, should
    /// the lock be lost; its value is `false` where another one does so.
    pub(super) fn keep_away(&self) -> String {
        let key = inner(key(&self.database, &self.table));
        format!("pg_catalog.pg_try_advisory_xact_lock({key})")
    }

    /// Makes sure that the lock is still held.
    pub(super) async fn check_lock(&self) -> Result<(), Fault> {
        match self.lock {
            Lock::None | Lock::Inside => Ok(()),
            Lock::Aside => {
                let answer = self.port.aside("SELECT 1").await;
                answer.map(drop).map_err(fault)
            }
        }
    }

    /// Lets others migrate.
    pub(super) async fn release(&mut self) {
        if self.lock == Lock::Aside {
            // Otherwise the end of the connection does it.
            let _ = self.port.aside("ROLLBACK").await;
        }
        self.lock = Lock::None;
    }
}

fn is_true(rows: &[Vec<Option<String>>]) -> bool {
    rows.first().and_then(|row| row.first()?.as_deref()) == Some("t")
}

fn fault(error: DatabaseError) -> Fault {
    Fault::Database {
        action: Action::Lock,
        error,
    }
}

fn held(waited: Duration, holder: Option<Holder>) -> DatabaseError {
    DatabaseError {
        kind: DatabaseErrorKind::Busy,
        offset: None,
        code: None,
        source: Box::new(Held { waited, holder }),
    }
}

/// Another migrator holds the lock for too long.
#[derive(Debug)]
struct Held {
    waited: Duration,
    holder: Option<Holder>,
}

impl fmt::Display for Held {
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

impl Error for Held {}
