//! Sections outside of transactions that were not run to their end.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_history::Dialect;
use alembic_tests::{Database, Project, graph, revision};
use insta::assert_snapshot;
use postgres::Client;

use crate::on_both;

/// A crate of a revision, and another one that runs outside of transactions.
fn project(dialect: Dialect, statements: &str) -> Project {
    let project = Project::with_crate("shop").on(dialect);
    project.add_to("migrations", graph("aa01"));
    let second = revision("bb02").revises("aa01").upgrade(statements);
    let second = second.to_string();
    let outside = second.replace("upgrade\n", "upgrade no-transaction\n");
    project.write("migrations/bb02.sql", outside);
    project
}

const BB02: &str = "migrations/bb02.sql";

const THREE: &str = "CREATE TABLE x (id INTEGER PRIMARY KEY);\n\
                     INSERT INTO x VALUES (1);\n\
                     INSERT INTO x VALUES (2), (2);";

#[test]
fn a_statement_that_fails() {
    on_both(|dialect| {
        let project = project(dialect, THREE);
        let mut shown = project.transcript(&[
            "upgrade",
            "current",
            "verify",
            "upgrade",
            "downgrade base",
            "upgrade aa01",
        ]);
        let mut then = |what: &str, lines: &[&str]| {
            shown.push_str(&format!("\n# {what}\n\n{}", project.transcript(lines)));
        };
        project.replace(BB02, "VALUES (1)", "VALUES (7)");
        then("change a statement that is done", &["upgrade", "ensure"]);
        project.replace(BB02, "VALUES (7)", "VALUES (1)");
        project.replace(BB02, "(2), (2)", "(2), (3)");
        then("correct the one that fails", &["upgrade", "current"]);
        assert_snapshot!(format!("a_statement_that_fails_{dialect}"), shown);
        let database = project.database("shop.db");
        assert_eq!(database.query("SELECT id FROM x"), ["1", "2", "3"]);
        assert_eq!(database.tables(), ["t_aa01", "x"]);
    });
}

/// As it is when the program was killed while it waited for an answer.
#[test]
fn a_statement_that_may_have_happened() {
    on_both(|dialect| {
        let ends = [("again", vec!["1", "2", "3"]), ("skip", vec!["1"])];
        let ends = ends.map(|(choice, rows)| {
            let project = project(dialect, THREE);
            let database = project.database("shop.db");
            assert_eq!(project.run("upgrade").status, 8);
            database.execute("UPDATE alembic_version_progress SET begun = 3");
            project.replace(BB02, "(2), (2)", "(2), (3)");
            let choice = format!("upgrade --interrupted {choice}");
            let shown = project.transcript(&[
                "current",
                "upgrade --lock-timeout 0.2",
                "ensure --lock-timeout 0.2",
                &choice,
                "current",
            ]);
            assert_eq!(database.query("SELECT id FROM x ORDER BY 1"), rows);
            shown
        });
        let name = format!("a_statement_that_may_have_happened_{dialect}");
        assert_snapshot!(name, ends.join("\n# or\n\n"));
    });
}

/// A stamp declares where a database is, and with that ends the matter.
#[test]
fn a_stamp_ends_the_matter() {
    on_both(|dialect| {
        let project = project(dialect, THREE);
        assert_eq!(project.run("upgrade").status, 8);
        project.run("stamp aa01").success();
        let database = project.database("shop.db");
        assert_eq!(database.tables(), ["t_aa01", "x"]);
        database.execute("DROP TABLE x");
        project.replace(BB02, "(2), (2)", "(2), (3)");
        project.run("upgrade").success();
        assert_eq!(database.query("SELECT count(*) FROM x"), ["3"]);
    });
}

const INDEX: &str = "CREATE TABLE x (id INTEGER);\n\
                     INSERT INTO x VALUES (1), (1);\n\
                     CREATE UNIQUE INDEX CONCURRENTLY x_id ON x (id);";

