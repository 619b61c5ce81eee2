//! What an application's log says of a start.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use alembic_migrate::ensure_database_ready;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use crate::chorus;
use crate::scratch::Scratch;

/// Keeps the level, the message and the fields of every event of this project, but durations.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

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
        self.0
            .lock()
            .unwrap()
            .push(format!("{level} {message}{fields}"));
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

fn log(database: &Scratch) -> Vec<String> {
    let log = Log::default();
    subscriber::with_default(log.clone(), || {
        ensure_database_ready(&mut database.open(), &chorus()).unwrap();
    });
    let lines = log.0.lock().unwrap();
    lines.clone()
}

#[test]
fn a_start_is_logged() {
    let fresh = Scratch::new();
    assert_eq!(
        log(&fresh),
        [
            "INFO Found the database package=\"chorus\" scenario=fresh",
            "DEBUG Committed",
            "INFO Created the target schema package=\"chorus\"",
        ]
    );
    assert_eq!(
        log(&fresh),
        ["INFO No pending migrations package=\"chorus\""]
    );

    let tracked = Scratch::at(&chorus(), "004", "");
    assert_eq!(
        log(&tracked),
        [
            "INFO Found the database package=\"chorus\" scenario=tracked",
            "INFO Ran upgrade revision=005_count_chunk_characters \
             title=\"Count the characters of chunks\"",
            "INFO Ran upgrade revision=006_index_failed_executions \
             title=\"Index failed code executions\"",
            "DEBUG Committed",
        ]
    );
    assert_eq!(
        log(&tracked),
        ["INFO No pending migrations package=\"chorus\""]
    );
}
