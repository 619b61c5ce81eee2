//! What is in the scripted database.

use alembic_history::{Graph, RowChange};

use super::PATH_FOUND;
use crate::request::{Progress, ProgressTask, VersionTask};

/// The tables of runs, and every statement that had an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tests) struct Content {
    pub(in crate::tests) rows: Option<Vec<String>>,
    /// The rows of the second crate's version table.
    pub(in crate::tests) second: Option<Vec<String>>,
    /// The rows of the table that records how far an unfinished revision is.
    pub(in crate::tests) progress: Option<Vec<Progress>>,
    pub(in crate::tests) executed: Vec<String>,
    /// The indexes, and whether they are valid.
    pub(in crate::tests) indexes: Vec<(String, bool)>,
}

pub(in crate::tests) fn content(rows: Option<&[&str]>, executed: &[&str]) -> Content {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Content {
        rows: rows.map(owned),
        executed: owned(executed),
        ..Content::default()
    }
}

/// Returns what a statement does, which depends on the search path.
pub(in crate::tests) fn in_path(sql: &str, path: &str) -> String {
    match path {
        PATH_FOUND => sql.to_owned(),
        path => format!("{sql} in {path}"),
    }
}

pub(super) const EXISTS: &str = "the table exists";

impl Content {
    /// Returns the rows of a version table.
    pub(super) fn rows_of(&self, table: &str) -> &Option<Vec<String>> {
        match table {
            "alembic_version" => &self.rows,
            _ => &self.second,
        }
    }

    /// Writes to a version table, and returns how many rows that changed.
    pub(super) fn write_versions(&mut self, table: &str, task: VersionTask, graph: &Graph) -> u64 {
        let rows = match table {
            "alembic_version" => &mut self.rows,
            _ => &mut self.second,
        };
        let id = |node| graph[node].id.as_str();
        match task {
            VersionTask::Create => assert_eq!(rows.replace(Vec::new()), None),
            VersionTask::Drop => assert_eq!(rows.take(), Some(Vec::new())),
            VersionTask::Clear => rows.as_mut().expect(EXISTS).clear(),
            VersionTask::Change(change) => {
                let rows = rows.as_mut().expect(EXISTS);
                return match change {
                    RowChange::Insert(node) => {
                        rows.push(id(node).to_owned());
                        1
                    }
                    RowChange::Delete(node) => {
                        let before = rows.len();
                        rows.retain(|row| row != id(node));
                        (before - rows.len()) as u64
                    }
                    RowChange::Update { from, to } => {
                        let rows = rows.iter_mut().filter(|row| *row == id(from));
                        rows.map(|row| id(to).clone_into(row)).count() as u64
                    }
                };
            }
            VersionTask::Find | VersionTask::Read => panic!("nothing is written by {task:?}"),
        }
        1
    }

    /// Writes to the table of progress, and returns how many rows that changed.
    pub(super) fn write_progress(&mut self, task: &ProgressTask, process: Option<i32>) -> u64 {
        let rows = &mut self.progress;
        match task {
            ProgressTask::Create => assert_eq!(rows.replace(Vec::new()), None),
            ProgressTask::Drop => assert!(rows.take().is_some(), "{EXISTS}"),
            ProgressTask::Write { progress, is_first } => {
                let written = Progress {
                    since: "2026-01-02 03:04:05.678".to_owned(),
                    process,
                    ..progress.clone()
                };
                let rows = rows.as_mut().expect(EXISTS);
                if *is_first {
                    assert_eq!(*rows, [], "one revision at a time");
                    rows.push(written);
                } else {
                    let of = |row: &Progress| (row.revision.clone(), row.direction.clone());
                    assert!(rows.iter().all(|row| of(row) == of(&written)), "{rows:?}");
                    rows.fill(written);
                    return rows.len() as u64;
                }
            }
            ProgressTask::Read | ProgressTask::FindProcess => {
                panic!("nothing is written by {task:?}")
            }
        }
        1
    }
}