#[test]
fn an_index_that_cannot_be_built() {
    let project = project(Dialect::Postgres, INDEX);
    let shown = project.transcript(&["upgrade", "upgrade"]);
    let database = project.database("shop.db");
    database.execute("DROP INDEX CONCURRENTLY public.x_id");
    database.execute("DELETE FROM x");
    let then = project.transcript(&["upgrade", "current"]);
    assert_snapshot!(format!("{shown}\n# do as it says\n\n{then}"));
}

#[test]
fn a_connection_that_is_lost() {
    let statements = "CREATE TABLE x (id INTEGER);\nSELECT pg_terminate_backend(pg_backend_pid());";
    let project = project(Dialect::Postgres, statements);
    assert_snapshot!(project.transcript(&[
        "upgrade",
        "current",
        "upgrade",
        "upgrade --interrupted skip",
        "current",
    ]));
}

const PATIENCE: Duration = Duration::from_secs(30);

/// Matches the statement that builds an index, and waits for a transaction.
const BUILDING: &str = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = \
                        'active' AND wait_event_type = 'Lock' AND datname = current_database()";

/// A program that builds an index, which cannot end before a transaction does.
struct Building {
    project: Project,
    child: Child,
    other: Client,
}

impl Building {
    fn start() -> Self {
        let index = "CREATE INDEX CONCURRENTLY t_aa01_id ON t_aa01 (id);";
        let project = project(Dialect::Postgres, index);
        project.run("upgrade aa01").success();
        let database = project.database("shop.db");
        let mut other = database.server().open();
        other
            .batch_execute("BEGIN; INSERT INTO t_aa01 VALUES (1)")
            .unwrap();
        let mut command = project.here().command(&["upgrade".to_owned()]);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        wait_until(&database, BUILDING, false);
        Self {
            project,
            child,
            other,
        }
    }
}

/// Waits until a query finds something, or nothing.
#[track_caller]
fn wait_until(database: &Database, query: &str, is_empty: bool) {
    let begin = Instant::now();
    while database.query(query).is_empty() != is_empty {
        assert!(begin.elapsed() < PATIENCE);
        sleep(Duration::from_millis(10));
    }
}

/// The server goes on with what a program has asked for that is no more: the next one waits for
/// that, and can tell what has become of it.
#[test]
fn a_program_that_is_killed_while_it_builds_an_index() {
    let Building {
        project,
        mut child,
        mut other,
    } = Building::start();
    child.kill().unwrap();
    child.wait().unwrap();
    let database = project.database("shop.db");
    let process = database.query(BUILDING).remove(0);
    let waits = project.transcript(&[
        "upgrade --lock-timeout 0.5",
        "upgrade --lock-timeout 0 --interrupted skip",
    ]);
    // On a busy machine, half a second is long enough to tell of.
    let is_told = |line: &&str| !line.trim_start().starts_with("Waiting for process ");
    let waits: Vec<&str> = waits.lines().filter(is_told).collect();
    let waits = waits.join("\n").replace(&process, "[process]") + "\n";
    other.batch_execute("COMMIT").unwrap();
    let at_work = BUILDING.replace("AND wait_event_type = 'Lock' ", "");
    wait_until(&database, &at_work, true);
    let then = project.transcript(&["upgrade", "upgrade --interrupted skip", "current"]);
    assert_snapshot!(format!("{waits}\n# once it is built\n\n{then}"));
}

/// Ctrl-C ends a statement that cannot be rolled back, and not only the program that waits for it.
#[cfg(unix)]
#[test]
fn a_program_that_is_interrupted_while_it_builds_an_index() {
    let Building {
        project,
        child,
        mut other,
    } = Building::start();
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{said}");
    for part in [
        "Cancelling a statement in process",
        "canceling statement due to user request",
        "it left behind the invalid index public.t_aa01_id",
        "it was cancelled, by a person",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let database = project.database("shop.db");
    assert!(database.query(BUILDING).is_empty());
    other.batch_execute("COMMIT").unwrap();
    database.execute("DROP INDEX t_aa01_id");
    project.run("upgrade").success();
}
