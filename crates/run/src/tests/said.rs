//! What a run asks and tells, line by line.

use super::fake::{Command, Fake};
use super::revisions::{Source, history};
use crate::Event;
use alembic_history::TransactionMode;

/// How the lock is taken on PostgreSQL, and a transaction begun under it.
pub(super) const LOCKED: &str = "aside BEGIN
                      aside lock
                      aside timeouts
                      BEGIN
                      settings 3000";

pub(super) fn line(event: Event) -> String {
    match event {
        Event::StepStarted { done, total, .. } => format!("-> step {} of {total}", done + 1),
        Event::StepFinished { .. } => "-> done".to_owned(),
        Event::Committed => "-> committed".to_owned(),
        Event::Unfinished { waited } => format!("-> waiting {}s for a statement", waited.as_secs()),
        Event::Waiting { waited, holder } => {
            let holder = holder.map(|holder| format!(" for {holder}"));
            format!(
                "-> waiting {}s{}",
                waited.as_secs(),
                holder.unwrap_or_default()
            )
        }
        Event::Retrying { error, retries } => format!("-> retrying {retries}: {error}"),
        other => format!("-> {other:?}"),
    }
}

/// The whole conversation; settings of SQLite are left out, and the lock that is asked for in vain
/// again and again is asked for once.
pub(super) fn conversation(fake: &Fake) -> Vec<String> {
    let settings = ["PRAGMA busy_timeout", "PRAGMA foreign_keys", "changes"];
    let about_settings = |line: &str| settings.iter().any(|setting| line.starts_with(setting));
    let mut log: Vec<&str> = fake.log.iter().map(String::as_str).collect();
    log.retain(|line| !about_settings(line));
    let in_vain = [
        ["aside BEGIN", "aside lock", "aside ROLLBACK"],
        ["BEGIN", "lock", "ROLLBACK"],
    ];
    let mut rest = log.as_slice();
    let mut lines: Vec<String> = Vec::new();
    while let [line, after @ ..] = rest {
        let was_in_vain = lines.last().is_some_and(|line| line == "in vain");
        let was_told = lines
            .last()
            .is_some_and(|line| line.contains(" for process "));
        if in_vain.iter().any(|in_vain| rest.starts_with(in_vain)) {
            if !was_in_vain {
                lines.push("in vain".to_owned());
            }
            rest = &rest[3..];
        } else {
            if *line != "-> pause" || !(was_in_vain || was_told) {
                lines.push((*line).to_owned());
            }
            rest = after;
        }
    }
    lines
}

/// Compares a conversation with the expected one, which is written without empty lines.
#[track_caller]
pub(super) fn assert_said(said: &[String], expected: &str, context: &str) {
    let expected = expected.lines().map(str::trim);
    let expected: Vec<&str> = expected.filter(|line| !line.is_empty()).collect();
    assert_eq!(said, expected, "{context}");
}

/// Checks the whole conversation about a command; settings are left out.
#[track_caller]
pub(super) fn check(
    sources: &[Source],
    mode: TransactionMode,
    mut fake: Fake,
    command: Command,
    expected: &str,
) -> Fake {
    let history = history(sources);
    let outcome = fake.run(&history, mode, command);
    let mut said = conversation(&fake);
    said.push(match outcome {
        Ok(rows) => format!("= {}", rows.join(" ")).trim_end().to_owned(),
        Err(error) => format!("! {error}"),
    });
    assert_said(&said, expected, &format!("{command:?}"));
    fake
}
