//! What the log of a database says.

use std::collections::BTreeSet;

use crate::{Database, Subject};

/// What the log says, without what is different in every run.
pub const LOG: &str = "SELECT number, revision, direction, action, rows_after \
     FROM alembic_version_log ORDER BY number";

/// Checks that what the log says can have happened, and led to the rows of the version table.
#[track_caller]
pub(crate) fn check_log<S: Subject>(database: &S::Database, context: &str) {
    let log = database.log();
    let mut applied = BTreeSet::new();
    let mut rows = "";
    for (index, line) in log.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').collect();
        let [number, revision, direction, _, after] = cells[..] else {
            panic!("{context}: {line}");
        };
        assert_eq!(number, (index + 1).to_string(), "{context}: {log}");
        let is_possible = match direction {
            "upgrade" => applied.insert(revision),
            "downgrade" => applied.remove(revision),
            _ => false,
        };
        assert!(is_possible, "{context}, {line}: {log}");
        rows = after;
    }
    let versions = match log.is_empty() {
        true => String::new(),
        false => database.rows("SELECT version_num FROM alembic_version ORDER BY 1"),
    };
    let versions: Vec<&str> = versions.lines().collect();
    assert_eq!(rows, versions.join(","), "{context}: {log}");
}
