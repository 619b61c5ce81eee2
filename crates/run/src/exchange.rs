//! Requests out, replies in.
//!
//! The steps of a run are an `async fn` that waits only for its driver: the compiler builds the
//! state machine, and the code reads from top to bottom. No executor is involved, and synchronous
//! and asynchronous drivers use the same machine. Each request carries the slot for its reply, so a
//! reply of the wrong kind does not compile.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::event::Event;
use crate::notice::Notice;
use crate::request::{Batch, Execute, Query, Row};
use crate::undo::Undo;

/// Receives the events of a run.
pub type Observer = dyn Fn(&Event) + Send + Sync;

/// A connection of a synchronous library.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection that runs can be carried out on",
    note = "a synchronous library implements `Connection`, an asynchronous one `AsyncConnection`"
)]
pub trait Connection {
    /// Executes one statement to its end, and returns how many rows it changed; rows that it
    /// returns are ignored.
    ///
    /// # Errors
    ///
    /// The database's error.
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError>;

    /// Returns the rows of one query, each value as text, and NULL as `None`.
    ///
    /// # Errors
    ///
    /// The database's error.
    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError>;

    /// Waits.
    fn pause(&mut self, pause: Duration) {
        std::thread::sleep(pause);
    }

    /// Executes statements one after the other, up to the first that fails, in one message to the
    /// server; returns `None` if the library has no such messages.
    fn execute_all(&mut self, statements: &[Execute<'_>]) -> Option<Batch> {
        let _ = statements;
        None
    }

    /// Takes the notices that the server has sent about the last request, whether or not it failed;
    /// none if the library does not pass them on.
    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Returns the rows of one query on a second connection to the same database, which is opened
    /// for its first query and closed with this one; `None` if there can be no second connection.
    ///
    /// # Errors
    ///
    /// The database's error.
    fn query_aside(&mut self, query: &Query) -> Result<Option<Vec<Row>>, DatabaseError> {
        let _ = query;
        Ok(None)
    }
}

/// A connection of an asynchronous library.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection that runs can be carried out on",
    note = "a synchronous library implements `Connection`, an asynchronous one `AsyncConnection`"
)]
pub trait AsyncConnection: Send {
    /// Executes one statement to its end, and returns how many rows it changed; rows that it
    /// returns are ignored.
    fn execute(
        &mut self,
        statement: &Execute<'_>,
    ) -> impl Future<Output = Result<u64, DatabaseError>> + Send;

    /// Returns the rows of one query, each value as text, and NULL as `None`.
    fn query(
        &mut self,
        query: &Query,
    ) -> impl Future<Output = Result<Vec<Row>, DatabaseError>> + Send;

    /// Waits.
    fn pause(&mut self, pause: Duration) -> impl Future<Output = ()> + Send;

    /// Executes statements one after the other, up to the first that fails, in one message to the
    /// server; returns `None` if the library has no such messages.
    fn execute_all(
        &mut self,
        statements: &[Execute<'_>],
    ) -> impl Future<Output = Option<Batch>> + Send {
        let _ = statements;
        std::future::ready(None)
    }

    /// Takes the notices that the server has sent about the last request, whether or not it failed;
    /// none if the library does not pass them on.
    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Returns the rows of one query on a second connection to the same database, which is opened
    /// for its first query and closed with this one; `None` if there can be no second connection.
    fn query_aside(
        &mut self,
        query: &Query,
    ) -> impl Future<Output = Result<Option<Vec<Row>>, DatabaseError>> + Send {
        let _ = query;
        std::future::ready(Ok(None))
    }
}

/// A run in progress, to be carried out on a connection.
pub struct Run<'r, T> {
    steps: Pin<Box<dyn Future<Output = T> + Send + 'r>>,
    port: Port<'r>,
}

/// The next turn of a run.
enum Turn<'r, T> {
    Ask(Request<'r>),
    Done(T),
}

impl<'r, T> Run<'r, T> {
    pub(crate) fn new<F>(steps: impl FnOnce(Port<'r>) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'r,
    {
        let port = Port::default();
        Self {
            steps: Box::pin(steps(port.clone())),
            port,
        }
    }

    fn resume(&mut self) -> Turn<'r, T> {
        let mut context = Context::from_waker(Waker::noop());
        match self.steps.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => Turn::Done(outcome),
            Poll::Pending => Turn::Ask(
                lock(&self.port.0)
                    .take()
                    .expect("a run waits for nothing but its driver"),
            ),
        }
    }

    /// Carries out the run on a connection of a synchronous library.
    ///
    /// When the observer panics, the open transaction is rolled back, and the settings of the
    /// connection are restored.
    pub fn drive(mut self, connection: &mut impl Connection, observer: &Observer) -> T {
        let mut guarded = Guarded {
            connection,
            undo: Undo::default(),
        };
        loop {
            let connection = &mut *guarded.connection;
            match self.resume() {
                Turn::Done(outcome) => {
                    guarded.undo.clear();
                    return outcome;
                }
                Turn::Ask(request) => match request {
                    Request::Execute(statement, reply) => {
                        reply.give(guarded.execute(&statement));
                    }
                    Request::Query(query, reply) => reply.give(connection.query(&query)),
                    Request::ExecuteAll(statements, reply) => {
                        reply.give(connection.execute_all(&statements));
                    }
                    Request::QueryAside(query, reply) => {
                        reply.give(connection.query_aside(&query));
                    }
                    Request::TakeNotices(reply) => reply.give(connection.take_notices()),
                    Request::Pause(pause, reply) => {
                        connection.pause(pause);
                        reply.give(());
                    }
                    Request::Tell(event, reply) => {
                        observer(&event);
                        reply.give(());
                    }
                },
            }
        }
    }

