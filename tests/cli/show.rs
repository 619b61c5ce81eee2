//! `cargo alembic show`

use insta::assert_snapshot;

use crate::{branched, chain, on_both, workspace};

#[test]
fn revisions() {
    on_both(|dialect| {
        let project = chain().on(dialect);
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
    });
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
    on_both(|dialect| {
        assert_snapshot!(workspace().on(dialect).transcript(&[
            "show cc03",
            "show head",
            "show current",
            "show aa01 -p store"
        ]));
    });
}
