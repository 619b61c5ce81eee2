//! `cargo alembic status`

use alembic_history::Dialect;
use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::{branched, chain, give_tables_of_their_own, on_both, workspace};

/// The exit code is 3 unless the database is at its heads.
#[test]
fn before_and_after() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_snapshot!(project.transcript(&[
            "status",
            "upgrade bb02 -q",
            "status",
            "upgrade -q",
            "status",
        ]));
    });
}

#[test]
fn a_file_that_does_not_exist() {
    assert_snapshot!(chain().transcript(&["status", "status --format json"]));
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade bb02").success();
        let lines = ["status", "status -p app", "status --format json"];
        assert_snapshot!(project.transcript(&lines));
    });
}

#[test]
fn branches() {
    on_both(|dialect| {
        let project = branched().on(dialect);
        project.run("upgrade ff06").success();
        assert_snapshot!(project.transcript(&["status", "upgrade heads -q", "status"]));
    });
}

/// What is wrong with one crate leaves the others their answers.
#[test]
fn rows_that_no_file_explains() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade").success();
        let store = project.database("store/store.db");
        store.execute("UPDATE alembic_version SET version_num = 'gone'");
        assert_snapshot!(project.transcript(&["status", "status -p store --format json"]));
    });
}

#[test]
fn an_unfinished_revision() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade bb02").success();
    let text = "-- Fill d\n--\n-- Revision ID: cc03\n-- Revises: bb02\n\n\
                -- alembic: upgrade no-transaction\nCREATE TABLE d (x int);\n\
                INSERT INTO d VALUES (1 / 0);\n";
    project.write("migrations/cc03.sql", text);
    project.run("upgrade");
    let shown = project.transcript(&["status"]);
    let since = regex_lite::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").unwrap();
    assert_snapshot!(since.replace_all(&shown, "[when]"));
}

#[test]
fn what_the_log_knows() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.run("upgrade").success();
        project.add(revision("ab01").revises("aa01").upgrade("SELECT 1;"));
        project.replace("migrations/bb02.sql", "Revises: aa01", "Revises: ab01");
        project.replace("migrations/cc03.sql", "INTEGER", "BIGINT");
        assert_snapshot!(project.transcript(&["status"]));
    });
}

/// `upgrade` refuses such a database, and this says so before.
#[test]
fn a_database_of_another_tool() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let database = project.database("shop.db");
        database.execute("CREATE TABLE _sqlx_migrations (version BIGINT)");
        assert_snapshot!(project.transcript(&["status", "status --format json"]));
        project.run("stamp base").success();
        let taken = project.run("status").stdout;
        assert!(!taken.contains("managed by"), "{taken}");
    });
}

/// Two crates with one database that does not answer are one failure.
#[test]
fn one_failure_of_several_crates_is_told_once() {
    let project = Project::with_workspace(&["app", "store"]);
    give_tables_of_their_own(&project);
    for name in ["app", "store"] {
        project.add_to(
            format!("{name}/migrations"),
            [revision(&format!("{name}1")).upgrade("SELECT 1;")],
        );
    }
    let url = "postgres://nobody@127.0.0.1:1/shop";
    let lines = ["status", "current", "status --format json"];
    let shown = lines.map(|line| {
        let line = format!("{line} --url {url}");
        format!("$ cargo alembic {line}\n{}", project.run(&line))
    });
    assert_snapshot!(shown.join("\n"));
}

/// Commands that run revisions refuse edited ones, so a job that asks for the status must not pass.
#[test]
fn an_edited_file_is_an_exit_code() {
    for (setting, status) in [("", 3), ("edited = \"warn\"", 0)] {
        let project = chain();
        project.configure(setting);
        project.run("upgrade").success();
        project.replace("migrations/cc03.sql", "INTEGER", "BIGINT");
        let outcome = project.run("status");
        assert_eq!(outcome.status, status, "{outcome}");
        assert!(
            outcome
                .stdout
                .contains("at its heads, but files were edited"),
            "{outcome}"
        );
    }
}
