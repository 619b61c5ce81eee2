//! `cargo alembic ensure-version`

use insta::assert_snapshot;

use crate::{chain, workspace};

#[test]
fn creates_the_table_once() {
    let project = chain();
    assert_snapshot!(project.transcript(&[
        "ensure-version",
        "ensure_version",
        "ensure-version --format json",
        "current",
    ]));
    let schema = project
        .database("shop.db")
        .query("SELECT sql FROM sqlite_master");
    assert_snapshot!(schema.join("\n"));
}

#[test]
fn a_table_of_another_name() {
    let project = chain();
    project.configure("version-table = \"shop version\"");
    assert_snapshot!(project.transcript(&["ensure-version", "upgrade", "current"]));
    assert_eq!(
        project
            .database("shop.db")
            .query("SELECT * FROM \"shop version\""),
        ["cc03"]
    );
}

#[test]
fn a_workspace() {
    assert_snapshot!(
        workspace().transcript(&["ensure-version", "ensure-version --format json -q"])
    );
}
