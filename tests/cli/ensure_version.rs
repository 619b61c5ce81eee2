//! `cargo alembic ensure-version`

use alembic_history::Dialect;
use insta::assert_snapshot;

use crate::{chain, on_both, workspace};

#[test]
fn creates_the_table_once() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_snapshot!(project.transcript(&[
            "ensure-version",
            "ensure_version",
            "ensure-version --format json",
            "current",
        ]));
        let database = project.database("shop.db");
        let schema = match dialect {
            Dialect::Sqlite => database.query("SELECT sql FROM sqlite_master").join("\n"),
            Dialect::Postgres => database.dump(),
        };
        assert_snapshot!(format!("the_table_{dialect}"), schema);
    });
}

#[test]
fn a_table_of_another_name() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.configure("version-table = \"Shop-Version\"");
        assert_snapshot!(project.transcript(&["ensure-version", "upgrade", "current"]));
        let rows = "SELECT * FROM \"Shop-Version\"";
        assert_eq!(project.database("shop.db").query(rows), ["cc03"]);
    });
}

#[test]
fn a_table_in_a_schema_of_its_own() {
    let project = chain().on(Dialect::Postgres);
    project.configure("version-table-schema = \"audit\"");
    let database = project.database("shop.db");
    database.execute("CREATE SCHEMA audit");
    assert_snapshot!(project.transcript(&["ensure-version", "upgrade", "current"]));
    let rows = "SELECT * FROM audit.alembic_version";
    assert_eq!(database.query(rows), ["cc03"]);
    assert_eq!(database.tables(), ["t_aa01", "t_bb02", "t_cc03"]);
}

/// SQLite has no schemas: of a crate for both engines, the schema is meant for PostgreSQL.
#[test]
fn a_schema_that_is_meant_for_a_server() {
    let project = chain().on(Dialect::Sqlite);
    let both = "version-table-schema = \"audit\"\ndialects = [\"sqlite\", \"postgres\"]";
    project.configure(both);
    for line in [
        "ensure-version",
        "upgrade",
        "current --check-heads",
        "ensure",
        "test",
    ] {
        project.run(line).success();
    }
    assert_eq!(project.database("shop.db").versions(), ["cc03"]);
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let lines = ["ensure-version", "ensure-version --format json -q"];
        assert_snapshot!(workspace().on(dialect).transcript(&lines));
    });
}

/// Those before one that fails have their table, and the answer has them.
#[test]
fn a_workspace_of_which_one_fails() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        let app = project.database("app/app.db");
        app.execute("CREATE VIEW alembic_version AS SELECT 1 AS version_num");
        let outcome = project.run("ensure-version --format json");
        assert_eq!(outcome.status, 7, "{outcome}");
        assert!(outcome.stdout.contains("\"crate\": \"store\""), "{outcome}");
        let state =
            "crate store is done and stays committed; for crate app, the database is as it was";
        assert!(outcome.stderr.contains(state), "{outcome}");
    });
}
