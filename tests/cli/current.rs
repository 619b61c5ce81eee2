//! `cargo alembic current`

use alembic_history::Dialect;
use alembic_tests::Project;
use insta::assert_snapshot;

use crate::{branched, chain, on_both, workspace};

#[test]
fn before_and_after() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_snapshot!(project.transcript(&[
            "current",
            "current --check-heads",
            "upgrade bb02 -q",
            "current",
            "current -c",
            "upgrade -q",
            "current",
            "current -v",
            "current --check-heads",
        ]));
    });
}

#[test]
fn a_file_that_does_not_exist() {
    assert_snapshot!(chain().transcript(&["current", "current -c"]));
}

/// Alembic calls a database behind whose heads are implied by a dependency.
#[test]
fn branches_and_dependencies() {
    on_both(|dialect| {
        let project = branched().on(dialect);
        assert_snapshot!(project.transcript(&[
            "upgrade aa01 -q",
            "current",
            "upgrade ff06 -q",
            "current",
            "current -c",
            "upgrade heads -q",
            "current -c",
            "current -v",
        ]));
    });
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade bb02").success();
        assert_snapshot!(project.transcript(&["current", "current -c", "current --format json"]));
    });
}

/// What is wrong with one crate leaves the others their names.
#[test]
fn a_workspace_of_which_one_fails() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade").success();
        let store = project.database("store/store.db");
        store.execute("UPDATE alembic_version SET version_num = 'gone'");
        let lines = ["current", "current --format json", "current -p app"];
        assert_snapshot!(project.transcript(&lines));
    });
}

/// What only reads, or finds nothing to do.
const READING: [&str; 8] = [
    "current",
    "current -v",
    "current -c --format json",
    "history -i",
    "history -r current:",
    "show current",
    "upgrade",
    "downgrade head",
];

#[test]
fn nothing_is_written() {
    let project = chain();
    let before = project.tree();
    project.run("current").success();
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    for mode in ["DELETE", "WAL"] {
        let project = chain();
        let database = project.database("shop.db");
        database.execute(&format!("PRAGMA journal_mode = {mode}"));
        project.run("upgrade").success();
        let bytes = database.bytes();
        for line in READING {
            project.run(line);
            assert!(
                database.bytes() == bytes,
                "{line} changed the database ({mode})"
            );
        }
    }
}

#[test]
fn nothing_is_written_on_a_server() {
    let project = chain().on(Dialect::Postgres);
    let database = project.database("shop.db");
    project.run("current").success();
    assert_eq!(database.dump(), "");
    project.run("upgrade").success();
    let before = database.dump();
    let name = database.server().name();
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    database.execute(&read_only);
    for line in READING {
        project.run(line).success();
    }
    assert_eq!(database.dump(), before);
}

#[test]
fn a_database_without_a_version_table() {
    on_both(|dialect| {
        let project = Project::with_crate("shop").on(dialect);
        let database = project.database("shop.db");
        database.execute("CREATE TABLE mine (id INTEGER)");
        assert_snapshot!(project.transcript(&["current"]));
        assert_eq!(database.tables(), ["mine"]);
    });
}
