//! The record of how far a revision is, as a run writes it.

use std::fmt;

/// The row of an unfinished revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) revision: String,
    pub(super) direction: String,
    pub(super) done: usize,
    pub(super) begun: Option<usize>,
    digest: String,
    process: Option<String>,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            revision,
            direction,
            done,
            begun,
            ..
        } = self;
        match revision.as_str() {
            "" => write!(f, "record {done} done")?,
            _ => write!(f, "record {direction} of {revision}: {done} done")?,
        }
        match begun {
            Some(begun) => write!(f, ", {begun} begun"),
            None => Ok(()),
        }
    }
}

impl Progress {
    /// Reads the row that a statement writes, in place of `before`, if there is one.
    pub(super) fn read(sql: &str, before: Option<&Self>) -> Self {
        let list = match before {
            Some(_) => sql.split_once(" SET ").unwrap().1,
            None => sql.split_once(" VALUES (").unwrap().1,
        };
        let cells = list.split(", ").map(|cell| {
            let value = cell.split_once(" = ").map_or(cell, |(_, value)| value);
            value.trim_matches('\'')
        });
        let mut cells = cells.collect::<Vec<_>>().into_iter();
        let mut cell = || cells.next().unwrap().to_owned();
        let (revision, direction) = match before {
            Some(row) => (row.revision.clone(), row.direction.clone()),
            None => (cell(), cell()),
        };
        Self {
            revision,
            direction,
            done: cell().parse().unwrap(),
            begun: cell().parse().ok(),
            digest: cell(),
            process: (cell() == "pg_catalog.pg_backend_pid()").then(|| "4711".to_owned()),
        }
    }

    pub(super) fn cells(&self) -> Vec<Option<String>> {
        vec![
            Some(self.revision.clone()),
            Some(self.direction.clone()),
            Some(self.done.to_string()),
            self.begun.map(|begun| begun.to_string()),
            Some(self.digest.clone()),
            Some("2026-01-02 03:04:05.678".to_owned()),
            self.process.clone(),
        ]
    }
}
