//! Shows the progress of a run: a line per revision, and a bar on a terminal if there are many.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use alembic_history::Direction;
use alembic_migrate::Event;
use alembic_migrate::report::RunStep;
use indicatif::{ProgressBar, ProgressStyle};

use super::lines;
use super::reports::HumanDuration;
use super::shell::{Shell, Verbosity, status_line};

/// The number of revisions from which a terminal shows a bar below the lines.
const LONG_RUN: usize = 20;

/// The duration from which the time of a revision is shown; the time of the whole run always is.
const SLOW_STEP: Duration = Duration::from_secs(1);

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

    pub(crate) fn show(&self, event: &Event) {
        if self.shell.verbosity == Verbosity::Quiet {
            return;
        }
        match event {
            Event::StepStarted { step, done, total } => {
                let long = *total >= LONG_RUN && std::io::stderr().is_terminal();
                if *done == 0 && long {
                    self.begin(*total);
                }
                self.line("Running", &describe_step(step));
            }
            Event::StepFinished { took, .. } => {
                if *took >= SLOW_STEP {
                    self.line("Took", &HumanDuration(*took).to_string());
                }
                self.with_bar(|bar| {
                    if let Some(bar) = bar {
                        bar.inc(1);
                    }
                });
            }
            Event::Waiting { waited, holder } => {
                let waited = HumanDuration(*waited);
                let what = match holder {
                    Some(holder) => format!("{waited} for another migrator: {holder}"),
                    None => format!("for the database lock held by another process ({waited})"),
                };
                self.line("Waiting", &what);
            }
            Event::Unfinished { waited, process } => {
                let waited = HumanDuration(*waited);
                let what = match process {
                    Some(process) => format!(
                        "for process {process} of the server, which runs a statement that an \
                         earlier run began ({waited})"
                    ),
                    None => format!(
                        "for a statement that an earlier run began and may still be running \
                         ({waited})"
                    ),
                };
                self.line("Waiting", &what);
            }
            Event::NoConnection { waited } => {
                let waited = HumanDuration(*waited);
                let what = format!("{waited} for a second connection to the server");
                self.line("Waiting", &what);
            }
            Event::CommittingValue { before, value } => {
                let why = "no transaction can use a value of an enum that it has added";
                let what = format!("what precedes {before}, which uses {value}: {why}");
                self.line("Committing", &what);
            }
            Event::Silence { waited } => {
                let waited = HumanDuration(*waited);
                let what = format!("{waited} for the server, which does not answer");
                self.line("Waiting", &what);
            }
            Event::Retrying { error, .. } => {
                // The steps start over.
                self.finish();
                self.line(
                    "Retrying",
                    &format!("the transaction after a rollback: {error}"),
                );
            }
            Event::TableRebuilt(rebuilt) => {
                let (rows, took) = (rebuilt.rows, HumanDuration(rebuilt.took));
                let table = &rebuilt.table;
                self.line("Rebuilt", &format!("table {table}: {rows} rows in {took}"));
            }
            Event::ForeignKeysIgnored { keys } => {
                for key in keys {
                    let why = "the referenced columns need not be unique";
                    self.line("Unchecked", &format!("foreign key of {key}: {why}"));
                }
            }
            Event::Adopted {
                before,
                applied,
                unknown,
                reverted,
            } => {
                let before = if before.is_empty() { "base" } else { before };
                let what = format!(
                    "what another program did since {before}: {} applied, {} reverted",
                    applied.len() + unknown.len(),
                    reverted.len()
                );
                self.line("Adopting", &what);
            }
            Event::BaseCreated { path } => {
                let path = path.display();
                self.line(
                    "Created",
                    &format!("what is older than the revisions ({path})"),
                );
            }
            Event::LogNotKept { table, owner } => {
                let what = format!(
                    "this run is not recorded in {table}, which belongs to the role {owner}, as the \
                     version table does not"
                );
                self.line("Note", &what);
            }
            Event::Edited { revisions } => {
                for revision in revisions {
                    self.line("Edited", &format!("{revision}"));
                }
            }
            // The command itself reports these at its end.
            _ => {}
        }
    }

    /// Shows a bar for `total` revisions.
    fn begin(&self, total: usize) {
        let bar = ProgressBar::new(total as u64);
        let style = "{prefix:>12} [{bar:30}] {pos}/{len}";
        let style = ProgressStyle::with_template(style);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix("Running");
        self.with_bar(|slot| *slot = Some(bar));
    }

    /// Removes the bar.
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
fn describe_step(step: &RunStep) -> String {
    let RunStep {
        revision,
        down_revisions,
        message,
        direction,
        ..
    } = step;
    let below = lines::join(down_revisions);
    match direction {
        Direction::Upgrade => format!("{direction} {below} -> {revision}, {message}"),
        Direction::Downgrade => format!("{direction} {revision} -> {below}, {message}"),
    }
}
