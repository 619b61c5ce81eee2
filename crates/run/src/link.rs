//! The run's side of its connection: requests, and waiting for locks of other sessions.

use std::time::Duration;

use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::event::Event;
use crate::exchange::Port;
use crate::notice::NoticeOrigin;
use crate::refused_request::RefusedRequest;
use crate::request::{Batch, Execute, Query, Row, Task};

/// How long a statement waits for a lock before the run reports the wait.
pub(crate) const WAITING_TURN: Duration = Duration::from_secs(1);

/// The shortest pause before a run repeats a request that met a lock of another session.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// A conversation with one database.
pub(crate) struct Link<'h> {
    port: Port<'h>,
    clock: fn() -> Duration,
    /// How long to wait for locks of other sessions.
    pub(crate) lock_timeout: Duration,
    /// Whether a transaction of the run is open.
    pub(crate) is_open: bool,
    /// Whether after an error in a transaction the database only accepts its rollback.
    errors_abort: bool,
}

impl<'h> Link<'h> {
    pub(crate) fn new(
        port: Port<'h>,
        clock: fn() -> Duration,
        lock_timeout: Duration,
        errors_abort: bool,
    ) -> Self {
        Self {
            port,
            clock,
            lock_timeout,
            is_open: false,
            errors_abort,
        }
    }

    /// Returns the time since some fixed moment.
    pub(crate) fn now(&self) -> Duration {
        (self.clock)()
    }

    pub(crate) async fn report(&self, event: Event) {
        self.port.report(event).await;
    }

    pub(crate) async fn pause(&self, pause: Duration) {
        self.port.pause(pause).await;
    }

    pub(crate) async fn execute(&self, statement: Execute<'h>) -> Result<u64, RefusedRequest> {
        let action = statement.task.action();
        let executed = self.port.execute(statement).await;
        executed.map_err(|error| RefusedRequest::new(action, error))
    }

    /// Executes several statements in one message; returns `None` if the driver has no such
    /// messages.
    pub(crate) async fn execute_all(&self, statements: Vec<Execute<'h>>) -> Option<Batch> {
        self.port.execute_all(statements).await
    }

    /// Reports the notices of the last request, whose statements have these origins.
    pub(crate) async fn report_notices(&self, origin: impl Fn(usize) -> Option<NoticeOrigin>) {
        for notice in self.port.take_notices().await {
            if let Some(origin) = origin(notice.statement) {
                let origin = Some(origin);
                self.report(Event::Noticed { notice, origin }).await;
            }
        }
    }

    /// Reports the notices of a commit.
    pub(crate) async fn report_notices_of_commit(&self) {
        for notice in self.port.take_notices().await {
            let origin = None;
            self.report(Event::Noticed { notice, origin }).await;
        }
    }

    async fn execute_after(
        &self,
        first: Option<Execute<'h>>,
        statement: Execute<'h>,
    ) -> Result<u64, RefusedRequest> {
        let Some(first) = first else {
            return self.execute(statement).await;
        };
        let action = statement.task.action();
        match self.execute_all(vec![first, statement.clone()]).await {
            // Without such messages, the statement may not be allowed.
            None => self.execute(statement).await,
            Some(batch) => match batch.failed {
                Some((_, error)) => Err(RefusedRequest::new(action, error)),
                None => Ok(batch.changed.last().copied().unwrap_or_default()),
            },
        }
    }

    pub(crate) async fn query(&self, query: Query) -> Result<Vec<Row>, RefusedRequest> {
        let action = query.task.action();
        let found = self.port.query(query).await;
        found.map_err(|error| RefusedRequest::new(action, error))
    }

    /// Queries on the second connection; returns `None` if there is none.
    pub(crate) async fn query_aside(
        &self,
        query: Query,
    ) -> Result<Option<Vec<Row>>, RefusedRequest> {
        let action = query.task.action();
        let found = self.port.query_aside(query).await;
        found.map_err(|error| RefusedRequest::new(action, error))
    }

    /// Executes a statement that changes nothing when it fails, and repeats it while another
    /// session holds a lock, as long as the lock timeout allows.
    pub(crate) async fn execute_patiently(
        &self,
        statement: Execute<'h>,
    ) -> Result<u64, RefusedRequest> {
        self.execute_patiently_after(None, statement).await
    }

    /// Does the same, after another statement in the same message.
    pub(crate) async fn execute_patiently_after(
        &self,
        first: Option<Execute<'h>>,
        statement: Execute<'h>,
    ) -> Result<u64, RefusedRequest> {
        let mut wait = Wait::begin(self);
        loop {
            match self.execute_after(first.clone(), statement.clone()).await {
                Err(refused) if wait.allows(&refused.error) => wait.pause().await,
                executed => return executed,
            }
        }
    }

    /// Queries, and repeats the query while another session holds a lock, as long as the lock
    /// timeout allows.
    pub(crate) async fn query_patiently(&self, query: Query) -> Result<Vec<Row>, RefusedRequest> {
        let mut wait = Wait::begin(self);
        loop {
            match self.query(query.clone()).await {
                Err(refused) if wait.allows(&refused.error) => wait.pause().await,
                found => return found,
            }
        }
    }

    /// Returns whether the database accepts only a rollback after an error.
    fn is_aborted(&self) -> bool {
        self.is_open && self.errors_abort
    }

    /// Rolls back, if a transaction is open.
    pub(crate) async fn rollback(&mut self) -> Result<(), RefusedRequest> {
        if !self.is_open {
            return Ok(());
        }
        self.is_open = false;
        match self.execute(rollback()).await {
            // The server rolls back the transaction of a lost connection.
            Err(refused) if refused.kind() != DatabaseErrorKind::ConnectionLost => Err(refused),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// The statement that rolls back.
pub(crate) const ROLLBACK: &str = "ROLLBACK";

fn rollback<'r>() -> Execute<'r> {
    Execute::new(Task::Rollback, ROLLBACK)
}

/// The wait for a lock that another session holds.
struct Wait<'l, 'h> {
    link: &'l Link<'h>,
    start: Duration,
    /// How long the wait was when it was last reported.
    reported: Duration,
    waited: Duration,
}

impl<'l, 'h> Wait<'l, 'h> {
    fn begin(link: &'l Link<'h>) -> Self {
        Self {
            link,
            start: link.now(),
            reported: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    fn allows(&mut self, error: &DatabaseError) -> bool {
        self.waited = self.link.now().saturating_sub(self.start);
        error.kind() == DatabaseErrorKind::Busy
            && self.waited < self.link.lock_timeout
            && !self.link.is_aborted()
    }

    async fn pause(&mut self) {
        if self.waited + PAUSE >= self.reported + WAITING_TURN {
            self.reported = self.waited;
            let (waited, holder) = (self.waited, None);
            self.link.report(Event::Waiting { waited, holder }).await;
        }
        // SQLite itself waits for locks, but not for other connections to a shared cache.
        self.link.pause(PAUSE).await;
    }
}
