//! `cargo alembic heads`

use alembic_tests::{Project, graph};
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

/// A database that is taken to several heads is a surprise to the build.
#[test]
fn an_upgrade_to_several() {
    let project = Project::with_crate("shop");
    project.add_to("migrations", graph("aa01; bb02<-aa01; cc03<-aa01"));
    assert_snapshot!(
        "an_upgrade_to_several",
        project.transcript(&["upgrade aa01", "upgrade bb02", "upgrade", "upgrade"])
    );
    project.configure("chain = \"merged\"");
    project.run("downgrade base").success();
    assert_snapshot!(
        "an_upgrade_to_several_merged",
        project.transcript(&["ensure"])
    );
    project.add_to("migrations", graph("dd04<-bb02,cc03"));
    let shown = project.transcript(&["upgrade"]);
    assert!(!shown.contains("Heads"), "{shown}");
}
