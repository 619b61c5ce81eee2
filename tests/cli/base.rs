//! What is older than the first revision: `base` in the configuration.

use alembic_history::Dialect;
use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::offline::shells::sqlite;
use crate::on_both;

const OLD: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL);\n\
                   CREATE INDEX users_name ON users (name);\n";

/// A crate whose first revision changes a table that it does not create.
fn project(dialect: Dialect) -> Project {
    let project = Project::with_crate("shop").on(dialect);
    project
        .write("base.sql", OLD)
        .configure("base = \"base.sql\"");
    let mail = revision("aa01").upgrade("ALTER TABLE users ADD COLUMN mail TEXT;");
    project.add(mail.downgrade("ALTER TABLE users DROP COLUMN mail;"));
    let posts = revision("bb02").revises("aa01").upgrade(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));",
    );
    project.add(posts.downgrade("DROP TABLE posts;"));
    project
}

fn dump(project: &Project) -> String {
    project.database("shop.db").dump()
}

#[test]
fn an_empty_database_begins_with_it() {
    on_both(|dialect| {
        let upgraded = project(dialect);
        assert_snapshot!(upgraded.transcript(&[
            "upgrade --dry-run",
            "current",
            "upgrade",
            "downgrade base",
            "upgrade aa01",
            "upgrade --transaction-per-revision",
        ]));
        let ready = project(dialect);
        assert_snapshot!("ready", ready.transcript(&["ensure", "ensure"]));
        assert_eq!(dump(&ready), dump(&upgraded));
    });
}

/// It is not created again beside what is there, nor where versions are tracked.
#[test]
fn a_database_that_has_it_is_taken_as_it_is() {
    on_both(|dialect| {
        let expected = project(dialect);
        expected.run("upgrade").success();
        expected
            .database("shop.db")
            .execute("INSERT INTO users (id, name) VALUES (1, 'Ada')");
        for line in ["upgrade", "ensure"] {
            let project = project(dialect);
            let database = project.database("shop.db");
            database.execute(&format!(
                "{OLD}INSERT INTO users (id, name) VALUES (1, 'Ada')"
            ));
            let outcome = project.run(line).success();
            assert!(!outcome.stderr.contains("older"), "{outcome}");
            assert_eq!(dump(&project), dump(&expected), "{line}");
        }
    });
    let project = project(Dialect::Sqlite);
    project.run("ensure-version").success();
    let outcome = project.run("upgrade");
    assert!(outcome.stderr.contains("no such table: users"), "{outcome}");
}

/// A database that has it is told by its tables. One without any is for temporary databases alone.
#[test]
fn one_without_tables() {
    let project = Project::with_crate("shop");
    project
        .write("base.sql", "CREATE VIEW one AS SELECT 1 AS x;\n")
        .configure("base = \"base.sql\"");
    let two = revision("aa01").upgrade("CREATE VIEW two AS SELECT x FROM one;");
    project.add(two.downgrade("DROP VIEW two;"));
    project.run("dump").success();
    let outcome = project.run("test");
    let fresh = "FAILED  fresh         see below";
    assert!(outcome.stdout.contains(fresh), "{outcome}");
    project
        .database("shop.db")
        .execute("CREATE VIEW one AS SELECT 1 AS x");
    for line in ["upgrade", "verify"] {
        project.run(line).success();
    }
}

#[test]
fn one_that_fails_changes_nothing() {
    on_both(|dialect| {
        let project = project(dialect);
        for (sql, place) in [
            ("CREATE TABLE users (id INTEGER);\nCREATE TABEL x;\n", "2:8"),
            ("CREATE TABLE users (id INTEGER);\nCOMMIT;\n", "2:1"),
            ("CREATE TABLE users (id INTEGER);\nSELECT 'x;\n", "2:8"),
        ] {
            project.write("base.sql", sql);
            for line in ["upgrade", "ensure", "test"] {
                let outcome = project.run(line);
                assert_ne!(outcome.status, 0, "{outcome}");
                let at = format!(" --> base.sql:{place}\n");
                for part in ["the base schema failed: ", &at] {
                    assert!(outcome.stderr.contains(part), "{line}: {outcome}");
                }
                assert_eq!(dump(&project), "", "{line}");
            }
        }
        project.remove("base.sql");
        let outcome = project.run("upgrade");
        assert!(
            outcome
                .stderr
                .contains("cannot read the base schema base.sql"),
            "{outcome}"
        );
    });
}

/// A script that starts nowhere is for an empty database, and one from `base` for an older one.
#[test]
fn scripts() {
    on_both(|dialect| {
        for (line, sql) in [("upgrade --sql", ""), ("upgrade --sql base:heads", OLD)] {
            let project = project(dialect);
            let script = project.run(line).success().stdout;
            assert_eq!(script.contains("CREATE TABLE users"), sql.is_empty());
            // psql runs those of the example workspace.
            if dialect == Dialect::Sqlite {
                let database = project.database("shop.db");
                database.execute(sql);
                sqlite(database.path(), &script).success();
                assert_eq!(database.tables(), ["posts", "users"], "{line}");
                assert_eq!(database.versions(), ["bb02"], "{line}");
            }
        }
        let broken = project(dialect);
        broken.write("base.sql", "CREATE TABLE users (id INTEGER);\nCOMMIT;\n");
        let outcome = broken.run("upgrade --sql");
        assert!(outcome.stderr.contains(" --> base.sql:2:1\n"), "{outcome}");
        assert_eq!(outcome.stdout, "");
    });
}
