//! Processes that are killed while they write, and processes that write at the same time.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_history::Dialect;
use alembic_tests::{Database, Numbers, Project, fill, revision};

use crate::on_both;

mod rebuild;

/// How many revisions the killed runs have.
const REVISIONS: usize = 12;

/// How many runs are killed, in each mode of transactions.
const KILLS: u64 = 25;

/// How many rows a revision writes: enough for a journal that is written to the disk.
const ROWS: usize = 5_000;

/// How long a server may take to notice that a client is no more.
const PATIENCE: Duration = Duration::from_secs(20);

/// A crate whose every revision creates a table with many rows, and changes those of the one
/// before.
fn long_run(dialect: Dialect) -> Project {
    let project = Project::with_crate("shop").on(dialect);
    let mut parent: Option<String> = None;
    for number in 1..=REVISIONS {
        let id = format!("r{number:02}");
        let mut up = format!("CREATE TABLE t_{id} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n");
        up.push_str(&fill(&format!("t_{id}"), ROWS));
        if let Some(parent) = &parent {
            up.push_str(&format!(
                "\nUPDATE t_{parent} SET text = text || ' of {parent}';"
            ));
        }
        let revises = parent.clone().unwrap_or_default();
        project.add(revision(&id).revises(&revises).upgrade(up));
        parent = Some(id);
    }
    project
}

/// Returns the dump at each revision, from none on, of runs that nobody disturbs.
fn dumps(project: &Project) -> Vec<String> {
    let database = project.database("shop.db");
    let mut dumps = vec![database.dump()];
    for _ in 0..REVISIONS {
        project.run("upgrade +1").success();
        dumps.push(database.dump());
    }
    clear(&database);
    dumps
}

/// Empties a database.
fn clear(database: &Database) {
    match database.dialect() {
        Dialect::Sqlite => std::fs::remove_file(database.path()).unwrap(),
        Dialect::Postgres => {
            let mut tables = database.tables();
            tables.push("alembic_version".to_owned());
            tables.push("alembic_version_log".to_owned());
            let tables = tables.join(", ");
            database.execute(&format!("DROP TABLE IF EXISTS {tables}"));
        }
    }
}

/// Waits until a server has done what was asked of it before its client was killed.
fn settle(database: &Database) {
    let others = "SELECT 1 FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let begin = Instant::now();
    while database.dialect() == Dialect::Postgres && !database.query(others).is_empty() {
        assert!(begin.elapsed() < PATIENCE, "the server serves the dead");
        sleep(Duration::from_millis(5));
    }
}

/// Returns how many revisions a database is at.
#[track_caller]
fn revisions_at(project: &Project, place: &str) -> usize {
    let current = project.run("current --format json");
    assert_eq!(current.status, 0, "{place}\n{current}");
    let rows = current.json()["crates"][0]["rows"].clone();
    let rows: Vec<String> = serde_json::from_value(rows).unwrap();
    let revisions = match rows.as_slice() {
        [] => 0,
        [row] => row[1..].parse().unwrap(),
        rows => panic!("{place}: {rows:?}"),
    };
    // What did not stay is not in the log.
    let log =
        (1..=revisions).map(|number| format!("{number}|r{number:02}|upgrade|run|r{number:02}"));
    let found = project.database("shop.db").log();
    assert_eq!(found, log.collect::<Vec<_>>(), "{place}");
    revisions
}

