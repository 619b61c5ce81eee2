//! The example application: a program that holds its migrations, and many of it at once.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_migrate::{Dialect, ensure_database_ready};
use alembic_tests::{Database, Project, cargo, fixtures, target_folder};

use crate::databases::{at, older, schema, with};
use crate::open::Open;
use crate::others::Migrator;
use crate::{HEAD, chorus};

/// How many processes start at once.
const MANY: usize = 32;

/// How long all of them may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the path of the application, which the first call builds.
fn application() -> &'static Path {
    static APPLICATION: OnceLock<PathBuf> = OnceLock::new();
    APPLICATION.get_or_init(|| {
        let output = cargo()
            .args([
                "build",
                "--offline",
                "--locked",
                "--message-format",
                "json-render-diagnostics",
            ])
            .arg("--target-dir")
            .arg(target_folder())
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
fn command(argument: &str) -> Command {
    let mut command = Command::new(application());
    command
        .arg(argument)
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Returns how the application is told of a database: a path, or the URL of one on a server.
fn argument(database: &Database) -> String {
    match database.dialect() {
        Dialect::Sqlite => database.path().to_str().unwrap().to_owned(),
        Dialect::Postgres => database.url(),
    }
}

/// Returns what a start writes.
#[track_caller]
fn said(output: Output) -> String {
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout).unwrap()
}

fn start(database: &Database) -> String {
    said(command(&argument(database)).output().unwrap())
}

/// What a start says first of each kind of database.
const FRESH: &str = "fresh database, created: 0 revisions applied";
const LEGACY: &str = "legacy database, migrated: 6 revisions applied";
const BEHIND: &str = "tracked database, migrated: 3 revisions applied";
const READY: &str = "tracked database, ready: 0 revisions applied";

#[test]
fn the_application_starts_on_every_database() {
    let readme = std::fs::read_to_string(fixtures().join("../README.md")).unwrap();
    let now = format!("now at {HEAD}");
    for &dialect in Dialect::ALL {
        let mut first: Option<String> = None;
        for (database, expected) in [
            (Database::new(dialect), FRESH),
            (older(dialect), LEGACY),
            (at(dialect, &chorus(), "003", ""), BEHIND),
            (at(dialect, &chorus(), "heads", ""), READY),
        ] {
            let name = format!("{dialect}, {expected}");
            assert_eq!(start(&database), format!("{expected}\n{now}\n"), "{name}");
            let before = database.bytes();
            assert_eq!(start(&database), format!("{READY}\n{now}\n"), "{name}");
            assert!(before == database.bytes(), "{name}: the second start wrote");
            let schema = schema(&database, &[]);
            let first = first.get_or_insert_with(|| schema.clone());
            assert_eq!(&schema, first, "{name}");
            let shown = readme.contains(&format!("{expected}\n{now}\n"));
            assert!(shown, "the README does not show `{expected}`");
        }
    }
}

/// Checks that a start fails, what it says first, and that this does not give a password away.
fn check_refused(argument: &str, expected: &str) {
    let output = command(argument).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{expected}");
    assert!(stderr.starts_with(&format!("{expected}\n")), "{stderr}");
    assert_eq!(output.stdout, b"");
    let user = argument.split_once('@').map(|(user, _)| user);
    if let Some((_, password)) = user.and_then(|user| user.rsplit_once(':')) {
        assert!(!stderr.contains(password), "{stderr}");
    }
}

#[test]
fn the_application_says_why_it_does_not_start() {
    for &dialect in Dialect::ALL {
        let later = "UPDATE alembic_version SET version_num = 'x7'";
        let ahead = at(dialect, &chorus(), "heads", later);
        let malformed = with(dialect, "CREATE VIEW alembic_version AS SELECT 1");
        for (database, expected) in [
            (ahead, "a newer version has migrated the database"),
            (malformed, "a migration failed"),
        ] {
            check_refused(&argument(&database), expected);
        }
    }
    let text = Database::new(Dialect::Sqlite);
    std::fs::write(text.path(), "no database".repeat(100)).unwrap();
    let server = Database::new(Dialect::Postgres);
    let name = server.server().name();
    for argument in [
        argument(&text),
        "/there/is/no/such/folder/app.db".to_owned(),
        argument(&server).replace(name, "there_is_no_such_database"),
        "postgres://somebody:whose-secret@127.0.0.1:none/app".to_owned(),
    ] {
        check_refused(&argument, "the database cannot be reached");
    }
}

/// The commands that it carries are those of `cargo alembic`, on each engine.
#[test]
fn the_application_carries_commands() {
    let lines = [
        "current",
        "upgrade 002",
        "current --check-heads",
        "downgrade -1",
        "downgrade nowhere",
        "upgrade --dry-run 002",
        "show 002",
        "ensure",
        "current",
        "stamp 005",
        "heads -p chorus",
        "revision -m more",
    ];
    for &dialect in Dialect::ALL {
        let project = Project::empty();
        let server = Database::new(Dialect::Postgres);
        // Without the variable, its database is a file in the current folder.
        let place = match dialect {
            Dialect::Sqlite => project.here(),
            Dialect::Postgres => project.here().env("DATABASE_URL", server.url()),
        };
        let mut shown = String::new();
        for line in lines {
            let outcome = place.run_program(application(), &format!("migrate {line}"));
            shown += &format!("$ application migrate {line}\n{outcome}\n");
        }
        insta::assert_snapshot!(
            format!("the_application_carries_commands_on_{dialect}"),
            shown
        );
    }
}

/// Waits until each of many asks a server for the migrator's lock: each is there with two connections.
fn wait_until_all_wait(database: &Database) {
    if database.dialect() == Dialect::Sqlite {
        // A file does not tell who waits for it.
        return;
    }
    let migrators = "SELECT count(*) / 2 FROM pg_stat_activity \
                     WHERE datname = current_database() AND backend_type = 'client backend' \
                     AND application_name <> 'alembic-tests'";
    let all = [(MANY + 1).to_string()];
    let begin = Instant::now();
    loop {
        let found = database.query(migrators);
        if found == all {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{found:?} of {all:?} are there");
        sleep(Duration::from_millis(10));
    }
}

/// Starts many while somebody migrates `database`, who fails; then exactly one migrates.
fn check_many(database: &Database, expected: &str) {
    let dialect = database.dialect();
    let argument = argument(database);
    let migrator = Migrator::at_work(database);
    let children: Vec<_> = (0..MANY)
        .map(|_| command(&argument).spawn().unwrap())
        .collect();
    wait_until_all_wait(database);
    migrator.fail();
    let outputs = children
        .into_iter()
        .map(|child| said(child.wait_with_output().unwrap()));
    let mut firsts: Vec<String> = outputs
        .map(|said| said.lines().next().unwrap().to_owned())
        .collect();
    firsts.sort_by_key(|line| line == READY);
    assert_eq!(firsts[0], expected, "{dialect}");
    assert_eq!(firsts[1..], vec![READY; MANY - 1], "{dialect}, {expected}");

    let alone = Database::new(dialect);
    ensure_database_ready(&mut Open::new(&alone), &chorus()).unwrap();
    let (many, alone) = (schema(database, &[]), schema(&alone, &[]));
    assert_eq!(many, alone, "{dialect}, {expected}");
    assert_eq!(database.versions(), [HEAD], "{dialect}, {expected}");
    if dialect == Dialect::Sqlite {
        let intact = database.query("PRAGMA integrity_check");
        assert_eq!(intact, ["ok"], "{expected}");
    }
}

/// One after the other, since a server has only so many connections.
#[test]
fn one_of_many_processes_migrates() {
    let wal = "PRAGMA journal_mode = WAL";
    let sqlite = Dialect::Sqlite;
    for &dialect in Dialect::ALL {
        check_many(&Database::new(dialect), FRESH);
        check_many(&older(dialect), LEGACY);
        check_many(&at(dialect, &chorus(), "003", ""), BEHIND);
    }
    check_many(&with(sqlite, wal), FRESH);
    check_many(&at(sqlite, &chorus(), "003", wal), BEHIND);
}
