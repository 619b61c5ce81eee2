//! What an application's log says of a start.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;

use alembic_migrate::{Dialect, ensure_database_ready};
use alembic_tests::Database;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use crate::chorus;
use crate::databases::at;
use crate::open::Open;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps, for each thread, the level, the message and the fields of every event of this project, but
/// durations.
///
/// It is for the whole process: `tracing` may take an event that another thread was first to tell for
/// one that nobody listens to, where each thread has a subscriber of its own or none.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("alembic_migrate")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let Line { message, fields } = line;
        let level = event.metadata().level();
        let line = format!("{level} {message}{fields}");
        LINES.with_borrow_mut(|lines| lines.push(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "took" => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

fn log(database: &Database) -> Vec<String> {
    static SET: Once = Once::new();
    SET.call_once(|| subscriber::set_global_default(Log).unwrap());
    LINES.take();
    ensure_database_ready(&mut Open::new(database), &chorus()).unwrap();
    LINES.take()
}

#[test]
fn a_start_is_logged() {
    for &dialect in Dialect::ALL {
        let nothing = ["INFO No pending migrations package=\"chorus\""];
        let fresh = Database::new(dialect);
        assert_eq!(
            log(&fresh),
            [
                "INFO Found the database package=\"chorus\" scenario=fresh",
                "DEBUG Committed",
                "INFO Created the target schema package=\"chorus\"",
            ],
            "{dialect}"
        );
        assert_eq!(log(&fresh), nothing, "{dialect}");

        let tracked = at(dialect, &chorus(), "004", "");
        assert_eq!(
            log(&tracked),
            [
                "INFO Found the database package=\"chorus\" scenario=tracked",
                "INFO Ran upgrade revision=005_count_chunk_characters \
                 title=\"Count the characters of chunks\"",
                "INFO Ran upgrade revision=006_index_failed_executions \
                 title=\"Index failed code executions\"",
                "DEBUG Committed",
            ],
            "{dialect}"
        );
        assert_eq!(log(&tracked), nothing, "{dialect}");
    }
}
