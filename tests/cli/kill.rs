//! Processes that are killed while they write, and processes that write at the same time.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_tests::{Project, fill, revision};

/// How many revisions the killed runs have.
const REVISIONS: usize = 12;

/// How many runs are killed, in each mode of transactions.
const KILLS: u64 = 25;

/// How many rows a revision writes: enough for a journal that is written to the disk.
const ROWS: usize = 5_000;

/// A crate whose every revision creates a table with many rows, and changes those of the one
/// before.
fn long_run() -> Project {
    let project = Project::with_crate("shop");
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
    std::fs::remove_file(database.path()).unwrap();
    dumps
}

/// Numbers that look random and are the same in every run of the tests (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
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

fn check(mode: &[&str], seed: u64) {
    let project = long_run();
    let database = project.database("shop.db");
    let dumps = dumps(&project);
    let arguments: Vec<&str> = ["upgrade"].iter().chain(mode).copied().collect();
    let begin = Instant::now();
    let undisturbed = start(&project, &arguments).wait_with_output().unwrap();
    assert!(undisturbed.status.success());
    let each = begin.elapsed() / u32::try_from(REVISIONS).unwrap();
    assert_eq!(database.dump(), dumps[REVISIONS]);

    let mut numbers = Numbers(seed);
    let (mut killed, mut journals) = (0, 0);
    for round in 0..KILLS {
        let _ = std::fs::remove_file(database.path());
        let revisions = usize::try_from(round).unwrap() % (REVISIONS + 1);
        let more = each.mul_f64(f64::from(u32::try_from(numbers.below(1000)).unwrap()) / 1000.0);
        let child = start(&project, &arguments);
        let place = format!("{mode:?}, killed after {revisions} revisions and {more:?}");
        killed += u32::from(kill(child, revisions, more));
        journals += u32::from(project.path("shop.db-journal").exists());

        // Reading comes first: it must cope with what the killed process left behind.
        let current = project.run("current --format json");
        assert_eq!(current.status, 0, "{place}\n{current}");
        let rows = current.json()["crates"][0]["rows"].clone();
        let rows: Vec<String> = serde_json::from_value(rows).unwrap();
        let at = match rows.as_slice() {
            [] => 0,
            [row] => row[1..].parse().unwrap(),
            rows => panic!("{place}: {rows:?}"),
        };
        assert_eq!(
            database.dump(),
            dumps[at],
            "{place}: not what {at} revisions leave"
        );
        if mode.is_empty() {
            assert!(at == 0 || at == REVISIONS, "{place}: {at} revisions");
        } else {
            // A revision is announced just before it is committed.
            assert!(at + 1 >= revisions, "{place}: only {at} revisions");
        }

        let again = project.run("upgrade");
        assert_eq!(again.status, 0, "{place}\n{again}");
        assert_eq!(database.dump(), dumps[REVISIONS], "{place}");
    }
    // Otherwise this would be a test of nothing.
    assert!(
        killed >= 10 && journals >= 5,
        "{killed} of {KILLS} runs were killed before their end, {journals} left a journal"
    );
}

#[test]
fn a_killed_run_leaves_nothing() {
    check(&[], 1);
}

#[test]
fn a_killed_run_leaves_whole_revisions() {
    check(&["--transaction-per-revision"], 2);
}

/// Starts processes that all upgrade one fresh file.
fn check_together(processes: usize) {
    let project = long_run();
    let database = project.database("shop.db");
    let alone = "sqlite://alone.db";
    project.run(&format!("upgrade --url {alone}")).success();
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
    assert_eq!(database.dump(), project.database("alone.db").dump());
}

#[test]
fn eight_processes_upgrade_one_file() {
    check_together(8);
}

#[test]
fn many_processes_upgrade_one_file() {
    check_together(32);
}
