//! A signal during a statement outside of transactions: a server would go on with it.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use alembic_migrate::Event;
use alembic_sql::literal;
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::Database;
use super::interruption::interruption;
use super::server::query;
use crate::output::{Shell, Verbosity};
use crate::url::DatabaseUrl;

/// A statement that a server executes for this program.
#[derive(Clone)]
struct Execution {
    options: PgConnectOptions,
    process: i32,
    sql: String,
}

static EXECUTION: Mutex<Option<Execution>> = Mutex::new(None);

/// How often the server is asked to cancel it before the program ends anyway, and how long each time.
const ATTEMPTS: usize = 10;
const TURN: Duration = Duration::from_secs(1);

/// Follows a run on a database, so that a signal cancels what its server executes.
pub(crate) struct Watch {
    /// The options of connections to the server, if it is one.
    options: Option<PgConnectOptions>,
}

impl Watch {
    /// Follows a run on this database.
    pub(crate) fn new(database: &Database) -> Self {
        Self {
            options: match &database.url {
                DatabaseUrl::Sqlite(_) => None,
                DatabaseUrl::Postgres(url) => Some(url.options.as_ref().clone()),
            },
        }
    }

    /// Notes the statement of an event.
    pub(crate) fn note(&self, event: &Event) {
        match (event, &self.options) {
            (
                Event::OutsideStatement {
                    process: Some(process),
                    sql,
                },
                Some(options),
            ) => {
                *execution() = Some(Execution {
                    options: options.clone(),
                    process: *process,
                    sql: sql.clone(),
                });
                listen();
            }
            // What follows the statement is rolled back when the program ends.
            (Event::StepFinished { .. } | Event::Committed, _) => *execution() = None,
            _ => {}
        }
    }
}

impl Drop for Watch {
    /// Forgets the last statement: the run is over.
    fn drop(&mut self) {
        *execution() = None;
    }
}

fn execution() -> MutexGuard<'static, Option<Execution>> {
    EXECUTION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a signal on a thread of its own, from the first such statement on.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
            return;
        };
        std::thread::spawn(move || {
            if let Ok(code) = runtime.block_on(interruption()) {
                runtime.block_on(end());
                std::process::exit(code);
            }
        });
    });
}

/// Cancels the statement, and lets the run report what became of it, which ends the program. Returns
/// if that takes too long, or at another signal.
async fn end() {
    let shell = Shell {
        verbosity: Verbosity::Normal,
    };
    let process = execution().as_ref().map(|execution| execution.process);
    let Some(process) = process else {
        return;
    };
    let what = format!("a statement in process {process} of the server");
    shell.status("Cancelling", what);
    for _ in 0..ATTEMPTS {
        // The run may have begun the next statement in the meantime.
        let current = execution().clone();
        if let Some(execution) = current {
            let _ = timeout(TURN, query(&execution.options, &cancel(&execution))).await;
        }
        if timeout(TURN, interruption()).await.is_ok() {
            break;
        }
    }
    if execution().is_some() {
        let what = format!(
            "process {process} of the server, which may still execute it: \
             `SELECT pg_cancel_backend({process})` cancels it"
        );
        shell.status("Leaving", what);
    }
}

/// Returns the query that cancels a statement; a pooler may have given its process to someone else.
fn cancel(execution: &Execution) -> String {
    let Execution { process, sql, .. } = execution;
    format!(
        "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE pid OPERATOR(pg_catalog.=) {process} \
         AND state OPERATOR(pg_catalog.=) 'active' \
         AND pg_catalog.starts_with({}, query)",
        literal(sql)
    )
}
