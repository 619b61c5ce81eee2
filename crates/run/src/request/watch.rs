//! What a driver asks while a statement takes long.

use std::time::Duration;

use super::{Query, Row};
use crate::event::{Event, Holder};

/// A query for the sessions that a statement waits for.
///
/// A driver that can connect asks it while the statement has not been answered for a second or longer,
/// on a connection that it opens for it, and reports the [event](Self::event).
#[derive(Debug, PartialEq, Eq)]
pub struct Watch {
    query: Query,
}

impl Watch {
    pub(crate) fn new(query: Query) -> Self {
        Self { query }
    }

    /// Returns the query.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Returns the event to report for an answer, if the statement waits for anything; `waited` is how
    /// long it has not been answered.
    #[must_use]
    pub fn event(&self, rows: &[Row], waited: Duration) -> Option<Event> {
        let holders: Vec<Holder> = rows.iter().map(Holder::read).collect();
        (!holders.is_empty()).then_some(Event::Blocked { waited, holders })
    }
}

impl Holder {
    /// Reads the row of a session.
    pub(crate) fn read(row: &Row) -> Self {
        let cell = |column| row.cell(column).unwrap_or_default().to_owned();
        Self {
            process: cell(0),
            application: cell(1),
            user: cell(2),
            host: cell(3),
            since: cell(4),
        }
    }
}
