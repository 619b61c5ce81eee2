//! `cargo alembic stamp`

use alembic_tests::Project;
use insta::assert_snapshot;

use crate::bad_input::check_in;
use crate::{branched, chain, on_both, workspace};

#[test]
fn forth_and_back() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let database = project.database("shop.db");
        database.execute("CREATE TABLE mine (id INTEGER)");
        assert_snapshot!(project.transcript(&[
            "stamp head",
            "current",
            "stamp aa01",
            "stamp aa01",
            "stamp base",
            "current",
            "stamp -1",
            "stamp +1",
            "stamp zz99",
            "stamp",
        ]));
        assert_eq!(database.tables(), ["mine"]);
    });
}

#[test]
fn several() {
    on_both(|dialect| {
        let project = branched().on(dialect);
        assert_snapshot!(project.transcript(&[
            "stamp bb02 cc03",
            "current",
            "stamp heads",
            "current",
            "stamp users@base",
            "current",
            "stamp aa01 bb02",
            "stamp head",
            "current",
        ]));
    });
}

#[test]
fn purge_replaces_what_no_file_explains() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let database = project.database("shop.db");
        project.run("upgrade").success();
        database.execute("UPDATE alembic_version SET version_num = 'gone'");
        assert_snapshot!(project.transcript(&[
            "current",
            "upgrade",
            "stamp cc03",
            "stamp --purge cc03",
            "current",
            "upgrade",
        ]));
        assert_eq!(database.versions(), ["cc03"]);
    });
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        assert_snapshot!(project.transcript(&[
            "stamp head",
            "stamp bb02",
            "stamp bb02 dd04",
            "stamp base -p app",
            "current"
        ]));
    });
}

/// As the documents say about a database without a version table: stamp it, then upgrade.
#[test]
fn base_creates_the_version_table() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let database = project.database("shop.db");
        database.execute("CREATE TABLE schema_migrations (version INTEGER)");
        let stderr = "error[managed-by-another-tool] | schema_migrations, the table of dbmate, \
                      golang-migrate or Rails | `cargo alembic stamp -p shop base";
        check_in(&project, "another tool's table", "upgrade", 7, stderr);
        for _ in 0..2 {
            project.run("stamp base").success();
            assert_eq!(database.versions(), Vec::<String>::new());
        }
        project.run("upgrade").success();
        assert_eq!(database.versions(), ["cc03"]);
    });
    let project = chain();
    project.run("stamp base").success();
    let database = project.database("shop.db");
    assert_eq!(database.versions(), Vec::<String>::new());
}

/// Those before one that fails are stamped, and the answer has them.
#[test]
fn a_workspace_of_which_one_fails() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade").success();
        let app = project.database("app/app.db");
        app.execute("UPDATE alembic_version SET version_num = 'gone'");
        assert_snapshot!(project.transcript(&["stamp base", "stamp head --format json -q"]));
        assert_eq!(project.database("store/store.db").versions(), ["dd04"]);
    });
}

#[test]
fn nothing_creates_no_database() {
    let project: Project = chain();
    let before = project.tree();
    project.run("stamp zz99");
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}
