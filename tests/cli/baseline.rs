//! `cargo alembic baseline`

use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::on_both;

/// A schema that was made by hand, and the table of another tool.
const SCHEMA: &str = "CREATE TABLE account (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE);\n\
     CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account (id), \
     total NUMERIC(10, 2) DEFAULT 0 CHECK (total >= 0));\n\
     CREATE INDEX orders_account ON orders (account);\n\
     CREATE VIEW spent AS SELECT account, sum(total) AS total FROM orders GROUP BY account;\n\
     CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app VARCHAR(255) NOT NULL);\n\
     INSERT INTO account VALUES (1, 'Ann');";

#[test]
fn a_database_made_by_hand() {
    let project = Project::with_crate("shop");
    project.database("shop.db").execute(SCHEMA);
    let shown = project.transcript(&[
        "baseline --rev-id aa01 --dry-run",
        "baseline --rev-id aa01",
        "current",
        "upgrade",
    ]);
    let file = project.read("migrations/20250128_1000_aa01_baseline.sql");
    assert_snapshot!(format!("{shown}\n# the file\n{file}"));
}

/// The database keeps what it has, and a new one gets the same schema.
#[test]
fn the_database_is_only_read_and_stamped() {
    on_both(|dialect| {
        let project = Project::with_crate("shop").on(dialect);
        let database = project.database("shop.db");
        project.configure("exclude = [\"django_migrations\"]");
        project.configure(&format!("dialects = [\"{dialect}\"]"));
        database.execute(SCHEMA);
        let tables = database.tables();
        project.run("baseline --rev-id aa01").success();
        assert_eq!(database.versions(), ["aa01"]);
        assert_eq!(database.tables(), tables);
        assert_eq!(database.query("SELECT name FROM account"), ["Ann"]);
        project.run("verify").success();
        project.run("test").success();
        project.run("downgrade base").success();
        assert_eq!(database.tables(), ["django_migrations"]);
    });
}

/// What is refused: nothing is written, and nothing is stamped.
#[test]
fn what_cannot_be_a_baseline() {
    for (sql, has_revisions, code, phrase) in [
        (
            SCHEMA,
            true,
            "error[already-tracked]",
            "crate `shop` already has revisions",
        ),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL); \
             INSERT INTO alembic_version VALUES ('x');",
            false,
            "error[already-tracked]",
            "already has a version table",
        ),
        ("", false, "[database-unreachable]", "does not exist"),
    ] {
        let project = Project::with_crate("shop");
        if !sql.is_empty() {
            project.database("shop.db").execute(sql);
        }
        if has_revisions {
            project.add_to("migrations", graph("aa01"));
        }
        let before = project.tree();
        let outcome = project.run("baseline");
        assert_ne!(outcome.status, 0, "{outcome}");
        for part in [code, phrase] {
            assert!(outcome.stderr.contains(part), "{part}: {outcome}");
        }
        assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    }
}
