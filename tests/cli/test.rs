//! `cargo alembic test`

use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn sound_migrations() {
    let project = chain();
    project.run("upgrade aa01").success();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test", "test --format json", "test -q"]));
    // Its databases are its own.
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

/// A pipe has no end that could be waited for.
#[cfg(unix)]
#[test]
fn pipes_instead_of_files() {
    let pipe = |project: &Project, path: &str| {
        let mut made = std::process::Command::new("mkfifo");
        assert!(made.arg(project.path(path)).status().unwrap().success());
    };
    let project = chain();
    pipe(&project, "migrations/aa01.rows.sql");
    let stderr = "cannot read migrations/aa01.rows.sql: it is not a regular file";
    let outcome = project.run("test");
    assert_eq!(outcome.status, 8, "{outcome}");
    assert!(outcome.stderr.contains(stderr), "{outcome}");
    let project = chain();
    project.configure("schema = \"schema.sql\"");
    pipe(&project, "schema.sql");
    let stderr = "cannot read the target schema schema.sql: it is not a regular file";
    for line in ["test", "upgrade", "ensure"] {
        let outcome = project.run(line);
        assert_eq!(outcome.status, 4, "{outcome}");
        assert!(outcome.stderr.contains(stderr), "{outcome}");
    }
}

#[test]
fn several_heads() {
    assert_snapshot!(branched().transcript(&["test"]));
}

#[test]
fn a_downgrade_that_leaves_something() {
    let project = chain();
    let left = revision("dd04")
        .revises("cc03")
        .upgrade("CREATE TABLE x (id);");
    project.add(left);
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn a_column_that_comes_back_as_the_last_one() {
    let project = chain();
    let table = revision("dd04")
        .revises("cc03")
        .upgrade("CREATE TABLE x (a INTEGER, b TEXT, c TEXT);")
        .downgrade("DROP TABLE x;");
    let column = revision("ee05")
        .revises("dd04")
        .upgrade("ALTER TABLE x DROP COLUMN a;")
        .downgrade("ALTER TABLE x ADD COLUMN a INTEGER;");
    let other = revision("ff06")
        .revises("ee05")
        .upgrade("ALTER TABLE x DROP COLUMN b;")
        .downgrade("ALTER TABLE x ADD COLUMN b TEXT;");
    for revision in [table, column, other] {
        project.add(revision);
    }
    assert_snapshot!(project.transcript(&["test"]));
}

#[test]
fn an_upgrade_that_fails() {
    let project = workspace();
    let broken = revision("ee05")
        .revises("dd04")
        .upgrade("CREATE TABEL x (id);");
    project.add_to("store/migrations", [broken]);
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn an_irreversible_revision() {
    let project = chain();
    let once = revision("dd04")
        .revises("cc03")
        .upgrade("DROP TABLE t_aa01;")
        .without_downgrade();
    project.add(once);
    assert_snapshot!(project.transcript(&["test"]));
}

#[test]
fn a_target_schema_that_is_not_what_the_revisions_come_to() {
    let project = chain();
    project
        .write(
            "schema.sql",
            "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY, name TEXT);\n",
        )
        .configure("schema = \"schema.sql\"");
    assert_snapshot!(project.transcript(&["test"]));
}

#[test]
fn the_example_workspace() {
    let project = Project::example("chorus");
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

/// What revisions insert is part of what a fresh database has.
#[test]
fn rows_that_a_target_schema_lacks() {
    let project = chain();
    let rows = "INSERT INTO t_aa01 (id) VALUES (1), (2);";
    let rows = revision("dd04").revises("cc03").upgrade(rows);
    project.add(rows.downgrade("DELETE FROM t_aa01;"));
    project.configure("schema = \"schema.sql\"");
    project.run("dump --write").success();
    let mut shown = project.transcript(&["test"]);
    project.configure("fresh = \"replay\"");
    shown += &project.transcript(&["test"]);
    assert_snapshot!(shown);
}
