//! Commands and scripts next to what a role has planted in a schema of the search path.

use alembic_tests::postgres::{IN_PLACE, PLANTED, Server, planted_by};
use alembic_tests::{Project, revision};

use super::script;
use super::shells::{STOP, psql};

#[test]
fn commands_and_scripts_call_nothing_that_is_planted() {
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"postgres\"]");
    project.add(
        revision("aa01")
            .upgrade("SET timezone = 'UTC';\nCREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\n")
            .downgrade("DROP TABLE a;\n"),
    );
    project.add(
        revision("bb02")
            .revises("aa01")
            .upgrade("DO 'BEGIN END';\n-- alembic: upgrade no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x);\nCREATE INDEX CONCURRENTLY j ON a (x);\n")
            .downgrade("DROP INDEX IF EXISTS i;\nDROP INDEX IF EXISTS j;\n"),
    );
    for path in ["public,pg_catalog", "public"] {
        let database = Server::shared().database();
        database.execute(PLANTED);
        let url = format!("{}?options=-csearch_path%3D{path}", database.url());
        let run = |line: &str| project.run(&format!("{line} --url {url}")).success();
        for line in [
            "upgrade",
            "current --verbose",
            "downgrade aa01",
            "stamp heads",
            "stamp --purge aa01",
            "upgrade --transaction-per-revision",
            "ensure",
            "downgrade base",
        ] {
            run(line);
        }
        let feed = |line: &str| {
            let script = script(&project, &format!("{line} --dialect postgres"));
            let script = format!("SET search_path = {path};\n{script}");
            psql(&database, &STOP, &script).success();
        };
        for line in [
            "upgrade --sql",
            "downgrade --sql heads:aa01",
            "stamp --sql aa01:heads",
            "downgrade --sql heads:base",
            "ensure-version --sql",
        ] {
            feed(line);
        }
    }
}

#[test]
fn what_is_planted_in_place_of_the_tables_runs_nothing() {
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"postgres\"]");
    project.add(
        revision("aa01")
            .upgrade("CREATE TABLE a (x int);\n")
            .downgrade("DROP TABLE a;\n"),
    );
    for plant in IN_PLACE {
        let database = Server::shared().database();
        let role = format!("{}_role", database.name());
        database.execute(&format!(
            "CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}"
        ));
        database.execute(&planted_by(&role, plant));
        for line in [
            "upgrade --sql",
            "downgrade --sql heads:base",
            "stamp --sql aa01",
            "ensure-version --sql",
        ] {
            let script = script(&project, &format!("{line} --dialect postgres"));
            let said = psql(&database, &STOP, &script);
            assert!(!said.text.contains("evil is run"), "{plant}: {}", said.text);
        }
        database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }
}
