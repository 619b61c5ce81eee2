//! `cargo alembic show`

use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn revisions() {
    let project = chain();
    project.run("upgrade bb02").success();
    assert_snapshot!(project.transcript(&[
        "show aa01",
        "show cc",
        "show head",
        "show current",
        "show -1",
        "show base",
        "show aa01:bb02",
        "show zz99",
        "show",
    ]));
}

#[test]
fn branch_points_labels_and_dependencies() {
    assert_snapshot!(branched().transcript(&[
        "show aa01",
        "show users",
        "show ee05",
        "show heads",
        "show head",
        "show orders@head",
        "show orders@-1",
    ]));
}

#[test]
fn a_workspace() {
    assert_snapshot!(workspace().transcript(&[
        "show cc03",
        "show head",
        "show current",
        "show aa01 -p store"
    ]));
}
