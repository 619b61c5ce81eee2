//! What an application finds when it makes its database ready, on real databases of both engines.

#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod application;
mod databases;
mod failures;
mod killed;
mod log;
#[path = "../shared/open.rs"]
mod open;
mod others;
mod refused;
mod several;
mod ways;

use std::path::PathBuf;

use alembic_history::{Dialect, History, SourceFile};
use alembic_migrate::history::read_folder;
use alembic_migrate::{EnsureReport, Migrations, RunError};
use alembic_tests::{RevisionText, fixtures};

/// The head of the migrations of the crate `chorus`.
const HEAD: &str = "006_index_failed_executions";

/// The migrations of the crate `chorus` in the example workspace, as it configures them.
fn chorus() -> Migrations {
    chorus_and(&[])
}

/// Those, and revisions that come later.
fn chorus_and(later: &[RevisionText]) -> Migrations {
    let dialects = Dialect::ALL.iter();
    dialects.fold(without_schema(later), |migrations, dialect| {
        let name = format!("schema.{dialect}.sql");
        let schema = chorus_file(&name);
        migrations.schema_for(*dialect, name, schema)
    })
}

/// Those without the target schema.
fn without_schema(later: &[RevisionText]) -> Migrations {
    Migrations::new(chorus_history(later))
        .package("chorus")
        .base("base.sql", chorus_file("base.sql"))
}

fn chorus_file(name: &str) -> String {
    std::fs::read_to_string(chorus_folder().join(name)).unwrap()
}

fn chorus_folder() -> PathBuf {
    fixtures().join("workspace/crates/chorus")
}

fn chorus_history(later: &[RevisionText]) -> History {
    let mut files = read_folder(&chorus_folder().join("migrations")).unwrap();
    files.extend(sources("chorus", later));
    History::new(files, Dialect::ALL).unwrap()
}

/// The migrations of a crate with these revisions.
fn migrations(package: &str, revisions: &[RevisionText]) -> Migrations {
    let history = History::new(sources(package, revisions), Dialect::ALL).unwrap();
    Migrations::new(history).package(package)
}

fn sources(package: &str, revisions: &[RevisionText]) -> impl Iterator<Item = SourceFile> {
    revisions
        .iter()
        .enumerate()
        .map(move |(index, revision)| SourceFile {
            path: format!("{package}/{index}.sql").into(),
            content: Ok(revision.to_string().into_bytes()),
        })
}

/// Returns what is said to one engine, or by it, where that differs.
fn each<T>(dialect: Dialect, sqlite: T, postgres: T) -> T {
    match dialect {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
    }
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
        report.before.ids().join(" "),
        report.after.ids().join(" "),
        steps.join(" ")
    )
}

/// Puts the report on one crate in one line.
fn line_of(outcome: Result<EnsureReport, RunError>) -> String {
    line(&outcome.unwrap())
}

/// Puts the reports on several crates in one line each.
fn lines(outcome: Result<Vec<EnsureReport>, RunError>) -> Vec<String> {
    outcome.unwrap().iter().map(line).collect()
}
