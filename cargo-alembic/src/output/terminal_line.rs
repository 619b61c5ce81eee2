//! The last line of a terminal: what is going on, and for how long.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::shell::{status_line, write_line};

/// How often the line is looked at; what takes less than a second is not shown.
const TICK: Duration = Duration::from_millis(200);

/// The last line of a terminal; nothing anywhere else.
pub(super) struct TerminalLine {
    state: Arc<Mutex<State>>,
    /// Dropped with the line, which ends its thread.
    _end: Option<Sender<()>>,
    is_terminal: bool,
}

#[derive(Default)]
struct State {
    /// What is drawn; a terminal has no line before there is something to show.
    bar: Option<ProgressBar>,
    activity: Option<Activity>,
    is_counting: bool,
}

struct Activity {
    verb: &'static str,
    what: String,
    since: Instant,
    part: Option<Part>,
}

/// How far an activity is.
pub(super) struct Part {
    /// How much of it is done.
    pub(super) done: u64,
    /// How much there is.
    pub(super) of: u64,
    /// What is done, for people.
    pub(super) what: String,
}

impl TerminalLine {
    pub(super) fn new(is_wanted: bool) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let is_terminal = is_wanted && std::io::stderr().is_terminal();
        let end = is_terminal.then(|| {
            let (end, ended) = channel();
            let ticked = Arc::clone(&state);
            thread::spawn(move || {
                while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    lock(&ticked).tick();
                }
            });
            end
        });
        Self {
            state,
            _end: end,
            is_terminal,
        }
    }

    /// Shows a bar for this many revisions.
    pub(super) fn count_to(&self, total: usize) {
        if !self.is_terminal {
            return;
        }
        let bar = ProgressBar::new(total as u64);
        bar.set_style(style("{prefix:>12} [{bar:30}] {pos}/{len} {wide_msg}"));
        bar.set_prefix("Running");
        let mut state = lock(&self.state);
        state.bar = Some(bar);
        state.is_counting = true;
    }

    /// Counts a revision.
    pub(super) fn count(&self) {
        let state = lock(&self.state);
        if let Some(bar) = state.bar.as_ref().filter(|_| state.is_counting) {
            bar.inc(1);
        }
    }

    /// Notes what is going on, which is shown once it takes longer than a moment.
    pub(super) fn begin(&self, verb: &'static str, what: String) {
        let mut state = lock(&self.state);
        state.end();
        state.activity = Some(Activity {
            verb,
            what,
            since: Instant::now(),
            part: None,
        });
    }

    /// Notes how far it is.
    pub(super) fn go_on(&self, part: Part) {
        if let Some(activity) = &mut lock(&self.state).activity {
            activity.part = Some(part);
        }
    }

    /// Shows what is waited for, which has lasted for so long; returns whether there is a line for it.
    pub(super) fn wait(&self, verb: &'static str, what: &str, waited: Duration) -> bool {
        if self.is_terminal {
            let mut state = lock(&self.state);
            let now = Instant::now();
            state.activity = Some(Activity {
                verb,
                what: what.to_owned(),
                since: now.checked_sub(waited).unwrap_or(now),
                part: None,
            });
            state.tick();
        }
        self.is_terminal
    }

    /// Notes that it is over.
    pub(super) fn end(&self) {
        lock(&self.state).end();
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        let mut state = lock(&self.state);
        state.is_counting = false;
        state.end();
    }

    /// Writes a line above this one.
    pub(super) fn print(&self, line: &str) {
        match &lock(&self.state).bar {
            Some(bar) => bar.suspend(|| write_line(line)),
            None => write_line(line),
        }
    }
}

impl State {
    fn tick(&mut self) {
        let Some(activity) = &self.activity else {
            return;
        };
        let seconds = activity.since.elapsed().as_secs();
        if seconds == 0 {
            return;
        }
        let is_counting = self.is_counting;
        let bar = self.bar.get_or_insert_with(ProgressBar::no_length);
        let Activity {
            verb, what, part, ..
        } = activity;
        match part {
            Some(Part { what, .. }) if is_counting => {
                bar.set_message(format!("({seconds} s) {what}"))
            }
            None if is_counting => bar.set_message(format!("({seconds} s)")),
            Some(Part { done, of, what }) => {
                bar.set_style(style("{prefix:>12} [{bar:30}] {wide_msg}"));
                bar.set_prefix(*verb);
                bar.set_length(*of);
                bar.set_position(*done);
                bar.set_message(format!("{seconds} s {what}"));
            }
            None => {
                bar.set_style(style("{wide_msg}"));
                bar.set_message(status_line(verb, format_args!("{seconds} s {what}")));
            }
        }
        bar.tick();
    }

    fn end(&mut self) {
        self.activity = None;
        match &self.bar {
            Some(bar) if self.is_counting => bar.set_message(""),
            Some(bar) => {
                bar.finish_and_clear();
                self.bar = None;
            }
            None => {}
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
