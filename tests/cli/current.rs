//! `cargo alembic current`

use alembic_tests::Project;
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn before_and_after() {
    let project = chain();
    assert_snapshot!(project.transcript(&[
        "current",
        "current --check-heads",
        "upgrade bb02 -q",
        "current",
        "current -c",
        "upgrade -q",
        "current",
        "current -v",
        "current --check-heads",
    ]));
}

/// Alembic calls a database behind whose heads are implied by a dependency.
#[test]
fn branches_and_dependencies() {
    let project = branched();
    assert_snapshot!(project.transcript(&[
        "upgrade aa01 -q",
        "current",
        "upgrade ff06 -q",
        "current",
        "current -c",
        "upgrade heads -q",
        "current -c",
        "current -v",
    ]));
}

#[test]
fn a_workspace() {
    let project = workspace();
    project.run("upgrade bb02").success();
    assert_snapshot!(project.transcript(&["current", "current -c", "current --format json"]));
}

#[test]
fn nothing_is_written() {
    let project = chain();
    let before = project.tree();
    project.run("current").success();
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    for mode in ["DELETE", "WAL"] {
        let project = chain();
        let database = project.database("shop.db");
        database.execute(&format!("PRAGMA journal_mode = {mode}"));
        project.run("upgrade").success();
        let bytes = std::fs::read(database.path()).unwrap();
        for line in [
            "current",
            "current -v",
            "current -c --format json",
            "history -i",
            "history -r current:",
            "show current",
            "upgrade",
            "downgrade head",
        ] {
            project.run(line);
            let now = std::fs::read(database.path()).unwrap();
            assert!(now == bytes, "{line} changed the database ({mode})");
        }
    }
}

#[test]
fn a_file_without_a_version_table() {
    let project = Project::with_crate("shop");
    project
        .database("shop.db")
        .execute("CREATE TABLE mine (id)");
    assert_snapshot!(project.transcript(&["current"]));
    assert_eq!(project.database("shop.db").tables(), ["mine"]);
}
