//! The example application: a program that holds its migrations, and many of it at once.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use alembic_migrate::ensure_database_ready;
use alembic_tests::fixtures;

use crate::scratch::Scratch;
use crate::{HEAD, chorus};

/// How many processes start at once.
const MANY: usize = 32;

/// Returns the path of the application, which the first call builds.
fn application() -> &'static Path {
    static APPLICATION: OnceLock<PathBuf> = OnceLock::new();
    APPLICATION.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--offline",
                "--locked",
                "--message-format",
                "json-render-diagnostics",
            ])
            .arg("--target-dir")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("start/application"))
            .current_dir(fixtures().join("application"))
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&output.stdout);
        let executable = messages.lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            message["executable"].as_str().map(PathBuf::from)
        });
        let errors = String::from_utf8_lossy(&output.stderr);
        executable.unwrap_or_else(|| panic!("the application does not build:\n{errors}"))
    })
}

/// Prepares a start of the application, in a folder without any of its sources.
fn command(database: &Scratch) -> Command {
    let mut command = Command::new(application());
    command
        .arg("app.db")
        .current_dir(database.path().parent().unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Returns what a start writes.
#[track_caller]
fn said(output: Output) -> String {
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout).unwrap()
}

fn start(database: &Scratch) -> String {
    said(command(database).output().unwrap())
}

fn legacy() -> Scratch {
    Scratch::at(&chorus(), "001", "DROP TABLE alembic_version")
}

/// What a start says first, and then ever again.
const READY: &str = "tracked database, ready: 0 revisions applied";

#[test]
fn the_application_starts_on_every_database() {
    let mut first: Option<String> = None;
    for (database, expected) in [
        (
            Scratch::new(),
            "fresh database, created: 0 revisions applied",
        ),
        (legacy(), "legacy database, migrated: 5 revisions applied"),
        (
            Scratch::at(&chorus(), "003", ""),
            "tracked database, migrated: 3 revisions applied",
        ),
        (Scratch::at(&chorus(), "heads", ""), READY),
    ] {
        let now = format!("now at {HEAD}");
        assert_eq!(start(&database), format!("{expected}\n{now}\n"));
        let before = database.bytes();
        assert_eq!(start(&database), format!("{READY}\n{now}\n"));
        assert!(
            before == database.bytes(),
            "{expected}: the second start wrote"
        );
        let schema = database.schema(&[]);
        assert_eq!(
            &schema,
            first.get_or_insert_with(|| schema.clone()),
            "{expected}"
        );
    }
}

#[test]
fn the_application_says_why_it_does_not_start() {
    let ahead = Scratch::at(
        &chorus(),
        "heads",
        "UPDATE alembic_version SET version_num = 'x7'",
    );
    let text = Scratch::new();
    std::fs::write(text.path(), "no database".repeat(100)).unwrap();
    let malformed = Scratch::with("CREATE VIEW alembic_version AS SELECT 1");
    for (database, expected) in [
        (ahead, "a newer version has migrated the database"),
        (text, "the database cannot be reached"),
        (malformed, "a migration failed"),
    ] {
        let output = command(&database).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{expected}");
        assert!(stderr.starts_with(expected), "{stderr}");
        assert_eq!(output.stdout, b"");
    }
}

/// Starts many, which all wait until `database` is let go of; exactly one migrates.
fn check_many(database: &Scratch, expected: &str) {
    let gate = database.open();
    gate.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let children: Vec<_> = (0..MANY)
        .map(|_| command(database).spawn().unwrap())
        .collect();
    gate.execute_batch("ROLLBACK").unwrap();
    let outputs = children
        .into_iter()
        .map(|child| said(child.wait_with_output().unwrap()));
    let mut firsts: Vec<String> = outputs
        .map(|said| said.lines().next().unwrap().to_owned())
        .collect();
    firsts.sort_by_key(|line| line == READY);
    assert_eq!(firsts[0], expected);
    assert_eq!(firsts[1..], vec![READY; MANY - 1], "{expected}");

    let alone = Scratch::new();
    ensure_database_ready(&mut alone.open(), &chorus()).unwrap();
    assert_eq!(database.schema(&[]), alone.schema(&[]), "{expected}");
    assert_eq!(database.query("SELECT * FROM alembic_version"), [HEAD]);
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn one_of_many_processes_creates_the_schema() {
    check_many(
        &Scratch::new(),
        "fresh database, created: 0 revisions applied",
    );
    let wal = Scratch::with("PRAGMA journal_mode = WAL");
    check_many(&wal, "fresh database, created: 0 revisions applied");
}

#[test]
fn one_of_many_processes_takes_a_legacy_database_over() {
    check_many(&legacy(), "legacy database, migrated: 5 revisions applied");
}

#[test]
fn one_of_many_processes_applies_what_is_pending() {
    for mode in ["DELETE", "WAL"] {
        let behind = Scratch::at(&chorus(), "003", &format!("PRAGMA journal_mode = {mode}"));
        check_many(&behind, "tracked database, migrated: 3 revisions applied");
    }
}
