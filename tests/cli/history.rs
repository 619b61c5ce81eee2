//! `cargo alembic history`

use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::{branched, chain, on_both, workspace};

#[test]
fn everything() {
    assert_snapshot!("chain", chain().transcript(&["history", "history -v"]));
    assert_snapshot!(
        "branched",
        branched().transcript(&["history", "history -v"])
    );
    assert_snapshot!("none", Project::with_crate("shop").transcript(&["history"]));
}

#[test]
fn ranges() {
    on_both(|dialect| {
        let project = Project::with_crate("shop").on(dialect);
        project.add_to(
            "migrations",
            graph("aa01; bb02<-aa01; cc03<-bb02; dd04<-cc03; ee05<-dd04"),
        );
        project.run("upgrade cc03").success();
        assert_snapshot!(project.transcript(&[
            "history -r bb02:dd04",
            "history -r bb:dd",
            "history -r dd04:",
            "history -r :bb02",
            "history -r :",
            "history -r base:head",
            "history -r current:",
            "history -r :current",
            "history -r-2:",
            "history -r -3:current",
            "history -r bb02:+2",
            "history --rev-range=bb02:head-1",
            "history -i",
            "history -r current:current -i -v",
            "history -r dd04:bb02",
            "history -r dd04",
            "history -r aa01:bb02:cc03",
            "history -r zz99:",
        ]));
    });
}

#[test]
fn ranges_on_branches() {
    let project = branched();
    assert_snapshot!(project.transcript(&[
        "history -r orders:",
        "history -r :orders@head",
        "history -r reports@base:",
        "history -r users:orders",
    ]));
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade bb02").success();
        assert_snapshot!(project.transcript(&[
            "history -i",
            "history -r cc03:",
            "history -p store -i"
        ]));
    });
}

#[test]
fn the_example_workspace() {
    let project = Project::example("chat2chart");
    assert_snapshot!(project.transcript(&["history -p chat2chart"]));
}
