//! `cargo alembic downgrade`

use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn to_a_target() {
    let project = chain();
    project.run("upgrade").success();
    assert_snapshot!(project.transcript(&[
        "downgrade -1",
        "downgrade aa",
        "downgrade cc03",
        "downgrade -2",
        "downgrade base",
        "downgrade base",
        "downgrade",
    ]));
    assert_eq!(project.database("shop.db").tables(), Vec::<String>::new());
}

#[test]
fn along_branches() {
    let project = branched();
    project.run("upgrade heads").success();
    assert_snapshot!(project.transcript(&[
        "downgrade -1",
        "downgrade users@-1",
        "downgrade orders@base",
        "downgrade orders@bb02",
        "downgrade reports@base",
        "current",
        "downgrade base",
    ]));
}

#[test]
fn irreversible_revisions_stay() {
    let project = chain();
    let declared = revision("ee05").revises("dd04").to_string();
    project
        .add(
            revision("dd04")
                .revises("cc03")
                .upgrade("SELECT 1;")
                .without_downgrade(),
        )
        .write(
            "migrations/ee05.sql",
            declared.replace(
                "alembic: downgrade",
                "alembic: downgrade irreversible: the e-mail addresses are gone",
            ),
        );
    project.run("upgrade").success();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["downgrade -1", "downgrade base"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    project.run("stamp dd04").success();
    assert_snapshot!(project.transcript(&["downgrade -1"]));
}

#[test]
fn a_failure_leaves_everything() {
    let project = chain();
    let broken = revision("aa01")
        .upgrade("CREATE TABLE t_aa01 (id);")
        .downgrade("DROP TABLE gone;");
    project.add(broken);
    project.run("upgrade").success();
    let before = project.database("shop.db").dump();
    assert_snapshot!(project.transcript(&["downgrade base", "current"]));
    assert_eq!(project.database("shop.db").dump(), before);
}

#[test]
fn a_workspace() {
    let project = workspace();
    project.run("upgrade").success();
    assert_snapshot!(project.transcript(&["downgrade -1", "downgrade base", "current"]));
}

#[test]
fn a_database_that_does_not_exist_is_not_created() {
    let project: Project = chain();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["downgrade base", "downgrade -1", "downgrade aa01"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}
