//! Whole conversations of runs with the scripted database.

use alembic_history::TransactionMode;

use super::{Command, Fake};
use crate::tests::revisions::{Source, history};

/// Returns the whole conversation; settings of SQLite are left out, and the lock that is asked for in
/// vain again and again is asked for once.
pub(in crate::tests) fn conversation(fake: &Fake) -> Vec<String> {
    let settings = [
        "read lock timeout",
        "set lock timeout",
        "read foreign keys",
        "switch foreign keys",
        "count changes",
    ];
    let is_setting = |line: &str| settings.iter().any(|setting| line.starts_with(setting));
    let mut log = fake.log.lines();
    log.retain(|line| !is_setting(line));
    let in_vain = [
        &["aside begin", "aside try lock", "aside release lock"][..],
        &["find transaction", "begin", "try lock", "roll back"],
    ];
    let mut rest = log.as_slice();
    let mut lines: Vec<String> = Vec::new();
    while let [line, after @ ..] = rest {
        let last = lines.last().map_or("", String::as_str);
        let (was_in_vain, was_told) = (last == "in vain", last.contains(" for process "));
        let begins =
            |asked: &&&[&str]| rest.len() >= asked.len() && rest[..asked.len()] == ***asked;
        if let Some(asked) = in_vain.iter().find(begins) {
            if !was_in_vain {
                lines.push("in vain".to_owned());
            }
            rest = &rest[asked.len()..];
        } else {
            if line != "-> pause" || !(was_in_vain || was_told) {
                lines.push(line.clone());
            }
            rest = after;
        }
    }
    lines
}

/// Carries out a command, and returns the database afterwards with the whole conversation.
pub(in crate::tests) fn converse(
    sources: &[Source],
    mode: TransactionMode,
    mut fake: Fake,
    command: Command,
) -> (Fake, String) {
    let outcome = fake.run(&history(sources), mode, command);
    let mut said = conversation(&fake);
    said.push(match outcome {
        Ok(rows) => format!("= {}", rows.join(" ")).trim_end().to_owned(),
        Err(error) => format!("! {error}"),
    });
    (fake, said.join("\n"))
}
