//! Revisions that depend on revisions of other crates.

use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;

use crate::bad_input::check_in;
use crate::{give_tables_of_their_own, on_both, workspace};

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

/// What another crate needs is in the database that the command names, or in its own.
#[test]
fn databases_that_are_named() {
    let project = project();
    let own = "error[requirement-not-met] | database sqlite://store/store.db | `cargo alembic upgrade -p store dd04`";
    let line = "upgrade -p app --url sqlite://all.db";
    check_in(&project, "a database of its own", line, 6, own);
    give_tables_of_their_own(&project);
    for name in ["app", "store"] {
        let url = format!("sqlite://{name}.db");
        project.replace(format!("{name}/Cargo.toml"), &url, "sqlite://../shared.db");
    }
    let shared = "error[requirement-not-met] | database sqlite://all.db | `cargo alembic upgrade -p store dd04 --url sqlite://all.db`";
    check_in(&project, "a shared database", line, 6, shared);
    on_both(|dialect| {
        let project = self::project().on(dialect);
        give_tables_of_their_own(&project);
        let url = project.database("app/app.db").url();
        let mut shown = String::new();
        for line in ["upgrade", "current", "ensure", "downgrade base"] {
            let outcome = project.run(&format!("{line} --url {url}"));
            shown += &format!("$ {line}\n{outcome}\n");
        }
        assert_snapshot!(shown.replace(&url, "[url]"));
    });
}

/// The crates that one depends on are read for the database that the command names, too.
#[test]
fn one_crate_in_a_database_of_another_dialect() {
    on_both(|dialect| {
        let project = project();
        give_tables_of_their_own(&project);
        for name in ["app", "store"] {
            let url = format!("sqlite://{name}.db");
            project.replace(format!("{name}/Cargo.toml"), &url, "sqlite://../shared.db");
        }
        let elsewhere = self::project().on(dialect);
        let url = elsewhere.database("app/app.db").url();
        for (line, exit) in [
            ("upgrade -p app", 6),
            ("upgrade -p store", 0),
            ("upgrade -p app", 0),
            ("downgrade base -p store", 6),
            ("stamp base -p store", 6),
            ("ensure -p app", 0),
            ("downgrade base -p app", 0),
            ("downgrade base -p store", 0),
        ] {
            let outcome = project.run(&format!("{line} --url {url}"));
            assert_eq!(outcome.status, exit, "{line} on {dialect}: {outcome}");
        }
        assert!(!project.path("shared.db").exists());
    });
}

/// A stamp takes no revision away that another crate depends on, as a downgrade does not.
#[test]
fn a_stamp_below_what_another_crate_needs() {
    on_both(|dialect| {
        let project = project().on(dialect);
        project.run("upgrade").success();
        for (line, next) in [
            ("downgrade base -p store", "downgrade -p app bb02-1"),
            ("downgrade cc03", "downgrade -p app bb02-1"),
            ("stamp base -p store", "stamp -p app aa01"),
            ("stamp cc03", "stamp -p app aa01"),
            ("stamp cc03 --purge", "stamp -p app aa01"),
        ] {
            let stderr = format!(
                "error[required-by-another-crate]: revision bb02 of crate `app` | crate `store` | \
                 `cargo alembic {next}`"
            );
            check_in(&project, "what another crate needs", line, 6, &stderr);
        }
        for line in [
            "stamp -p app aa01",
            "stamp -p store cc03",
            "stamp head",
            "stamp dd04",
            "stamp head",
            "stamp aa01",
            "stamp cc03",
            "stamp head",
            "stamp base",
        ] {
            project.run(line).success();
        }
    });
}

/// No crate is begun where another one cannot be done.
#[test]
fn all_are_planned_before_the_first_one_runs() {
    on_both(|dialect| {
        let project = Project::with_workspace(&["app", "store", "web"]).on(dialect);
        project.add_to("store/migrations", graph("cc03; dd04<-cc03"));
        project.add_to("app/migrations", graph("aa01; bb02<-aa01 dep store@dd04"));
        project.add_to("web/migrations", graph("ee05 dep app@bb02"));
        project.run("upgrade").success();
        let stderr = "error[required-by-another-crate]: revision ee05 of crate `web` | crate `app` | `cargo alembic downgrade -p web ee05-1` | not started: app, store";
        let line = "downgrade base --exclude web";
        check_in(&project, "a row that stays", line, 6, stderr);
        project.run("downgrade -p web ee05-1").success();
        project.run("downgrade base").success();
        project.add_to("store/migrations", graph("ff06<-dd04; gg07<-dd04"));
        let needs = revision("ee05").depends_on("app@aa01, store@ff06");
        project.add_to("web/migrations", [needs]);
        let stderr = "error | store | not started: store, app, web";
        check_in(&project, "several heads", "upgrade head", 6, stderr);
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
    let stderr = "error[own-crate]: revision aa01 belongs to this crate | app/migrations/bb02.sql:6:16 | write `Depends On: aa01`";
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

/// A revision that was left out needs what it depends on as much as any other.
#[test]
fn what_is_missing_has_requirements_too() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        give_tables_of_their_own(&project);
        project.run("upgrade --workspace").success();
        project.add_to("store/migrations", graph("ee05<-dd04"));
        project.add_to("app/migrations", graph("hh08<-aa01 dep store@ee05"));
        project.replace("app/migrations/bb02.sql", "Revises: aa01", "Revises: hh08");
        let expected = "error[requirement-not-met]: revision hh08 depends on ee05 of crate `store`";
        check_in(&project, "missing", "upgrade --missing -p app", 6, expected);
        project.run("upgrade --missing --workspace").success();
        project.run("current --check-heads --workspace").success();
    });
}

/// What is needed of other crates comes along, and no more of them.
#[test]
fn crates_bring_what_they_need() {
    on_both(|dialect| {
        let project = Project::with_workspace(&["app", "base", "store"]).on(dialect);
        project.add_to("base/migrations", graph("ee05; ff06<-ee05"));
        let needed = graph("cc03; dd04<-cc03 dep base@ee05; dd05<-dd04");
        project.add_to("store/migrations", needed);
        project.add_to("app/migrations", graph("aa01; bb02<-aa01 dep store@dd04"));
        assert_snapshot!(project.transcript(&[
            "upgrade -p app",
            "upgrade -p app aa01 --with-dependencies",
            "upgrade -p app --with-dependencies",
            "status",
            "upgrade -p app --with-dependencies --format json",
        ]));
    });
}
