//! The server's notices, which sqlx gives to `tracing` and to nothing else.
//!
//! While a request is polled, a subscriber of our own stands before the application's, keeps the events
//! of sqlx's target for notices, and passes everything on.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use alembic_run::{Notice, Severity};
use tracing::dispatcher::{Dispatch, get_default, with_default};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, NoSubscriber, Subscriber};
use tracing::{Event, Level, Metadata};
use tracing_core::span::Current;

/// The target under which sqlx reports notices.
const TARGET: &str = "sqlx::postgres::notice";

/// What a session's server has said besides its answers.
#[derive(Clone)]
pub(super) struct Notices {
    kept: Arc<Mutex<Vec<(Severity, String)>>>,
    dispatch: Option<Dispatch>,
}

impl Notices {
    /// Keeps none.
    pub(super) fn ignored() -> Self {
        Self {
            kept: Arc::default(),
            dispatch: None,
        }
    }

    /// Keeps notices from now on.
    ///
    /// In an application that logs through `log` alone, none are kept: its records of `tracing`'s events
    /// end with the first subscriber of a process, and sqlx logs the notices there by itself.
    pub(super) fn kept() -> Self {
        let kept = Arc::default();
        let outer = get_default(Clone::clone);
        let logs_elsewhere =
            outer.is::<NoSubscriber>() && log::max_level() != log::LevelFilter::Off;
        let dispatch = (!logs_elsewhere).then(|| {
            Dispatch::new(Keeper {
                kept: Arc::clone(&kept),
                outer,
            })
        });
        Self { kept, dispatch }
    }

    /// Keeps the notices that arrive while the future is polled.
    pub(super) async fn during<T>(&self, future: impl Future<Output = T>) -> T {
        let Some(dispatch) = &self.dispatch else {
            return future.await;
        };
        let mut future = pin!(future);
        poll_fn(|context| with_default(dispatch, || future.as_mut().poll(context))).await
    }

    /// Takes what was kept, all of it about one statement of a request.
    pub(super) fn take(&self, statement: usize) -> impl Iterator<Item = Notice> + use<> {
        let kept = std::mem::take(&mut *lock(&self.kept));
        let kept = kept.into_iter();
        kept.map(move |(severity, message)| Notice::new(statement, severity, message))
    }
}

fn lock<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps notices, and passes everything on to the application's subscriber.
struct Keeper {
    kept: Arc<Mutex<Vec<(Severity, String)>>>,
    outer: Dispatch,
}

impl Subscriber for Keeper {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.target() {
            TARGET => Interest::always(),
            _ => self.outer.register_callsite(metadata),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET || self.outer.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // `RAISE INFO` arrives as an event of this level.
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() == TARGET {
            let mut text = Text(String::new());
            event.record(&mut text);
            let severity = match *event.metadata().level() {
                Level::ERROR | Level::WARN => Severity::Warning,
                Level::INFO => Severity::Notice,
                Level::DEBUG => Severity::Debug,
                Level::TRACE => Severity::Info,
            };
            lock(&self.kept).push((severity, text.0));
        }
        if self.outer.enabled(event.metadata()) {
            self.outer.event(event);
        }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.outer.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.outer.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.outer.record_follows_from(span, follows);
    }

    fn event_enabled(&self, _event: &Event<'_>) -> bool {
        true
    }

    fn enter(&self, span: &Id) {
        self.outer.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.outer.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.outer.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.outer.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.outer.current_span()
    }
}

/// The text of an event.
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
