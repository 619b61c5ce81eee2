//! Shows how far a run is: a line per revision, or a bar on a terminal when there are many.

use std::io::IsTerminal;
use std::sync::Mutex;

use alembic_history::{Direction, Graph, History, Node};
use alembic_migrate::Event;
use indicatif::{ProgressBar, ProgressStyle};

use crate::lines;
use crate::shell::{Shell, Took, Verbosity, status_line};

/// From how many revisions on a terminal shows a bar below the lines.
const LONG_RUN: usize = 20;

/// Shows the events of a run.
pub(crate) struct Progress {
    shell: Shell,
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress {
    pub(crate) fn new(shell: Shell) -> Self {
        Self {
            shell,
            bar: Mutex::new(None),
        }
    }

    pub(crate) fn show(&self, history: &History, event: &Event) {
        if self.shell.verbosity == Verbosity::Quiet {
            return;
        }
        let graph = history.graph();
        match event {
            Event::StepStarted {
                revision,
                direction,
                done: 0,
                total,
            } if *total >= LONG_RUN && std::io::stderr().is_terminal() => {
                let bar = ProgressBar::new(*total as u64);
                let style = "{prefix:>12} [{bar:30}] {pos}/{len} {msg}";
                let style = ProgressStyle::with_template(style);
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_prefix("Running");
                bar.set_message(step(graph, *revision, *direction));
                self.with_bar(|slot| *slot = Some(bar));
            }
            Event::StepStarted {
                revision,
                direction,
                ..
            } => {
                self.with_bar(|bar| {
                    if let Some(bar) = bar {
                        bar.set_message(step(graph, *revision, *direction));
                    }
                });
            }
            Event::StepFinished {
                revision,
                direction,
                took,
            } => {
                let what = format!("{} ({})", step(graph, *revision, *direction), Took(*took));
                self.line("Running", &what);
                self.with_bar(|bar| {
                    if let Some(bar) = bar {
                        bar.inc(1);
                    }
                });
            }
            Event::Waiting { waited } => {
                let what = format!(
                    "for the lock on the database, which another process holds ({})",
                    Took(*waited)
                );
                self.line("Waiting", &what);
            }
            Event::Committed => {}
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.with_bar(|bar| {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        });
    }

    fn line(&self, verb: &str, what: &str) {
        self.with_bar(|bar| match bar {
            Some(bar) => bar.println(status_line(verb, what)),
            None => self.shell.status(verb, what),
        });
    }

    fn with_bar<T>(&self, use_bar: impl FnOnce(&mut Option<ProgressBar>) -> T) -> T {
        let mut bar = self.bar.lock().unwrap_or_else(|poison| poison.into_inner());
        use_bar(&mut bar)
    }
}

/// Returns a step in Alembic's words: `upgrade A -> B, message`.
fn step(graph: &Graph, node: Node, direction: Direction) -> String {
    let parents = match graph.parents(node) {
        [] => String::new(),
        parents => lines::join(&graph.ids(parents)),
    };
    let revision = &graph[node];
    let (from, to) = match direction {
        Direction::Upgrade => (parents.as_str(), revision.id.as_str()),
        Direction::Downgrade => (revision.id.as_str(), parents.as_str()),
    };
    format!("{direction} {from} -> {to}, {}", revision.message)
}
