//! Processes that are killed while they make a database ready.

use std::io::{BufRead, BufReader, Write, stdout};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_migrate::{Event, Migrations, ensure_database_ready};
use alembic_tests::{fill, revision};

use crate::migrations;
use crate::scratch::Scratch;

/// How many starts are killed, on each kind of database.
const KILLS: usize = 12;

/// How many starts there are at most, some of which come to their end before they are killed.
const STARTS: usize = 60;

const REVISIONS: usize = 6;

/// Enough for a journal that is written to the disk.
const ROWS: usize = 10_000;

/// The file that this process is to make ready, and with which migrations, when it is one to be
/// killed.
const FILE: &str = "ALEMBIC_TEST_KILLED_FILE";
const KIND: &str = "ALEMBIC_TEST_KILLED_KIND";

#[derive(Clone, Copy, Debug)]
enum Kind {
    Created,
    Replayed,
    Legacy,
}

const KINDS: [Kind; 3] = [Kind::Created, Kind::Replayed, Kind::Legacy];

fn table(number: usize) -> String {
    format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n")
}

/// Revisions that take a while: each creates a table with many rows.
fn slow(kind: Kind) -> Migrations {
    let content = |number| table(number) + &fill(&format!("t{number}"), ROWS) + "\n";
    let revisions = (1..=REVISIONS).map(|number| {
        let parent = match number {
            1 => String::new(),
            number => format!("r{}", number - 1),
        };
        revision(&format!("r{number}"))
            .revises(&parent)
            .upgrade(content(number))
    });
    let slow = migrations("slow", revisions.collect()).baseline("r1");
    match kind {
        Kind::Created => {
            let schema: String = (1..=REVISIONS).map(content).collect();
            slow.schema("schema.sql", schema)
        }
        Kind::Replayed | Kind::Legacy => slow,
    }
}

/// A database as such a start finds it.
fn before(kind: Kind) -> Scratch {
    match kind {
        Kind::Created | Kind::Replayed => Scratch::new(),
        Kind::Legacy => Scratch::with(&(table(1) + &fill("t1", ROWS))),
    }
}

/// Everything in a database.
fn dump(database: &Scratch) -> Vec<String> {
    let mut dump = vec![database.schema(&[])];
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    for table in database.query(tables) {
        let query = match table.as_str() {
            "alembic_version" => "SELECT version_num FROM alembic_version".to_owned(),
            table => format!("SELECT count(*) || '|' || sum(length(text)) FROM {table}"),
        };
        dump.push(format!("{table}: {:?}", database.query(&query)));
    }
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
    dump
}

fn start(kind: Kind, database: &Scratch) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::the_next_start_finishes", "--nocapture"])
        .env(FILE, database.path())
        .env(KIND, format!("{kind:?}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the started process does: it writes a line for everything that happens.
fn make_ready(file: &std::ffi::OsStr) {
    let kind = std::env::var(KIND).unwrap();
    let mut kinds = KINDS.into_iter();
    let kind = kinds.find(|known| format!("{known:?}") == kind).unwrap();
    // Straight to the pipe: what the test harness prints may be kept back.
    let tell = |event: &Event| {
        let line = format!("-> {event:?}\n");
        stdout().write_all(line.as_bytes()).unwrap();
    };
    let migrations = slow(kind).observe(tell);
    let mut connection = rusqlite::Connection::open(file).unwrap();
    ensure_database_ready(&mut connection, &migrations).unwrap();
}

/// Waits until a process has found the database.
fn wait_for_found(child: &mut Child) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    assert!(lines.any(|line| line.contains("-> Found")));
    // The rest is read too, lest the process waits for that, or fails.
    std::thread::spawn(move || lines.count());
}

/// Lets a process come to its end, and returns how long that takes after it has found the database.
fn undisturbed(mut child: Child) -> Duration {
    wait_for_found(&mut child);
    let begin = Instant::now();
    assert!(child.wait().unwrap().success());
    begin.elapsed()
}

/// Kills a process some time after it has found the database; returns whether it still ran.
fn kill(mut child: Child, after: Duration) -> bool {
    wait_for_found(&mut child);
    sleep(after);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Numbers that look random and are the same in every run of the tests (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        u32::try_from(mixed % u64::from(end)).unwrap()
    }
}

#[test]
fn the_next_start_finishes() {
    if let Some(file) = std::env::var_os(FILE) {
        return make_ready(&file);
    }
    let mut numbers = Numbers(3);
    for kind in KINDS {
        let alone = before(kind);
        let untouched = dump(&alone);
        let mut took = undisturbed(start(kind, &alone));
        let done = dump(&alone);
        assert_ne!(untouched, done);
        let (mut killed, mut journals, mut starts) = (0, 0, 0);
        while killed < KILLS && starts < STARTS {
            starts += 1;
            let database = before(kind);
            let after = took * numbers.below(1000) / 1000;
            if kill(start(kind, &database), after) {
                killed += 1;
            } else {
                // The machine was slower when that was measured.
                took = took * 9 / 10;
            }
            journals += usize::from(database.path().with_extension("db-journal").exists());
            let left = dump(&database);
            assert!(
                left == untouched || left == done,
                "{kind:?} {after:?}: {left:#?}"
            );
            let next = ensure_database_ready(&mut database.open(), &slow(kind)).unwrap();
            assert_eq!(next[0].after, [format!("r{REVISIONS}")]);
            assert_eq!(dump(&database), done, "{kind:?}, killed after {after:?}");
        }
        let counts = format!("{kind:?}: {starts} starts, {killed} killed, {journals} journals");
        println!("{counts}");
        // Otherwise this would be a test of nothing.
        assert!(killed == KILLS && journals > 0, "{counts}");
    }
}
