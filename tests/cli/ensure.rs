//! `cargo alembic ensure`

use alembic_tests::Project;
use insta::assert_snapshot;

use crate::{chain, workspace};

/// What `chain` comes to, as one file.
const SCHEMA: &str = "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY);\n\
                      CREATE TABLE t_bb02 (id INTEGER PRIMARY KEY);\n\
                      CREATE TABLE t_cc03 (id INTEGER PRIMARY KEY);\n";

fn with_schema() -> Project {
    let project = chain();
    project
        .write("schema.sql", SCHEMA)
        .configure("schema = \"schema.sql\"\nbaseline = \"bb02\"");
    project
}

#[test]
fn fresh_databases() {
    let created = with_schema();
    assert_snapshot!(
        "created",
        created.transcript(&["ensure", "current", "ensure"])
    );
    let replayed = chain();
    assert_snapshot!(
        "replayed",
        replayed.transcript(&["ensure", "current", "ensure"])
    );
    let dump = |project: &Project| project.database("shop.db").dump();
    assert_eq!(dump(&created), dump(&replayed));
}

#[test]
fn a_database_older_than_the_version_table() {
    let project = with_schema();
    project.database("shop.db").execute(
        "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY); \
         CREATE TABLE t_bb02 (id INTEGER PRIMARY KEY)",
    );
    assert_snapshot!(project.transcript(&["ensure", "current", "ensure"]));
}

#[test]
fn a_tracked_database() {
    let project = with_schema();
    project.run("upgrade aa01").success();
    assert_snapshot!(project.transcript(&["ensure", "ensure --format json", "ensure -q"]));
}

#[test]
fn a_database_ahead_of_the_files() {
    let project = with_schema();
    let database = project.database("shop.db");
    project.run("upgrade").success();
    database.execute("UPDATE alembic_version SET version_num = 'newer'");
    let before = project.tree();
    assert_snapshot!(project.transcript(&["ensure", "ensure --allow-ahead"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn a_workspace() {
    let project = workspace();
    project.run("upgrade cc03").success();
    assert_snapshot!(project.transcript(&["ensure", "current"]));
}

#[test]
fn the_example_workspace_has_a_schema() {
    let project = Project::example("chorus");
    let database = project.database("data/chorus.db");
    project.run("ensure -p chorus").success();
    let tables = |sql: &str| database.query(sql);
    let columns = "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk \
                   FROM sqlite_master m, pragma_table_info(m.name) c ORDER BY 1, 2";
    let created = tables(columns);
    std::fs::remove_file(database.path()).unwrap();
    project.run("upgrade -p chorus").success();
    assert_eq!(created, tables(columns));
    assert_eq!(database.versions(), ["006_index_failed_executions"]);
}

#[test]
fn a_target_schema_that_fails() {
    let project = with_schema();
    project.write("schema.sql", "CREATE TABLE a (id);\nCREATE TABEL b (id);\n");
    assert_snapshot!(project.transcript(&["ensure", "current"]));
    assert_eq!(project.database("shop.db").dump(), "");
}
