//! Processes that are killed while they make a database ready.

use std::io::{BufRead, BufReader, Write, stdout};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_migrate::{Dialect, Event, Migrations, ensure_database_ready};
use alembic_tests::{Database, Numbers, RevisionText, fill, revision};

use crate::databases::with;
use crate::open::Open;
use crate::{line_of, migrations};

/// How many starts are killed, on each kind of database.
const KILLS: usize = 8;

/// How many starts there are at most, some of which come to their end before they are killed.
const STARTS: usize = 60;

const REVISIONS: usize = 6;

/// Enough for a journal that is written to the disk.
const ROWS: usize = 10_000;

/// How long the server may take to notice that a process is no more.
const PATIENCE: Duration = Duration::from_secs(60);

/// The database that this process is to make ready, by its URL, and with which migrations, when it is
/// one to be killed.
const DATABASE: &str = "ALEMBIC_TEST_KILLED_DATABASE";
const KIND: &str = "ALEMBIC_TEST_KILLED_KIND";

#[derive(Clone, Copy, Debug)]
enum Kind {
    Created,
    Replayed,
    Legacy,
}

const KINDS: [Kind; 3] = [Kind::Created, Kind::Replayed, Kind::Legacy];

impl Kind {
    /// Returns what is reported of a start that does everything.
    fn everything(self) -> &'static str {
        match self {
            Self::Created => "slow: fresh created [] -> [r6], applied []",
            Self::Replayed => "slow: fresh migrated [] -> [r6], applied [r1 r2 r3 r4 r5 r6]",
            Self::Legacy => "slow: legacy migrated [] -> [r6], applied [r2 r3 r4 r5 r6]",
        }
    }
}

/// What is reported of a start that finds everything done.
const NOTHING: &str = "slow: tracked ready [r6] -> [r6], applied []";

fn table(number: usize) -> String {
    format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n")
}

/// Revisions that take a while: each creates a table with many rows.
fn slow(kind: Kind) -> Migrations {
    let content = |number| table(number) + &fill(&format!("t{number}"), ROWS) + "\n";
    let revisions: Vec<RevisionText> = (1..=REVISIONS)
        .map(|number| {
            let parent = match number {
                1 => String::new(),
                number => format!("r{}", number - 1),
            };
            revision(&format!("r{number}"))
                .revises(&parent)
                .upgrade(content(number))
        })
        .collect();
    let slow = migrations("slow", &revisions).baseline("r1");
    match kind {
        Kind::Created => {
            let schema: String = (1..=REVISIONS).map(content).collect();
            slow.schema("schema.sql", schema)
        }
        Kind::Replayed | Kind::Legacy => slow,
    }
}

/// A database as such a start finds it.
fn before(dialect: Dialect, kind: Kind) -> Database {
    match kind {
        Kind::Created | Kind::Replayed => Database::new(dialect),
        Kind::Legacy => with(dialect, &(table(1) + &fill("t1", ROWS))),
    }
}

fn start(kind: Kind, database: &Database) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::the_next_start_finishes", "--nocapture"])
        .env(DATABASE, database.url())
        .env(KIND, format!("{kind:?}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the started process does: it writes a line for everything that happens.
fn make_ready(url: &str) {
    let kind = std::env::var(KIND).unwrap();
    let mut kinds = KINDS.into_iter();
    let kind = kinds.find(|known| format!("{known:?}") == kind).unwrap();
    // Straight to the pipe: what the test harness prints may be kept back.
    let tell = |event: &Event| {
        let line = format!("-> {event:?}\n");
        stdout().write_all(line.as_bytes()).unwrap();
    };
    let migrations = slow(kind).observe(tell);
    ensure_database_ready(&mut Open::at(url), &migrations).unwrap();
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

/// Sees to it that what a killed process has left undone is rolled back.
fn wait_for_rollback(database: &Database) {
    if database.dialect() == Dialect::Sqlite {
        // Whoever reads next and may write does it.
        return database.execute("SELECT count(*) FROM sqlite_master");
    }
    let others = "SELECT pid, state FROM pg_stat_activity \
                  WHERE datname = current_database() AND backend_type = 'client backend' \
                  AND pid <> pg_backend_pid()";
    let begin = Instant::now();
    loop {
        let left = database.query(others);
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "they stay: {left:?}");
        sleep(Duration::from_millis(1));
    }
}

/// Kills starts on databases of a kind, and has each followed by one that is left alone; returns
/// how often what happened.
fn check(dialect: Dialect, kind: Kind, numbers: &mut Numbers) -> String {
    let alone = before(dialect, kind);
    let untouched = alone.dump();
    let mut took = undisturbed(start(kind, &alone));
    let (done, log) = (alone.dump(), alone.log());
    assert!(log.len() >= REVISIONS, "{log:?}");
    assert_ne!(untouched, done);
    let (mut killed, mut rolled_back, mut journals, mut starts) = (0, 0, 0, 0);
    while killed < KILLS && starts < STARTS {
        starts += 1;
        let database = before(dialect, kind);
        let after = took * numbers.below(1000) as u32 / 1000;
        let name = format!("{dialect}, {kind:?}, killed after {after:?}");
        let was_running = kill(start(kind, &database), after);
        if was_running {
            killed += 1;
        } else {
            // The machine was slower when that was measured.
            took = took * 9 / 10;
        }
        if dialect == Dialect::Sqlite {
            journals += usize::from(database.path().with_extension("db-journal").exists());
        }
        // Every other time, the next start comes at once, and has to wait for the server by itself.
        if starts % 2 == 0 {
            wait_for_rollback(&database);
            let left = database.dump();
            assert!(left == untouched || left == done, "{name}: {left}");
            let entries = if left == done { log.as_slice() } else { &[] };
            assert_eq!(database.log(), entries, "{name}");
        }
        let next = line_of(ensure_database_ready(
            &mut Open::new(&database),
            &slow(kind),
        ));
        let was_done = next == NOTHING;
        assert!(was_done || next == kind.everything(), "{name}: {next:?}");
        assert!(was_done || was_running, "{name}: {next:?}");
        rolled_back += usize::from(!was_done);
        assert_eq!(database.dump(), done, "{name}");
        assert_eq!(database.log(), log, "{name}");
    }
    let counts = format!(
        "{dialect}, {kind:?}: {starts} starts, {killed} killed, {rolled_back} rolled back, \
         {journals} journals"
    );
    // Otherwise this would be a test of nothing.
    assert!(killed == KILLS && rolled_back > 0, "{counts}");
    assert!(dialect == Dialect::Postgres || journals > 0, "{counts}");
    counts
}

#[test]
fn the_next_start_finishes() {
    if let Ok(url) = std::env::var(DATABASE) {
        return make_ready(&url);
    }
    let mut numbers = Numbers::new(3);
    for &dialect in Dialect::ALL {
        for kind in KINDS {
            println!("{}", check(dialect, kind, &mut numbers));
        }
    }
}
