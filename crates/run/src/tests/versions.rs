//! What is found where the version table should be.

use alembic_history::Dialect;
use alembic_history::TransactionMode::Run as PerRun;

use super::fake::{Command, Fake};
use super::revisions::{PLAIN, history};
use crate::request::{Task, VersionTask};
use crate::{Connection, DatabaseError, DatabaseErrorKind, Execute, FailureKind, Query, Row};

#[test]
fn what_is_no_version_table_is_told() {
    for (kind, what) in [
        ("view", "a view"),
        ("temporary table", "a temporary table"),
        ("index", "an index"),
    ] {
        let mut fake = Fake {
            kind,
            ..Fake::new(Some(&[]))
        };
        let error = fake
            .run(&history(PLAIN), PerRun, Command::Current)
            .unwrap_err();
        assert_eq!(
            error.failure().to_string(),
            format!("alembic_version is not a version table: it is {what}")
        );
    }
}

#[test]
fn rows_are_told_apart_by_whether_a_file_explains_them() {
    for dialect in Dialect::ALL {
        let history = history(PLAIN);
        let mut fake = Fake::of(*dialect, Some(&["y", "b", "x"]));
        let runner = fake.runner(&history, PerRun, "alembic_version");
        let versions = fake.drive(runner.current()).unwrap();
        assert_eq!(alembic_history::join(&versions.revisions, " "), "b");
        assert_eq!(versions.unknown, ["x", "y"]);
        assert_eq!(versions.ids(), ["b", "x", "y"]);
    }
}

/// A version table whose rows are read like this.
struct Answering(fn() -> Result<Vec<Row>, DatabaseError>);

impl Connection for Answering {
    fn execute(&mut self, _statement: &Execute<'_>) -> Result<u64, DatabaseError> {
        Ok(0)
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Row>, DatabaseError> {
        match query.task {
            Task::Versions(_, VersionTask::Read) => self.0(),
            _ => Ok(vec![Row::new(vec![Some("table".to_owned())])]),
        }
    }
}

#[test]
fn a_version_table_that_cannot_be_read_is_told_from_a_database_that_cannot() {
    let not = "alembic_version is not a version table:";
    let column =
        || Err(DatabaseError::new(DatabaseErrorKind::Other, "no such column").with_code("1"));
    let interrupted =
        || Err(DatabaseError::new(DatabaseErrorKind::Other, "interrupted").with_code("9"));
    let without_code = || Err(DatabaseError::new(DatabaseErrorKind::Other, "strange"));
    let denied = || {
        Err(DatabaseError::new(
            DatabaseErrorKind::Denied,
            "permission denied",
        ))
    };
    let null = || Ok(vec![Row::new(vec![None])]);
    let cases: [(fn() -> _, _, _); 5] = [
        (
            null,
            format!("{not} a row holds NULL"),
            FailureKind::Migration,
        ),
        (
            column,
            format!("{not} no such column"),
            FailureKind::Migration,
        ),
        (
            interrupted,
            "cannot read the version table: interrupted".to_owned(),
            FailureKind::Unreachable,
        ),
        (
            without_code,
            "cannot read the version table: strange".to_owned(),
            FailureKind::Unreachable,
        ),
        (
            denied,
            "cannot read the version table: permission denied".to_owned(),
            FailureKind::Unreachable,
        ),
    ];
    let history = history(PLAIN);
    for (rows, expected, kind) in cases {
        let run = crate::Runner::new(&history, Dialect::Sqlite).current();
        let error = run.drive(&mut Answering(rows), &|_event| {}).unwrap_err();
        assert_eq!(error.failure().to_string(), expected);
        assert_eq!(error.kind(), kind);
    }
}
