//! Shows the progress of a run: a line per revision, what the server says, and on a terminal what takes
//! long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alembic_history::Direction;
use alembic_migrate::report::{Notice, NoticeOrigin, RowsCopied, RunStep, Severity};
use alembic_migrate::{Dialect, Event};
use alembic_sql::summary;

use super::reports::HumanDuration;
use super::shell::{Shell, Verbosity, status_line, warning_line};
use super::terminal_line::{Part, TerminalLine};
use super::{Warnings, lines};

/// The number of revisions from which a terminal shows a bar below the lines.
const LONG_RUN: usize = 20;

/// The duration from which the time of a revision is shown; the time of the whole run always is.
const SLOW_STEP: Duration = Duration::from_secs(1);

/// How much of a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Its revisions and warnings.
    Revisions,
    /// Its statements and notices, too.
    Statements,
}

/// Shows the events of a run.
pub(crate) struct Progress {
    shell: Shell,
    warnings: Warnings,
    detail: Detail,
    dialect: Dialect,
    /// The crate that the events are about.
    package: Mutex<String>,
    /// The sessions that the last statement waited for.
    blockers: Mutex<Option<String>>,
    line: TerminalLine,
}

impl Progress {
    pub(crate) fn new(
        (shell, warnings): (Shell, &Warnings),
        detail: Detail,
        package: &str,
        dialect: Dialect,
    ) -> Self {
        Self {
            shell,
            warnings: warnings.clone(),
            detail,
            dialect,
            package: Mutex::new(package.to_owned()),
            blockers: Mutex::default(),
            line: TerminalLine::new(shell.verbosity == Verbosity::Normal),
        }
    }

    pub(crate) fn show(&self, event: &Event) {
        match event {
            Event::Noticed { notice, origin } => self.notice(notice, origin.as_ref()),
            Event::Found { package, .. } | Event::NothingPending { package } => {
                package.clone_into(&mut self.package());
            }
            event if self.shell.verbosity == Verbosity::Normal => self.show_progress(event),
            _ => {}
        }
    }

    fn show_progress(&self, event: &Event) {
        match event {
            Event::StepStarted { step, done, total } => {
                if *done == 0 && *total >= LONG_RUN {
                    self.line.count_to(*total);
                }
                self.line("Running", &describe_step(step));
                self.line.begin("Executing", step.revision.to_string());
            }
            Event::StepFinished { took, .. } => {
                self.line.end();
                if *took >= SLOW_STEP {
                    self.line("Took", &HumanDuration(*took).to_string());
                }
                self.line.count();
            }
            Event::StatementStarted { summary } => self.line.begin("Executing", summary.clone()),
            Event::OutsideStatement { sql, .. } => {
                self.line.begin("Executing", summary(sql, self.dialect));
            }
            Event::Executed(executed) if self.detail == Detail::Statements => {
                self.line.end();
                let statement = summary(&executed.sql, self.dialect);
                let what = match executed.took {
                    Some(took) => format!("{statement} ({})", HumanDuration(took)),
                    None => statement,
                };
                self.line("Executed", &what);
            }
            Event::Waiting { waited, holder } => {
                let what = match holder {
                    Some(holder) => format!("for another migrator: {holder}"),
                    None => "for the database lock held by another process".to_owned(),
                };
                self.wait(&what, *waited);
            }
            Event::Blocked { waited, holders } => {
                let holders: Vec<String> = holders.iter().map(ToString::to_string).collect();
                let holders = holders.join("; ");
                self.wait(&format!("for a lock of {holders}"), *waited);
                *lock(&self.blockers) = Some(holders);
            }
            Event::Unfinished { waited, process } => {
                let what = match process {
                    Some(process) => format!(
                        "for process {process} of the server, which runs a statement that an \
                         earlier run began"
                    ),
                    None => "for a statement that an earlier run began and may still be running"
                        .to_owned(),
                };
                self.wait(&what, *waited);
            }
            Event::NoConnection { waited } => {
                self.wait("for a second connection to the server", *waited);
            }
            Event::CommittingValue { before, value } => {
                let why = "no transaction can use a value of an enum that it has added";
                let what = format!("what precedes {before}, which uses {value}: {why}");
                self.line("Committing", &what);
            }
            Event::Silence { waited } => {
                self.wait("for the server, which does not answer", *waited);
            }
            Event::Retrying { error, .. } => {
                // The steps start over.
                self.finish();
                let mut what = format!("the transaction after a rollback: {error}");
                if let Some(blockers) = lock(&self.blockers).take() {
                    what += &format!("; it waited for {blockers}");
                }
                self.line("Retrying", &what);
            }
            Event::RowsCopied(copied) => self.line.go_on(part(copied)),
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

    /// Removes what a terminal shows below the lines.
    pub(crate) fn finish(&self) {
        self.line.finish();
    }

    fn wait(&self, what: &str, waited: Duration) {
        if !self.line.wait("Waiting", what, waited) {
            self.line("Waiting", &format!("{what} ({})", HumanDuration(waited)));
        }
    }

    /// Shows what the server says: warnings, and what it says itself of statements that are not there to
    /// run code; anything else if statements are shown.
    fn notice(&self, notice: &Notice, origin: Option<&NoticeOrigin>) {
        let is_about_statement = origin.is_some_and(|origin| !origin.may_speak);
        let is_told = match notice.severity {
            Severity::Warning => true,
            Severity::Notice => is_about_statement || self.detail == Detail::Statements,
            Severity::Info => self.detail == Detail::Statements,
            _ => false,
        };
        if !is_told {
            return;
        }
        self.warnings.notice(&self.package(), notice, origin);
        if notice.severity < Severity::Warning && self.shell.verbosity == Verbosity::Quiet {
            return;
        }
        let place = origin.map_or("commit".to_owned(), ToString::to_string);
        let text = format!("{place}: {notice}");
        self.line.print(&match notice.severity {
            Severity::Warning => warning_line("Warning", text),
            _ => status_line("Notice", text),
        });
    }

    fn line(&self, verb: &str, what: &str) {
        self.line.print(&status_line(verb, what));
    }

    fn package(&self) -> MutexGuard<'_, String> {
        lock(&self.package)
    }
}

fn lock<T>(noted: &Mutex<T>) -> MutexGuard<'_, T> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns how far the copy of a table is.
fn part(copied: &RowsCopied) -> Part {
    let RowsCopied {
        table,
        rows,
        portions,
        of,
        ..
    } = copied;
    Part {
        done: *portions as u64,
        of: *of as u64,
        what: format!("copying {table}: {rows} rows"),
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