    /// Carries out the run on a connection of an asynchronous library.
    pub async fn drive_async(
        mut self,
        connection: &mut impl AsyncConnection,
        observer: &Observer,
    ) -> T
    where
        T: Send,
    {
        loop {
            match self.resume() {
                Turn::Done(outcome) => return outcome,
                Turn::Ask(request) => match request {
                    Request::Execute(statement, reply) => {
                        reply.give(connection.execute(&statement).await);
                    }
                    Request::Query(query, reply) => reply.give(connection.query(&query).await),
                    Request::ExecuteAll(statements, reply) => {
                        reply.give(connection.execute_all(&statements).await);
                    }
                    Request::QueryAside(query, reply) => {
                        reply.give(connection.query_aside(&query).await);
                    }
                    Request::TakeNotices(reply) => reply.give(connection.take_notices()),
                    Request::Pause(pause, reply) => {
                        connection.pause(pause).await;
                        reply.give(());
                    }
                    Request::Tell(event, reply) => {
                        observer(&event);
                        reply.give(());
                    }
                },
            }
        }
    }

    /// Ends the run with the error of a failed connection attempt.
    pub fn fail(self, error: DatabaseError, observer: &Observer) -> T {
        self.drive(&mut NoConnection(Some(error)), observer)
    }
}

impl<T> std::fmt::Debug for Run<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

/// A connection on which an unfinished run is undone on drop.
struct Guarded<'c, C: Connection> {
    connection: &'c mut C,
    undo: Undo,
}

impl<C: Connection> Guarded<'_, C> {
    fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        self.undo.announce(statement.effect());
        let executed = self.connection.execute(statement);
        self.undo.settle(statement.effect(), executed.is_ok());
        executed
    }
}

impl<C: Connection> Drop for Guarded<'_, C> {
    fn drop(&mut self) {
        for statement in self.undo.statements() {
            // The panic is what the caller hears of.
            let _ = self.connection.execute(&statement);
        }
    }
}

/// A connection that could not be opened; the first request fails with the reason.
struct NoConnection(Option<DatabaseError>);

impl NoConnection {
    fn error(&mut self) -> DatabaseError {
        self.0.take().unwrap_or_else(|| {
            DatabaseError::new(DatabaseErrorKind::CannotOpen, "there is no connection")
        })
    }
}

impl Connection for NoConnection {
    fn execute(&mut self, _statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        Err(self.error())
    }

    fn query(&mut self, _query: &Query) -> Result<Vec<Row>, DatabaseError> {
        Err(self.error())
    }
}

/// A request to the driver, with the slot for its reply.
#[derive(Debug)]
enum Request<'r> {
    Execute(Execute<'r>, Reply<Result<u64, DatabaseError>>),
    ExecuteAll(Vec<Execute<'r>>, Reply<Option<Batch>>),
    Query(Query, Reply<Result<Vec<Row>, DatabaseError>>),
    QueryAside(Query, Reply<Result<Option<Vec<Row>>, DatabaseError>>),
    TakeNotices(Reply<Vec<Notice>>),
    Pause(Duration, Reply<()>),
    Tell(Box<Event>, Reply<()>),
}

/// The slot for one reply.
#[derive(Debug)]
struct Reply<T>(Arc<Mutex<Option<T>>>);

impl<T> Reply<T> {
    fn give(self, reply: T) {
        *lock(&self.0) = Some(reply);
    }
}

/// The run's end of the exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Port<'r>(Arc<Mutex<Option<Request<'r>>>>);

impl<'r> Port<'r> {
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request<'r>) -> T {
        let place = Arc::new(Mutex::new(None));
        *lock(&self.0) = Some(request(Reply(Arc::clone(&place))));
        poll_fn(move |_| match lock(&place).take() {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        })
        .await
    }

    pub(crate) async fn execute(&self, statement: Execute<'r>) -> Result<u64, DatabaseError> {
        self.ask(|reply| Request::Execute(statement, reply)).await
    }

    pub(crate) async fn execute_all(&self, statements: Vec<Execute<'r>>) -> Option<Batch> {
        self.ask(|reply| Request::ExecuteAll(statements, reply))
            .await
    }

    pub(crate) async fn query(&self, query: Query) -> Result<Vec<Row>, DatabaseError> {
        self.ask(|reply| Request::Query(query, reply)).await
    }

    pub(crate) async fn query_aside(
        &self,
        query: Query,
    ) -> Result<Option<Vec<Row>>, DatabaseError> {
        self.ask(|reply| Request::QueryAside(query, reply)).await
    }

    pub(crate) async fn take_notices(&self) -> Vec<Notice> {
        self.ask(Request::TakeNotices).await
    }

    pub(crate) async fn pause(&self, pause: Duration) {
        self.ask(|reply| Request::Pause(pause, reply)).await;
    }

    pub(crate) async fn report(&self, event: Event) {
        self.ask(|reply| Request::Tell(Box::new(event), reply))
            .await;
    }
}

fn lock<T>(place: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
