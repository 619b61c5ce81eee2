//! diesel's `schema.rs`: `verify` compares it, `upgrade` and `downgrade` keep it in step.

use alembic_migrate::Dialect;
use alembic_tests::Project;
use alembic_tests::postgres::Server;
use insta::assert_snapshot;

use crate::{guide, on_both};

const TABLES: &str = "\
-- tables
--
-- Revision ID: aa01
-- Revises:

-- alembic: upgrade
CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY,
    email VARCHAR(200) NOT NULL,
    \"type\" TEXT
);
CREATE TABLE posts (
    id BIGINT NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    score DOUBLE PRECISION
);
CREATE TABLE log (line TEXT);

-- alembic: downgrade
DROP TABLE log;
DROP TABLE posts;
DROP TABLE users;
";

const MORE: &str = "\
-- more
--
-- Revision ID: bb02
-- Revises: aa01

-- alembic: upgrade
ALTER TABLE users ADD COLUMN age SMALLINT;
DROP TABLE posts;

-- alembic: downgrade
CREATE TABLE posts (
    id BIGINT NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    score DOUBLE PRECISION
);
ALTER TABLE users DROP COLUMN age;
";

fn of_a_team(project: Project) -> Project {
    project.configure("diesel-schema = \"src/schema.rs\"");
    project.write("migrations/aa01.sql", TABLES);
    project
}

/// A run writes the file, and only when it declares something else.
#[test]
fn runs_keep_the_file_in_step() {
    for dialect in Dialect::ALL {
        let project = of_a_team(Project::with_crate("shop").on(*dialect));
        project.write("migrations/bb02.sql", MORE);
        let mut shown = String::new();
        for line in ["upgrade aa01", "upgrade", "downgrade -1", "downgrade base"] {
            let outcome = project.run(line).success();
            assert!(
                outcome.stderr.contains("Updated src/schema.rs"),
                "{outcome}"
            );
            shown += &format!("// {line}\n{}\n", project.read("src/schema.rs"));
            project.run("verify").success();
        }
        assert_snapshot!(format!("written_on_{dialect}"), shown);
        project.run("upgrade aa01").success();
        let written = project.read("src/schema.rs");
        // The same without what a formatter does.
        project.write("src/schema.rs", written.replace("\n    ", " "));
        let outcome = project.run("verify").success();
        assert!(!outcome.stderr.contains("Updated"), "{outcome}");
    }
}

/// What somebody has written into the file is not lost.
#[test]
fn what_is_written_by_hand_stays() {
    let project = of_a_team(Project::with_crate("shop"));
    project.run("upgrade").success();
    let written = project.read("src/schema.rs");
    let mut shown = String::new();
    for (from, to) in [
        ("email ->", "/// Where mails go.\n        email ->"),
        (
            "diesel::table! {\n    users",
            "// ours\ndiesel::table! {\n    users",
        ),
        (
            "diesel::joinable!",
            "pub type Id = i32;\n\ndiesel::joinable!",
        ),
    ] {
        project.write("src/schema.rs", written.replacen(from, to, 1));
        project.write("migrations/bb02.sql", MORE);
        let outcome = project.run("upgrade");
        assert_ne!(outcome.status, 0, "{outcome}");
        shown = outcome.to_string();
        let kept = project.read("src/schema.rs");
        assert_eq!(kept, written.replacen(from, to, 1));
        project.run("downgrade aa01");
        project.remove("migrations/bb02.sql");
    }
    assert_snapshot!(shown);
    // What stands above the tables stays, and so do a join without a foreign key, and a table without a key
    // in the database.
    let joined = "diesel::joinable!(users -> posts (type_));\n";
    let text = written.replacen(
        "diesel::joinable!",
        &format!("{joined}diesel::joinable!"),
        1,
    );
    let log = "diesel::table! {\n    log (line) {\n        line -> Nullable<Text>,\n    }\n}\n\n";
    let text = text.replacen("diesel::table!", &format!("{log}diesel::table!"), 1);
    let text = text.replacen("!(posts, users,)", "!(log, posts, users,)", 1);
    let text = text.replacen(
        "\ndiesel::table!",
        "\nuse crate::types::*;\n\ndiesel::table!",
        1,
    );
    project.write("src/schema.rs", text);
    project.write(
        "migrations/cc03.sql",
        MORE.replace("bb02", "cc03")
            .replace("DROP TABLE posts;\n", ""),
    );
    project.run("upgrade").success();
    let kept = project.read("src/schema.rs");
    for expected in [
        "use crate::types::*;",
        joined.trim(),
        log.trim(),
        "age -> Nullable<SmallInt>",
    ] {
        assert!(kept.contains(expected), "{kept}");
    }
}

