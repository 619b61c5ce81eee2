//! One command on two databases alike, through the driver under test and through its reference.

use std::any::TypeId;
use std::sync::{Arc, Mutex};

use alembic_migrate::{Event, Migrations, RunError};

use crate::answer::{database_error_kind, has_failed_rollback, state, text};
use crate::subject::name;
use crate::{Command, Database, Handle, Subject};

/// What a command led to.
pub(crate) struct Record {
    pub(crate) outcome: Result<String, RunError>,
    events: String,
    command: Command,
    context: String,
}

/// Carries out a command, and checks that nothing of it is left on the connection.
#[track_caller]
pub(crate) fn record<S: Subject>(
    handle: &mut S::Handle,
    migrations: &Migrations,
    command: Command,
    context: &str,
) -> Record {
    let context = format!("{}, {command:?}: {context}", name::<S>());
    let (migrations, events) = listen(migrations);
    let settings = handle.settings();
    let outcome = command.run(&migrations, handle);
    assert!(handle.is_idle(), "{context}");
    let restored = handle.settings();
    assert!(
        restored.is_none() || restored == settings,
        "{context}: {restored:?}"
    );
    let events = events.lock().unwrap().join("\n");
    Record {
        outcome,
        events,
        command,
        context,
    }
}

/// Carries out a command on a database like the one that `before` returns, checks that the reference
/// makes the same of it, and returns the outcome.
#[track_caller]
pub(crate) fn compare<S: Subject>(
    before: impl Fn() -> S::Database,
    migrations: &Migrations,
    command: Command,
    context: &str,
) -> Result<String, RunError> {
    let database = before();
    let mut handle = S::open(&database.address());
    let record = record::<S>(&mut handle, migrations, command, context);
    drop(handle);
    record.check_reference::<S>(&database, before, migrations);
    record.outcome
}

impl Record {
    /// Checks that the reference leaves the same behind as the driver left in `database`, and has
    /// reported the same; `before` returns a database like that one before the command.
    ///
    /// Handles on `database` must be closed, since a revision can keep the file locked.
    #[track_caller]
    pub(crate) fn check_reference<S: Subject>(
        &self,
        database: &S::Database,
        before: impl FnOnce() -> S::Database,
        migrations: &Migrations,
    ) {
        if TypeId::of::<S>() == TypeId::of::<S::Reference>() {
            return;
        }
        let context = &self.context;
        let twin = before();
        let mut handle = S::Reference::open(&twin.address());
        let reference = record::<S::Reference>(&mut handle, migrations, self.command, context);
        drop(handle);
        match (&self.outcome, &reference.outcome) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{context}"),
            (Err(ours), Err(theirs)) => check_errors::<S>(ours, theirs, context),
            (ours, theirs) => panic!("{context}: {ours:?} instead of {theirs:?}"),
        }
        assert_eq!(self.events, reference.events, "{context}");
        match (database.content(), twin.content()) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{context}"),
            (ours, theirs) => assert!(ours == theirs, "{context}: bytes differ"),
        }
    }
}

#[track_caller]
fn check_errors<S: Subject>(ours: &RunError, theirs: &RunError, context: &str) {
    assert_eq!(state(ours), state(theirs), "{context}");
    assert_eq!(ours.kind(), theirs.kind(), "{context}");
    assert_eq!(
        database_error_kind(ours),
        database_error_kind(theirs),
        "{context}"
    );
    let rolled_back = !has_failed_rollback(ours) && !has_failed_rollback(theirs);
    assert!(rolled_back, "{context}");
    let (ours, theirs) = (text(ours), text(theirs));
    if S::PLACES_ERRORS || theirs.contains("syntax error") {
        assert_eq!(ours, theirs, "{context}");
    } else {
        assert_eq!(without_place(&ours), without_place(&theirs), "{context}");
    }
}

/// Leaves out the line and column after the name of a revision file.
pub(crate) fn without_place(message: &str) -> String {
    let Some((path, rest)) = message.split_once(".sql:") else {
        return message.to_owned();
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    format!("{path}.sql:{rest}")
}

/// Has events written down, without the times in them.
fn listen(migrations: &Migrations) -> (Migrations, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let migrations = migrations.clone().observe(move |event| {
        let text = match event {
            Event::StepFinished { step, .. } => format!("finished {step:?}"),
            // Its time is left out.
            Event::TableRebuilt(rebuilt) => format!(
                "rebuilt {}: {} rows by {:?}",
                rebuilt.table, rebuilt.rows, rebuilt.statements
            ),
            // Not every library passes them on.
            Event::Noticed { .. } | Event::Blocked { .. } => return,
            // How often depends on the moment.
            Event::Waiting { .. } | Event::NoConnection { .. } | Event::Silence { .. } => return,
            event => format!("{event:?}"),
        };
        heard.lock().unwrap().push(text);
    });
    (migrations, events)
}
