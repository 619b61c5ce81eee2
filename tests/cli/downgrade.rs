//! `cargo alembic downgrade`

use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;

use crate::bad_input::check_in;
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

/// An error about a target says what of it is applied, and in which database.
#[test]
fn targets_that_cannot_be_reached() {
    let project = Project::with_crate("shop");
    let revisions = "aa01; bb02<-aa01 [orders]; cc03<-aa01 [users]; dd04<-bb02,cc03 [merged]; \
                     ee05<-dd04; ff06<-aa01 [others]; gg07 [reports]";
    project.add_to("migrations", graph(revisions));
    project.run("upgrade orders@bb02").success();
    project.run("upgrade users@cc03").success();
    let place = "in crate `shop`, database sqlite://shop.db";
    let current = "`cargo alembic current -p shop`";
    let unapplied = "of which nothing is applied in the database";
    for (line, stderr) in [
        (
            "downgrade merged@-1",
            format!("'merged', {unapplied}: it is at bb02, cc03 | {current}"),
        ),
        (
            "downgrade ee05@-2",
            format!("'ee05', {unapplied}: it is at bb02, cc03 | {current}"),
        ),
        (
            "downgrade others@-1",
            format!("'others', {unapplied} | {current}"),
        ),
        (
            "downgrade reports@-1",
            format!("'reports', {unapplied} | {current}"),
        ),
        (
            "downgrade aa01@-1",
            "is ambiguous: the database is at several revisions, bb02, cc03 | `bb02@-1`".to_owned(),
        ),
        (
            "downgrade -1",
            "is ambiguous | bb02, cc03 | `bb02@-1`".to_owned(),
        ),
        (
            "downgrade ff06",
            format!("not a valid downgrade target from bb02, cc03 | {current}"),
        ),
        (
            "downgrade nosuch",
            "can't locate revision identified by 'nosuch'".to_owned(),
        ),
        (
            "downgrade nosuch@-1",
            "can't locate revision identified by 'nosuch'".to_owned(),
        ),
        (
            "upgrade nosuch",
            "can't locate revision identified by 'nosuch'".to_owned(),
        ),
        (
            "upgrade head",
            "multiple head revisions are present".to_owned(),
        ),
        (
            "upgrade reports@+2",
            "leads past the end of the history".to_owned(),
        ),
        (
            "stamp nosuch",
            "can't locate revision identified by 'nosuch'".to_owned(),
        ),
        (
            "history -r current:nosuch",
            "can't locate revision identified by 'nosuch'".to_owned(),
        ),
    ] {
        let stderr = format!("{stderr} | {place}");
        check_in(&project, "a target", line, 6, &stderr);
    }
    // The name of a crate is no label.
    let is_crate = "`shop` is a crate: choose it with `-p shop`";
    check_in(&project, "a crate", "downgrade shop@-1", 6, is_crate);
    let is_crate = "`store` is a crate: choose it with `-p store`";
    for line in ["upgrade store@head", "downgrade store@base", "stamp store"] {
        check_in(&workspace(), "a crate", line, 6, is_crate);
    }
    // Without a database, none is named.
    for line in ["show nosuch", "history -r nosuch:"] {
        let outcome = project.run(line);
        assert!(!outcome.stderr.contains("database"), "{outcome}");
    }
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
