//! `cargo alembic ensure`

use alembic_history::Dialect;
use alembic_tests::Project;
use insta::assert_snapshot;

use crate::{chain, give_tables_of_their_own, on_both, workspace};

/// What `chain` comes to, as one file.
const SCHEMA: &str = "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY);\n\
                      CREATE TABLE t_bb02 (id INTEGER PRIMARY KEY);\n\
                      CREATE TABLE t_cc03 (id INTEGER PRIMARY KEY);\n";

fn with_schema(dialect: Dialect) -> Project {
    let project = chain().on(dialect);
    project
        .write("schema.sql", SCHEMA)
        .configure("schema = \"schema.sql\"\nbaseline = \"bb02\"");
    project
}

#[test]
fn fresh_databases() {
    on_both(|dialect| {
        let lines = ["ensure", "current", "ensure"];
        let created = with_schema(dialect);
        assert_snapshot!("created", created.transcript(&lines));
        let replayed = chain().on(dialect);
        assert_snapshot!("replayed", replayed.transcript(&lines));
        let dump = |project: &Project| project.database("shop.db").dump();
        assert_eq!(dump(&created), dump(&replayed));
    });
}

#[test]
fn a_database_older_than_the_version_table() {
    on_both(|dialect| {
        let project = with_schema(dialect);
        project.database("shop.db").execute(
            "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY); \
             CREATE TABLE t_bb02 (id INTEGER PRIMARY KEY)",
        );
        assert_snapshot!(project.transcript(&["ensure", "current", "ensure"]));
    });
}

#[test]
fn a_tracked_database() {
    on_both(|dialect| {
        let project = with_schema(dialect);
        project.run("upgrade aa01").success();
        assert_snapshot!(project.transcript(&["ensure", "ensure --format json", "ensure -q"]));
    });
}

#[test]
fn a_database_ahead_of_the_files() {
    on_both(|dialect| {
        let project = with_schema(dialect);
        let database = project.database("shop.db");
        project.run("upgrade").success();
        database.execute("UPDATE alembic_version SET version_num = 'newer'");
        let before = project.tree();
        assert_snapshot!(project.transcript(&["ensure", "ensure --allow-ahead"]));
        assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    });
}

#[test]
fn a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade cc03").success();
        assert_snapshot!(project.transcript(&["ensure", "current"]));
    });
}

/// Those before one that fails are ready, and stay so.
#[test]
fn a_workspace_of_which_one_fails() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        project.run("upgrade").success();
        let app = project.database("app/app.db");
        app.execute("UPDATE alembic_version SET version_num = 'gone'");
        assert_snapshot!(project.transcript(&["ensure"]));
    });
}

/// Crates whose tables are beside each other are made ready one after the other.
#[test]
fn a_database_of_several_crates() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        give_tables_of_their_own(&project);
        let shared = project.database("app/app.db");
        let place = project.here().env("STORE_DATABASE_URL", shared.url());
        assert_snapshot!(place.transcript(&["ensure", "ensure", "current"]));
        shared.execute("UPDATE app_version SET version_num = 'gone'");
        let ahead = place.run("ensure").stderr;
        assert!(
            ahead.contains("crate `app`, table app_version in"),
            "{ahead}"
        );
    });
}

#[test]
fn the_example_workspace_has_a_schema() {
    on_both(|dialect| {
        let columns = match dialect {
            Dialect::Sqlite => {
                "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk \
                 FROM sqlite_master m, pragma_table_info(m.name) c ORDER BY 1, 2"
            }
            Dialect::Postgres => {
                "SELECT table_name, column_name, data_type, character_maximum_length, \
                 is_nullable, column_default, ordinal_position FROM information_schema.columns \
                 WHERE table_schema = 'public' ORDER BY 1, 2"
            }
        };
        let ends = ["ensure -p chorus", "upgrade -p chorus"].map(|line| {
            let project = Project::example("chorus").main_on(dialect);
            project.run(line).success();
            let database = project.database("data/chorus.db");
            assert_eq!(database.versions(), ["006_index_failed_executions"]);
            database.query(columns)
        });
        assert!(ends[0].len() > 30);
        assert_eq!(ends[0], ends[1]);
    });
}

#[test]
fn a_target_schema_that_fails() {
    on_both(|dialect| {
        let project = with_schema(dialect);
        let broken = "CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id);\n";
        project.write("schema.sql", broken);
        assert_snapshot!(
            format!("a_target_schema_that_fails_{dialect}"),
            project.transcript(&["ensure", "current"])
        );
        assert_eq!(project.database("shop.db").dump(), "");
    });
}
