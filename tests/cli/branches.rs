//! `cargo alembic branches`

use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn branch_points() {
    assert_snapshot!(
        branched().transcript(&["branches", "branches -v", "branches --format json",])
    );
}

#[test]
fn none() {
    assert_snapshot!(chain().transcript(&["branches"]));
    assert_snapshot!(workspace().transcript(&["branches"]));
}
