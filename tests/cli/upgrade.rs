//! `cargo alembic upgrade`

use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn everything_by_default() {
    let project = chain();
    assert_snapshot!(project.transcript(&["upgrade", "current", "upgrade"]));
    assert_eq!(
        project.database("shop.db").tables(),
        ["t_aa01", "t_bb02", "t_cc03"]
    );
}

#[test]
fn to_a_target() {
    let project = chain();
    assert_snapshot!(project.transcript(&[
        "upgrade +1",
        "upgrade bb",
        "upgrade aa01",
        "upgrade head",
        "upgrade +1",
    ]));
}

#[test]
fn along_branches() {
    let project = branched();
    assert_snapshot!(project.transcript(&[
        "upgrade head",
        "upgrade users",
        "upgrade +1",
        "upgrade orders@+1",
        "upgrade reports@head",
        "upgrade heads",
    ]));
}

#[test]
fn every_crate_of_a_workspace() {
    let project = workspace();
    assert_snapshot!(project.transcript(&["upgrade", "upgrade", "current"]));
    assert_eq!(project.database("app/app.db").versions(), ["bb02"]);
    assert_eq!(project.database("store/store.db").versions(), ["dd04"]);
}

#[test]
fn a_name_that_one_crate_knows_chooses_the_crate() {
    let project = workspace();
    assert_snapshot!(project.transcript(&["upgrade cc03", "upgrade zz", "current"]));
}

#[test]
fn a_failure_says_which_crates_are_done() {
    let project = Project::with_workspace(&["a", "b", "c"]);
    project.add_to("a/migrations", graph("aa01"));
    project.add_to(
        "b/migrations",
        [revision("bb01").upgrade("CREATE TABEL x (id);")],
    );
    project.add_to("c/migrations", graph("cc01"));
    assert_snapshot!(project.transcript(&["upgrade"]));
    assert_eq!(project.database("a/a.db").versions(), ["aa01"]);
    assert!(!project.path("c/c.db").exists());
}

#[test]
fn one_transaction_per_revision_keeps_what_was_done() {
    let project = chain();
    project.add(
        revision("dd04")
            .revises("cc03")
            .upgrade("CREATE TABLE x (id INTEGER PRIMARY KEY);\nINSERT INTO x VALUES (1), (1);"),
    );
    assert_snapshot!(project.transcript(&[
        "upgrade",
        "current",
        "upgrade --transaction-per-revision",
        "current",
    ]));
    assert_eq!(
        project.database("shop.db").tables(),
        ["t_aa01", "t_bb02", "t_cc03"]
    );
}

#[test]
fn transactions_are_configurable() {
    let project = chain();
    project.configure("transaction = \"revision\"");
    project.add(revision("dd04").revises("cc03").upgrade("SELECT nothing;"));
    assert_eq!(project.run("upgrade").status, 8);
    assert_eq!(project.database("shop.db").versions(), ["cc03"]);
}

#[test]
fn a_section_outside_a_transaction() {
    let project = Project::with_crate("shop");
    let first = revision("aa01").upgrade("CREATE TABLE a (id);").to_string();
    let second = revision("bb02")
        .revises("aa01")
        .upgrade("VACUUM;")
        .to_string();
    let third = revision("cc03")
        .revises("bb02")
        .upgrade("CREATE TABEL c (id);")
        .to_string();
    project
        .write("migrations/1.sql", first)
        .write(
            "migrations/2.sql",
            second.replace("upgrade", "upgrade no-transaction"),
        )
        .write("migrations/3.sql", third);
    assert_snapshot!(project.transcript(&["upgrade", "current"]));
}

#[test]
fn the_environment_and_an_argument_name_the_database() {
    let project = chain();
    let place = project.here().env("DATABASE_URL", "sqlite://env.db");
    place.run("upgrade aa01").success();
    place
        .run("upgrade bb02 --url sqlite://argument.db")
        .success();
    project.run("upgrade cc03").success();
    assert_eq!(project.database("env.db").versions(), ["aa01"]);
    assert_eq!(project.database("argument.db").versions(), ["bb02"]);
    assert_eq!(project.database("shop.db").versions(), ["cc03"]);
    project.configure("url-env = \"SHOP_URL\"");
    let place = project.here().env("SHOP_URL", "sqlite://sub/shop.db");
    place.run("upgrade").success();
    assert_eq!(project.database("sub/shop.db").versions(), ["cc03"]);
}

#[test]
fn databases_in_memory_end_with_the_command() {
    let project = chain();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["upgrade --url sqlite::memory:"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn nothing_to_do_creates_no_file() {
    let project = Project::with_crate("shop");
    let before = project.tree();
    assert_snapshot!(project.transcript(&["upgrade", "downgrade base"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn crates_share_a_database_with_a_table_each() {
    let project = workspace();
    for name in ["app", "store"] {
        project.replace(
            format!("{name}/Cargo.toml"),
            &format!("sqlite://{name}.db\""),
            &format!("sqlite://../shared.db\"\nversion-table = \"{name}_version\""),
        );
    }
    assert_snapshot!(project.transcript(&["upgrade", "current"]));
    let tables = [
        "app_version",
        "store_version",
        "t_aa01",
        "t_bb02",
        "t_cc03",
        "t_dd04",
    ];
    assert_eq!(project.database("shared.db").tables(), tables);
}

#[test]
fn the_example_workspace() {
    let project = Project::example("chimera");
    assert_snapshot!(project.transcript(&["upgrade", "current"]));
}
