//! `cargo alembic heads`

use alembic_tests::Project;
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn one_or_several() {
    assert_snapshot!("one", chain().transcript(&["heads", "heads -v"]));
    assert_snapshot!(
        "several",
        branched().transcript(&["heads", "heads --resolve-dependencies", "heads -v"])
    );
    assert_snapshot!("none", Project::with_crate("shop").transcript(&["heads"]));
}

#[test]
fn a_workspace() {
    assert_snapshot!(workspace().transcript(&["heads", "heads --format json"]));
}
