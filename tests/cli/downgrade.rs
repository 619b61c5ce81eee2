//! `cargo alembic downgrade`

use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::{branched, chain, on_both, workspace};

#[test]
fn to_a_target() {
    on_both(|dialect| {
        let project = chain().on(dialect);
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
    });
}

#[test]
fn along_branches() {
    on_both(|dialect| {
        let project = branched().on(dialect);
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
    });
}

#[test]
fn irreversible_revisions_stay() {
    on_both(|dialect| {
        let project = chain().on(dialect);
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
        let lines = ["downgrade -1", "downgrade base"];
        assert_snapshot!("irreversible_declared", project.transcript(&lines));
        assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
        project.run("stamp dd04").success();
        assert_snapshot!(
            "irreversible_missing",
            project.transcript(&["downgrade -1"])
        );
    });
}

#[test]
fn a_failure_leaves_everything() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let broken = revision("aa01")
            .upgrade("CREATE TABLE t_aa01 (id INTEGER);")
            .downgrade("DROP TABLE gone;");
        project.add(broken);
        project.run("upgrade").success();
        let before = project.database("shop.db").dump();
        assert_snapshot!(
            format!("a_failure_leaves_everything_{dialect}"),
            project.transcript(&["downgrade base", "current"])
        );
        assert_eq!(project.database("shop.db").dump(), before);
    });
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade").success();
        assert_snapshot!(project.transcript(&[
            "downgrade -1",
            "downgrade -1 -p app",
            "downgrade base",
            "current"
        ]));
    });
}

#[test]
fn a_database_that_does_not_exist_is_not_created() {
    let project: Project = chain();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["downgrade base", "downgrade -1", "downgrade aa01"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}
