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
