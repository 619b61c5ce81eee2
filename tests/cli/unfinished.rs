//! Sections outside of transactions that were not run to their end.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_history::Dialect;
use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;

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

/// The server goes on with what a program has asked for that is no more: the next one waits for
/// that, and can tell what has become of it.
#[test]
fn a_program_that_is_killed_while_it_builds_an_index() {
    const PATIENCE: Duration = Duration::from_secs(30);
    let index = "CREATE INDEX CONCURRENTLY t_aa01_id ON t_aa01 (id);";
    let project = project(Dialect::Postgres, index);
    project.run("upgrade aa01").success();
    let database = project.database("shop.db");
    let mut other = database.server().open();
    let mut writing = other.transaction().unwrap();
    // The index is built once this transaction is over.
    writing
        .batch_execute("INSERT INTO t_aa01 VALUES (1)")
        .unwrap();
    let mut command = project.here().command(&["upgrade".to_owned()]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let at_work = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = \
                   'active' AND wait_event_type = 'Lock' AND datname = current_database()";
    let begin = Instant::now();
    while database.query(at_work).is_empty() {
        assert!(begin.elapsed() < PATIENCE);
        sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let waits = project.transcript(&["upgrade --lock-timeout 0.5"]);
    writing.commit().unwrap();
    while !database
        .query(
            at_work
                .replace("AND wait_event_type = 'Lock' ", "")
                .as_str(),
        )
        .is_empty()
    {
        assert!(begin.elapsed() < PATIENCE);
        sleep(Duration::from_millis(10));
    }
    let then = project.transcript(&["upgrade", "upgrade --interrupted skip", "current"]);
    assert_snapshot!(format!("{waits}\n# once it is built\n\n{then}"));
}
