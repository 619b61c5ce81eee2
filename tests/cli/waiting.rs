//! Migrators that meet on a server, and the locks of others.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};

use alembic_history::Dialect;
use alembic_tests::{Project, revision};

use crate::bad_input::check_in;
use crate::chain;

/// A process, and what it says.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Process {
    fn start(project: &Project, line: &[&str]) -> Self {
        let arguments: Vec<String> = line.iter().map(ToString::to_string).collect();
        let mut command = project.here().command(&arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            lines: stderr.lines(),
        }
    }

    /// Waits until it says something, and returns the line.
    #[track_caller]
    fn says(&mut self, text: &str) -> String {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        let found = lines.find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("it never says {text:?}"))
    }

    #[track_caller]
    fn succeeds(mut self) {
        assert!(self.child.wait().unwrap().success());
    }

    /// Kills it, as nobody can prepare for.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn another_migrator_is_named_and_waited_for() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade bb02").success();
    let third = revision("cc03").revises("bb02");
    project.add(third.upgrade("SELECT pg_sleep(600);"));
    let mut busy = Process::start(&project, &["upgrade"]);
    busy.says("Running upgrade bb02 -> cc03");
    for line in [
        "upgrade --lock-timeout 0.2",
        "downgrade base --lock-timeout 0.2",
        "ensure --lock-timeout 0.2",
        "stamp head --lock-timeout 0",
    ] {
        let stderr = "error[database-busy]: cannot take the migration lock | another migrator still holds it: process | of `cargo-alembic`, user | , since | database [DATABASE_URL] | as it was before | --lock-timeout";
        check_in(&project, "another migrator", line, 7, stderr);
    }
    // Reading, and finding nothing to do, need no lock.
    for line in ["current", "history -i", "upgrade bb02 --lock-timeout 0"] {
        project.run(line).success();
    }
    let mut waiting = Process::start(&project, &["downgrade", "aa01"]);
    let said = waiting.says("Waiting");
    assert!(said.contains("for another migrator: process"), "{said}");
    // The server notices by itself that nobody wants an answer any more.
    busy.kill();
    waiting.says("Finished shop at aa01: 1 revision");
    waiting.succeeds();
    assert_eq!(project.database("shop.db").versions(), ["aa01"]);
}

#[test]
fn locks_of_others_are_waited_for_in_turns() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade bb02").success();
    let third = revision("cc03").revises("bb02");
    project.add(third.upgrade("ALTER TABLE t_aa01 ADD COLUMN x INTEGER;"));
    let database = project.database("shop.db");
    let mut other = database.server().open();
    let mut reading = other.transaction().unwrap();
    reading.batch_execute("SELECT FROM t_aa01").unwrap();
    let stderr = "error[database-busy]: canceling statement due to lock timeout | Retrying the transaction after a rollback: canceling statement | migrations/cc03.sql:8:1 | as it was before | pg_stat_activity";
    let line = "upgrade --lock-timeout 0.2";
    // The dump of a check would have to wait, too.
    let outcome = project.run(line);
    crate::bad_input::check_outcome(&outcome, "a reader", line, 7, stderr);
    let mut waiting = Process::start(&project, &["upgrade"]);
    waiting.says("Retrying the transaction");
    // Who comes after a waiting statement waits behind it, but not for long.
    assert_eq!(database.query("SELECT count(*) FROM t_aa01"), ["0"]);
    reading.commit().unwrap();
    waiting.says("Finished shop at cc03: 1 revision");
    waiting.succeeds();
}
