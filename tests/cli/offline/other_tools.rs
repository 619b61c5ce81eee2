//! A script from base is refused by a database that another migration tool manages.

use alembic_tests::Project;
use alembic_tests::postgres::Server;

use super::script;
use super::shells::{STOP, Said, psql, sqlite};
use crate::chain;

/// What is in a database, the script, and whether it runs.
const ROWS: &[(&str, &str, bool)] = &[
    (
        "CREATE TABLE _sqlx_migrations (x INT);",
        "upgrade --sql",
        false,
    ),
    (
        "CREATE TABLE schema_migrations (x INT);",
        "upgrade --sql base:aa01",
        false,
    ),
    (
        "CREATE TABLE _sqlx_migrations (x INT);
         CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);",
        "upgrade --sql",
        true,
    ),
    // This is the way on.
    (
        "CREATE TABLE _sqlx_migrations (x INT);",
        "stamp --sql aa01",
        true,
    ),
    ("CREATE TABLE other (x INT);", "upgrade --sql", true),
];

const REFUSED: &str = "another migration tool manages the database";

fn check(project: &Project, run: impl Fn(&str, &str) -> (Said, Vec<String>)) {
    for (content, line, runs) in ROWS {
        let (said, tables) = run(content, &script(project, line));
        match runs {
            true => said.success(),
            false => {
                said.failure(REFUSED);
                assert_eq!(tables.len(), 1, "{line}: {tables:?}");
            }
        }
    }
}

#[test]
fn databases_of_other_tools_are_left_alone() {
    let project = chain();
    check(&project, |content, script| {
        let database = project.database(format!("{}.db", content.len() * 10_000 + script.len()));
        sqlite(database.path(), content).success();
        let said = sqlite(database.path(), script);
        (said, database.tables())
    });
    project.configure("dialects = [\"postgres\"]");
    check(&project, |content, script| {
        let database = Server::shared().database();
        database.execute(content);
        let said = psql(&database, &STOP, script);
        (said, database.tables())
    });
}
