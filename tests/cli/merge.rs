//! `cargo alembic merge`

use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::branched;

#[test]
fn all_heads() {
    let project = branched();
    let shown = project.transcript(&[
        "merge",
        "merge",
        "revision -m 'Another' --head base --rev-id gg07",
        "merge heads -m 'Everything together' --rev-id hh08 --branch-label whole",
        "heads",
    ]);
    assert_snapshot!(shown.replace(&random_id(&shown), "[id]"));
}

/// Returns the id in the name of the first file that a transcript says was created.
fn random_id(shown: &str) -> String {
    let name = shown.split_once("20250128_1000_").unwrap().1;
    name[..12].to_owned()
}

#[test]
fn some_heads() {
    let project = branched();
    let shown = project.transcript(&[
        "merge users@head dd04 --rev-id gg07",
        "heads",
        "merge gg ff06 --rev-id hh08 -m 'Both'",
        "heads",
        "history",
        "upgrade",
        "current",
        "downgrade -1",
        "downgrade dd04",
    ]);
    let file = project.read("migrations/20250128_1000_gg07_merge_cc03_and_dd04.sql");
    assert_snapshot!(format!("{shown}\n# the first file\n{file}"));
}

/// Where merged branches are allowed, nobody needs to be told; else the note tells what the check
/// of the chain wants.
#[test]
fn the_chain_that_a_merge_needs() {
    for (chain, exit) in [("linear", 8), ("merged", 0)] {
        let project = Project::with_crate("shop");
        project.add_to("migrations", graph("aa01; bb02<-aa01; cc03<-aa01"));
        if chain == "merged" {
            project.configure("chain = \"merged\"");
        }
        let outcome = project.run("merge").success();
        let told = outcome
            .stderr
            .contains("unless `chain = \"merged\"` is set");
        assert_eq!(told, chain == "linear", "{outcome}");
        let checked = project.run("test");
        assert_eq!(checked.status, exit, "{checked}");
    }
}

#[test]
fn what_others_follow_only_with_splice() {
    let project = branched();
    assert_snapshot!(project.transcript(&[
        "merge bb02 cc03 --rev-id gg07",
        "merge bb02 cc03 --rev-id gg07 --splice",
        "heads",
    ]));
}

/// A head that another one depends on has no row of its own, but nothing follows it: what the
/// commands and the build say about it is what `merge` does.
#[test]
fn heads_that_depend_on_each_other() {
    for (heads, merge) in [
        ("bb02<-aa01; cc03<-aa01 dep bb02", "merge bb02 cc03"),
        ("bb02<-aa01; cc03<-aa01 dep bb02", "merge"),
        ("bb02<-aa01; cc03<-aa01 dep bb02", "revision --head heads"),
        ("bb02<-aa01; cc03<-aa01 dep bb02; dd04<-cc03", "merge heads"),
        (
            "bb02<-aa01; cc03<-aa01 dep bb02; dd04<-aa01 dep cc03",
            "merge",
        ),
        ("bb02; cc03<-aa01 dep bb02", "merge bb02 cc03"),
    ] {
        let project = Project::with_crate("shop");
        project.configure("chain = \"merged\"");
        project.add_to("migrations", graph(&format!("aa01; {heads}")));
        project.run("upgrade").success();
        assert_eq!(project.run("upgrade head").status, 6);
        let refused = project.run("revision --rev-id ff06");
        assert!(
            refused.stderr.contains("alembic merge -p shop"),
            "{refused}"
        );
        project.run(&format!("{merge} --rev-id ee05")).success();
        assert_eq!(project.run("heads").success().stdout.lines().count(), 1);
        project.run("upgrade head").success();
        project.run("test").success();
        project.run("downgrade base").success();
        project.run("upgrade").success();
        project.run("current --check-heads").success();
        project.run("revision --rev-id ff06").success();
    }
}

#[test]
fn what_cannot_be_merged() {
    let project = Project::with_crate("shop");
    project.add_to("migrations", graph("aa01; bb02<-aa01"));
    let before = project.tree();
    assert_snapshot!(project.transcript(&[
        "merge",
        "merge heads -m 'One alone'",
        "merge bb02 bb02",
        "merge bb02 zz99",
    ]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}
