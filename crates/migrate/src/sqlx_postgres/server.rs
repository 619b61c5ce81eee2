//! The connections of a run: the one that migrates, and the second one.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use alembic_run::{
    AsyncConnection, Batch, DatabaseError, Event, Execute, Notice, Query, Row, Undo, Watch,
};
use futures_util::future::{Either, select};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep_until, timeout};

use super::messages::{Correspondence, safe};
use super::notices::Notices;
use super::second_connection::{ANSWER_TIMEOUT, SecondConnection, Sign, silence};
use crate::driver::Observer;

/// How long an answer may take before the server is asked on another connection whether it can be
/// reached, how long that may take, and how often it is asked while it cannot.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is asked while it can be reached: statements take as long as they take, and no
/// firewall or proxy may close the second connection as idle meanwhile.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How long a statement may take before the server is asked what it waits for.
const WATCH: Duration = Duration::from_secs(1);

/// The connections of a run.
pub(super) struct Server<'c> {
    main: MainConnection<'c>,
    aside: SecondConnection,
    observer: &'c Observer,
    /// Whether it executed anything that may outlast the run.
    pub(super) has_executed: bool,
}

impl<'c> Server<'c> {
    pub(super) fn new(
        connection: &'c mut PgConnection,
        aside: SecondConnection,
        observer: &'c Observer,
    ) -> Self {
        Self {
            main: MainConnection {
                correspondence: Correspondence::new(connection, Notices::kept()),
                undo: Undo::default(),
                is_silent: false,
            },
            aside,
            observer,
            has_executed: false,
        }
    }

    pub(super) async fn close(&mut self) {
        self.aside.close().await;
    }

    async fn send(&mut self, statements: &[Execute<'_>]) -> Batch {
        self.has_executed = true;
        let mut changed = Vec::new();
        let mut sent = None;
        if !self.main.is_silent {
            let correspondence = &mut self.main.correspondence;
            let sending = correspondence.execute_all(statements, &mut changed);
            let watch = statements.iter().find_map(Execute::watch);
            sent = answer(sending, watch, &mut self.aside, self.observer).await;
        }
        let failed = match sent {
            Some(sent) => sent.err(),
            None => {
                self.main.is_silent = true;
                let failed = changed.len().min(statements.len() - 1);
                Some((failed, silence(ANSWER_TIMEOUT)))
            }
        };
        Batch { changed, failed }
    }
}

impl AsyncConnection for Server<'_> {
    async fn execute(&mut self, statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        let effect = statement.effect();
        self.main.undo.announce(effect);
        let Batch { changed, failed } = self.send(std::slice::from_ref(statement)).await;
        self.main.undo.settle(effect, failed.is_none());
        match failed {
            Some((_, error)) => Err(error),
            None => Ok(changed.into_iter().sum()),
        }
    }

    async fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        if self.main.is_silent {
            return Err(silence(ANSWER_TIMEOUT));
        }
        let rows = self.main.correspondence.rows(query.sql());
        let rows = answer(rows, None, &mut self.aside, self.observer).await;
        rows.unwrap_or_else(|| {
            self.main.is_silent = true;
            Err(silence(ANSWER_TIMEOUT))
        })
    }

    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    async fn execute_all(&mut self, statements: &[Execute<'_>]) -> Option<Batch> {
        Some(self.send(statements).await)
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.main.correspondence.noticed)
    }

    async fn query_aside(&mut self, query: &Query) -> Result<Option<Vec<Row>>, DatabaseError> {
        self.aside.query(query).await
    }
}

/// Waits for the answer to a request, as long as the server can be reached; returns `None` when it
/// has given no sign of life for too long. sqlx cannot have the system watch its connections.
async fn answer<T>(
    request: impl Future<Output = T>,
    watch: Option<&Watch>,
    aside: &mut SecondConnection,
    observer: &Observer,
) -> Option<T> {
    let mut request = pin!(request);
    let begin = Instant::now();
    let mut alive = begin;
    let mut next = alive + PATIENCE;
    let mut watched = begin + WATCH;
    loop {
        let wake = watch.map_or(next, |_| next.min(watched));
        request = match select(request, pin!(sleep_until(wake))).await {
            Either::Left((answer, _)) => return Some(answer),
            Either::Right(((), request)) => request,
        };
        if wake < next
            && let Some(asked) = watch
        {
            let asking = timeout(PATIENCE, aside.query_apart(asked.query()));
            let rows = match select(request, pin!(asking)).await {
                Either::Left((answer, _)) => return Some(answer),
                Either::Right((rows, waiting)) => {
                    request = waiting;
                    rows
                }
            };
            // Where there is no other connection now, there may be one at the next time.
            if let Ok(Some(rows)) = rows
                && let Some(event) = asked.event(&rows, begin.elapsed())
            {
                observer(&event);
            }
            // A statement that still runs then waits for nothing, or for something that was reported.
            let pause = begin.elapsed().clamp(WATCH, HEARTBEAT);
            watched = Instant::now() + pause;
            continue;
        }
        let sign = match select(request, pin!(aside.probe(PATIENCE))).await {
            Either::Left((answer, _)) => return Some(answer),
            Either::Right((sign, waiting)) => {
                request = waiting;
                sign
            }
        };
        match sign {
            Sign::Life | Sign::Unknown => {
                alive = Instant::now();
                next = alive + HEARTBEAT;
            }
            Sign::Silence => {
                let waited = alive.elapsed();
                if waited >= ANSWER_TIMEOUT {
                    return None;
                }
                observer(&Event::Silence { waited });
                next = Instant::now() + PATIENCE;
            }
        }
    }
}

/// The connection that migrates; what a run leaves on it is undone on drop.
struct MainConnection<'c> {
    correspondence: Correspondence<&'c mut PgConnection>,
    undo: Undo,
    /// Whether the server has stopped to answer; an answer may still be under way.
    is_silent: bool,
}

impl Drop for MainConnection<'_> {
    fn drop(&mut self) {
        for statement in self.undo.statements() {
            // sqlx's own transactions forget one whose `BEGIN` was not awaited. This writes the
            // statement when it is first polled; sqlx continues it before anything else.
            let connection = &mut self.correspondence.connection;
            let mut sent = pin!(connection.begin_with(safe(statement.sql())));
            let mut context = Context::from_waker(Waker::noop());
            let _ = sent.as_mut().poll(&mut context);
        }
    }
}