fn start(project: &Project, arguments: &[&str]) -> Child {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let mut command = project.here().command(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Kills an upgrade after some of its revisions and a part of the next; returns whether it was
/// still running.
fn kill(mut child: Child, revisions: usize, more: Duration) -> bool {
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let done = stderr
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.contains("Running"));
    // As many lines as there are, where the run has fewer.
    let _ = done.take(revisions).count();
    sleep(more);
    let running = child.try_wait().unwrap().is_none();
    // SIGKILL on unix: nothing can be tidied up.
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Kills upgrades, and looks at what they leave and whether the next ones go on.
fn check(dialect: Dialect, mode: &[&str], seed: u64) {
    let project = long_run(dialect);
    let database = project.database("shop.db");
    let dumps = dumps(&project);
    let arguments: Vec<&str> = ["upgrade"].iter().chain(mode).copied().collect();
    let begin = Instant::now();
    let undisturbed = start(&project, &arguments).wait_with_output().unwrap();
    assert!(undisturbed.status.success());
    let each = begin.elapsed() / u32::try_from(REVISIONS).unwrap();
    assert_eq!(database.dump(), dumps[REVISIONS]);

    let mut numbers = Numbers::new(seed);
    let (mut killed, mut journals) = (0, 0);
    for round in 0..KILLS {
        clear(&database);
        let revisions = usize::try_from(round).unwrap() % (REVISIONS + 1);
        let more = each.mul_f64(numbers.below(1000) as f64 / 1000.0);
        let child = start(&project, &arguments);
        let place = format!("{dialect} {mode:?}, killed after {revisions} and {more:?}");
        killed += u32::from(kill(child, revisions, more));
        journals += u32::from(project.path("shop.db-journal").exists());

        // Reading comes first: it must cope with what the killed process left behind.
        revisions_at(&project, &place);
        // Every other time, the next run meets a server that may still be at work.
        if dialect == Dialect::Sqlite || round % 2 == 0 {
            settle(&database);
            let at = revisions_at(&project, &place);
            let whole = database.dump() == dumps[at];
            assert!(whole, "{place}: not what {at} revisions leave");
            if mode.is_empty() {
                assert!(at == 0 || at == REVISIONS, "{place}: {at} revisions");
            } else {
                // A revision is announced just before it is committed.
                assert!(at + 1 >= revisions, "{place}: only {at} revisions");
            }
        }

        let again = project.run("upgrade");
        assert_eq!(again.status, 0, "{place}\n{again}");
        assert_eq!(database.dump(), dumps[REVISIONS], "{place}");
    }
    // Otherwise this would be a test of nothing.
    assert!(
        killed >= 10 && (journals >= 5 || dialect == Dialect::Postgres),
        "{killed} of {KILLS} runs were killed before their end, {journals} left a journal"
    );
}

#[test]
fn a_killed_run_leaves_nothing() {
    check(Dialect::Sqlite, &[], 1);
}

#[test]
fn a_killed_run_leaves_nothing_on_a_server() {
    check(Dialect::Postgres, &[], 3);
}

#[test]
fn a_killed_run_leaves_whole_revisions() {
    check(Dialect::Sqlite, &["--transaction-per-revision"], 2);
}

#[test]
fn a_killed_run_leaves_whole_revisions_on_a_server() {
    check(Dialect::Postgres, &["--transaction-per-revision"], 4);
}

/// Starts processes that all upgrade one fresh database.
fn check_together(processes: usize) {
    on_both(|dialect| {
        let project = long_run(dialect);
        let alone = Database::new(dialect);
        project
            .run(&format!("upgrade --url {}", alone.url()))
            .success();
        let children: Vec<Child> = (0..processes)
            .map(|_| start(&project, &["upgrade"]))
            .collect();
        let mut applied: Vec<String> = Vec::new();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{stderr}");
            let steps = stderr.lines().filter_map(|line| line.split_once("-> "));
            applied.extend(steps.map(|(_, to)| to[..3].to_owned()));
        }
        applied.sort();
        let all: Vec<String> = (1..=REVISIONS)
            .map(|number| format!("r{number:02}"))
            .collect();
        assert_eq!(applied, all, "each revision is applied once");
        assert_eq!(project.database("shop.db").dump(), alone.dump());
    });
}

#[test]
fn eight_processes_upgrade_one_database() {
    check_together(8);
}

#[test]
fn many_processes_upgrade_one_database() {
    check_together(32);
}
