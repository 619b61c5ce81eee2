//! What an application finds when it makes its database ready, on real SQLite files.

#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod application;
mod failures;
mod killed;
mod log;
mod refused;
mod schema;
mod scratch;
mod several;
mod ways;

use alembic_history::{Dialect, History, SourceFile};
use alembic_migrate::{EnsureReport, Migrations, RunError};
use alembic_tests::{RevisionText, fixtures};

/// The head of the migrations of the crate `chorus`.
const HEAD: &str = "006_index_failed_executions";

/// The migrations of the crate `chorus` in the example workspace, as it configures them.
fn chorus() -> Migrations {
    let folder = fixtures().join("workspace/crates/chorus");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    Migrations::from_folder(folder.join("migrations"), &[Dialect::Sqlite])
        .unwrap()
        .package("chorus")
        .schema("schema.sql", schema)
        .baseline("001_add_documents")
}

/// The migrations of a crate with these revisions.
fn migrations(package: &str, revisions: Vec<RevisionText>) -> Migrations {
    let files = revisions.iter().enumerate().map(|(index, revision)| {
        let path = format!("{package}/{index}.sql");
        SourceFile {
            path: path.into(),
            content: Ok(revision.to_string().into_bytes()),
        }
    });
    let history = History::new(files, &[Dialect::Sqlite]).unwrap();
    Migrations::new(history).package(package)
}

/// Puts a report in one line, without durations.
fn line(report: &EnsureReport) -> String {
    let steps: Vec<&str> = report
        .steps
        .iter()
        .map(|step| step.revision.as_str())
        .collect();
    format!(
        "{}: {} {} [{}] -> [{}], applied [{}]",
        report.package,
        report.scenario,
        report.outcome,
        report.before.join(" "),
        report.after.join(" "),
        steps.join(" ")
    )
}

/// Puts reports in one line each.
fn lines(outcome: Result<Vec<EnsureReport>, RunError>) -> Vec<String> {
    outcome.unwrap().iter().map(line).collect()
}
