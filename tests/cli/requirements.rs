//! Revisions that depend on revisions of other crates.

use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;

use crate::bad_input::check_in;
use crate::on_both;

/// Two crates of which the first in the alphabet depends on the second by a revision alone.
fn project() -> Project {
    let project = Project::with_workspace(&["app", "store"]);
    project.add_to("store/migrations", graph("cc03; dd04<-cc03"));
    project.add_to("app/migrations", graph("aa01; bb02<-aa01 dep store@dd04"));
    project
}

#[test]
fn crates_go_in_the_order_of_their_revisions() {
    on_both(|dialect| {
        let project = project().on(dialect);
        assert_snapshot!(project.transcript(&[
            "upgrade aa01",
            "upgrade -p app",
            "upgrade",
            "downgrade base -p store",
            "current",
            "downgrade base",
            "ensure",
            "history -p app",
        ]));
        let name = format!("crates_are_tried_in_that_order_{dialect}");
        assert_snapshot!(name, project.transcript(&["test"]));
    });
}

#[test]
fn what_cannot_be_required() {
    let project = project();
    let wrong = |name: &str| {
        let file = revision("bb02").revises("aa01").depends_on(name);
        project.add_to("app/migrations", [file]);
    };
    wrong("shop@dd04");
    let stderr = "error[unknown-crate] | shop | app/migrations/bb02.sql:6:16";
    check_in(&project, "an unknown crate", "upgrade", 5, stderr);
    wrong("store@zz99");
    let stderr = "error[missing-dependency] | zz99 | app/migrations/bb02.sql:6:16";
    check_in(&project, "an unknown revision", "upgrade", 5, stderr);
    wrong("app@aa01");
    let stderr = "error[own-crate]: revision aa01 is of this crate | app/migrations/bb02.sql:6:16 | write `Depends On: aa01`";
    check_in(
        &project,
        "a revision of the same crate",
        "upgrade",
        5,
        stderr,
    );
    wrong("store@dd04");
    project.add_to(
        "store/migrations",
        [revision("cc03").depends_on("app@bb02")],
    );
    let stderr = "error[crate-cycle] | app | store";
    check_in(&project, "a circle", "upgrade", 5, stderr);
}
