//! The server's notices, which tokio-postgres gives to the owner of the connection and not to the client.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use ::tokio_postgres::error::{DbError, Severity as Level};
use ::tokio_postgres::{AsyncMessage, Client, Connection, Error};
use alembic_run::{Notice, Run, Severity};
use tokio::io::{AsyncRead, AsyncWrite};

use super::carry_out;
use crate::driver::{Driver, Observer};
use crate::{Dialect, RunError};

/// Keeps the notices of a connection of tokio-postgres for runs on its client.
///
/// ```no_run
/// use alembic_migrate::{ClientNotices, Migrations, ensure_database_ready};
/// use tokio_postgres::NoTls;
///
/// # async fn start(url: &str, migrations: &Migrations) -> Result<(), Box<dyn std::error::Error>> {
/// let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
/// let notices = ClientNotices::default();
/// // In place of `tokio::spawn(connection)`.
/// tokio::spawn(notices.keep(connection));
/// ensure_database_ready(notices.of(&mut client), migrations).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientNotices(Arc<Mutex<Vec<Notice>>>);

impl ClientNotices {
    /// Drives a connection to its end, as the connection itself does, and keeps its notices.
    ///
    /// # Errors
    ///
    /// The connection's own.
    pub fn keep<S, T>(
        &self,
        mut connection: Connection<S, T>,
    ) -> impl Future<Output = Result<(), Error>> + use<S, T>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let kept = self.clone();
        poll_fn(move |context| {
            loop {
                match connection.poll_message(context) {
                    Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => kept.add(&notice),
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(None) => return Poll::Ready(Ok(())),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
    }

    /// Returns a client to run on, whose connection [is driven](Self::keep) by this.
    ///
    /// Each statement is sent by itself then, so that a notice can be told to be about it.
    pub fn of<'d>(&'d self, client: &'d mut Client) -> NoticingClient<'d> {
        NoticingClient {
            client,
            notices: self,
        }
    }

    pub(super) fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.kept())
    }

    fn add(&self, notice: &DbError) {
        let severity = match notice.parsed_severity() {
            Some(Level::Debug) => Severity::Debug,
            Some(Level::Info | Level::Log) => Severity::Info,
            Some(Level::Notice) => Severity::Notice,
            Some(Level::Warning | Level::Error | Level::Fatal | Level::Panic) | None => {
                Severity::Warning
            }
        };
        let notice = Notice::new(0, severity, notice.message())
            .with_code(notice.code().code())
            .with_details(notice.detail(), notice.hint());
        self.kept().push(notice);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Notice>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client of tokio-postgres, and the notices of its connection.
#[derive(Debug)]
pub struct NoticingClient<'d> {
    client: &'d mut Client,
    notices: &'d ClientNotices,
}

/// Runs as `&mut Client` does.
impl<'d> Driver<'d> for NoticingClient<'d> {
    type Output<T: Send + 'd> = Pin<Box<dyn Future<Output = Result<T, RunError>> + Send + 'd>>;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn drive<T: Send + 'd>(
        self,
        run: Run<'d, Result<T, RunError>>,
        observer: &'d Observer,
    ) -> Self::Output<T> {
        Box::pin(carry_out(self.client, Some(self.notices), run, observer))
    }
}
