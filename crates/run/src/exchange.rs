//! Requests out, replies in.
//!
//! The steps of a run are written as an `async fn` that waits for nothing but its driver: the
//! compiler makes the state machine, and the code reads from top to bottom. No executor is
//! involved, and synchronous and asynchronous drivers use the same machine.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Batch, DatabaseError, Event, Reply, Request};

/// A run in progress; see the [module](super) for how it is driven.
pub struct Run<'r, T> {
    steps: Pin<Box<dyn Future<Output = T> + Send + 'r>>,
    port: Port<'r>,
}

/// What comes next in a run.
#[derive(Debug)]
pub enum Turn<'r, T> {
    /// The driver is to do this and come back with the reply.
    Ask(Request<'r>),
    /// The run is over.
    Done(T),
}

impl<'r, T> Run<'r, T> {
    pub(super) fn new<F>(steps: impl FnOnce(Port<'r>) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'r,
    {
        let port = Port::default();
        Self {
            steps: Box::pin(steps(port.clone())),
            port,
        }
    }

    /// Goes on with `reply`, which answers the last request; [`Reply::Nothing`] begins.
    ///
    /// # Panics
    ///
    /// When the reply is not of the kind that the request asks for, and when the run is over.
    pub fn resume(&mut self, reply: Reply) -> Turn<'r, T> {
        self.port.with(|slot| slot.reply = Some(reply));
        let mut context = Context::from_waker(Waker::noop());
        match self.steps.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => Turn::Done(outcome),
            Poll::Pending => Turn::Ask(
                self.port
                    .with(|slot| slot.request.take())
                    .expect("a run waits for nothing but its driver"),
            ),
        }
    }
}

impl<T> std::fmt::Debug for Run<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Slot<'r> {
    request: Option<Request<'r>>,
    reply: Option<Reply>,
}

/// The run's end of the exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Port<'r>(Arc<Mutex<Slot<'r>>>);

impl<'r> Port<'r> {
    fn with<R>(&self, use_slot: impl FnOnce(&mut Slot<'r>) -> R) -> R {
        use_slot(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) async fn ask(&self, request: Request<'r>) -> Reply {
        let mut request = Some(request);
        poll_fn(|_| match request.take() {
            Some(request) => {
                self.with(|slot| slot.request = Some(request));
                Poll::Pending
            }
            None => Poll::Ready(
                self.with(|slot| slot.reply.take())
                    .unwrap_or(Reply::Nothing),
            ),
        })
        .await
    }

    pub(super) async fn execute(&self, sql: impl Into<Cow<'r, str>>) -> Result<u64, DatabaseError> {
        self.ask(Request::Execute(sql.into())).await.changed()
    }

    /// Executes several statements at once; none where the driver cannot.
    pub(super) async fn batch(&self, statements: Vec<Cow<'r, str>>) -> Option<Batch> {
        match self.ask(Request::Batch(statements)).await {
            Reply::Nothing => None,
            Reply::Batch(batch) => Some(batch),
            Reply::Failed(error) => Some(Batch {
                changed: Vec::new(),
                failed: Some((0, error)),
            }),
            reply => panic!("a batch cannot be replied to with {reply:?}"),
        }
    }

    pub(super) async fn query(
        &self,
        sql: impl Into<Cow<'r, str>>,
    ) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        self.ask(Request::Query(sql.into())).await.rows()
    }

    /// Queries on the second connection; none where there is no such connection.
    pub(super) async fn aside(
        &self,
        sql: impl Into<Cow<'r, str>>,
    ) -> Result<Option<Vec<Vec<Option<String>>>>, DatabaseError> {
        match self.ask(Request::Aside(sql.into())).await {
            Reply::Nothing => Ok(None),
            reply => reply.rows().map(Some),
        }
    }

    pub(super) async fn pause(&self, pause: Duration) {
        self.ask(Request::Pause(pause)).await;
    }

    pub(super) async fn tell(&self, event: Event) {
        self.ask(Request::Event(event)).await;
    }
}

impl Reply {
    pub(super) fn changed(self) -> Result<u64, DatabaseError> {
        match self {
            Reply::Changed(rows) => Ok(rows),
            Reply::Failed(error) => Err(error),
            reply => panic!("a statement cannot be replied to with {reply:?}"),
        }
    }

    pub(super) fn rows(self) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        match self {
            Reply::Rows(rows) => Ok(rows),
            Reply::Failed(error) => Err(error),
            reply => panic!("a query cannot be replied to with {reply:?}"),
        }
    }
}