/// What a file declares otherwise, and what cannot be read.
#[test]
fn files_that_differ() {
    let project = of_a_team(Project::with_crate("shop"));
    project.run("upgrade").success();
    let written = project.read("src/schema.rs");
    let mut shown = String::new();
    for (from, to) in [
        ("email -> Text", "email -> Nullable<Text>"),
        ("    users (id) {", "    people (id) {"),
        ("-> Nullable<Double>,", "-> Nullable<Double>"),
        ("diesel::joinable!(posts -> users (user_id));", ""),
        ("email ->", "email >"),
    ] {
        project.write("src/schema.rs", written.replace(from, to));
        shown += &project.transcript(&["verify"]);
    }
    assert_snapshot!(shown);
}

/// Types of PostgreSQL's own, and such that the file declares itself.
#[test]
fn types_of_the_server() {
    let project = of_a_team(Project::with_crate("shop").on_server(Server::shared()));
    project.write(
        "src/schema.rs",
        "// @generated automatically by Diesel CLI.\n\n\
         pub mod sql_types {\n    \
             #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]\n    \
             #[diesel(postgres_type(name = \"mood\"))]\n    pub struct Mood;\n}\n\n",
    );
    project.write(
        "migrations/aa01.sql",
        "-- tables\n--\n-- Revision ID: aa01\n-- Revises:\n\n-- alembic: upgrade\n\
         CREATE TYPE mood AS ENUM ('ok');\n\
         CREATE DOMAIN mail AS varchar(90);\n\
         CREATE TABLE things (\n    id uuid PRIMARY KEY,\n    mood mood NOT NULL,\n    \
         tags text[] NOT NULL,\n    mail mail,\n    at timestamptz NOT NULL,\n    price numeric(10, 2)\n);\n\n\
         -- alembic: downgrade\nDROP TABLE things;\nDROP DOMAIN mail;\nDROP TYPE mood;\n",
    );
    project.run("upgrade").success();
    project.run("verify").success();
    assert_snapshot!(project.read("src/schema.rs"));
}

/// A hook runs once something was migrated, in the folder of the crate.
#[test]
fn hooks_run_after_runs() {
    on_both(|dialect| {
        let project = of_a_team(Project::with_crate("shop").on(dialect));
        project.configure("post-run-hooks = [[\"sh\", \"-c\", \"echo ran >> hooks.txt\"]]");
        for line in [
            "upgrade",
            "upgrade",
            "downgrade -1",
            "upgrade --sql",
            "upgrade --dry-run",
        ] {
            project.run(line).success();
        }
        assert_eq!(project.read("hooks.txt"), "ran\nran\n");
    });
    let project = of_a_team(Project::with_crate("shop"));
    project.configure("post-run-hooks = [[\"false\"], [\"touch\", \"second\"]]");
    let shown = project.transcript(&["upgrade", "current", "upgrade"]);
    assert!(!project.path("second").exists());
    assert_snapshot!(shown);
}

/// The commands of docs/sea-orm-and-diesel.md do what the page says.
#[test]
fn the_guide() {
    let project = Project::with_crate("shop");
    project.write("migrations/aa01.sql", TABLES);
    let page = "docs/sea-orm-and-diesel.md";
    assert_eq!(guide::follow(&project, page, &["diesel"]), 2);
}
