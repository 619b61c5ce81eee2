//! What scripts write into the log.

use alembic_history::Dialect;
use alembic_tests::{Project, revision};

use super::script;
use super::shells::{STOP, psql, sqlite};
use crate::{chain, on_both};

const FINGERPRINTS: &str = "SELECT fingerprint FROM alembic_version_log ORDER BY number";

/// Feeds the script of a command to the shell of a database.
#[track_caller]
fn feed(project: &Project, line: &str) {
    let database = project.database("shop.db");
    let text = script(project, line);
    match database.dialect() {
        Dialect::Sqlite => sqlite(database.path(), &text),
        Dialect::Postgres => psql(database.server(), &STOP, &text),
    }
    .success();
}

/// A log that scripts have continued tells a start at its last row that nothing is to be done, as one
/// that runs have continued does.
#[test]
fn the_log_is_as_short_to_read_as_after_runs() {
    on_both(|dialect| {
        let [scripted, run] = [(), ()].map(|()| chain().on(dialect));
        for (script, line) in [
            ("upgrade --sql base:bb02", "upgrade bb02"),
            ("stamp --sql bb02:cc03", "stamp cc03"),
            ("stamp --sql cc03:bb02", "stamp bb02"),
            ("upgrade --sql bb02:cc03", "upgrade"),
            ("downgrade --sql cc03:aa01", "downgrade aa01"),
        ] {
            feed(&scripted, script);
            run.run(line).success();
            let [found, expected] =
                [&scripted, &run].map(|project| project.database("shop.db").query(FINGERPRINTS));
            assert_eq!(found, expected, "{dialect}: {line}");
        }
        // What the log does not agree with the files about stays open.
        let edited = |project: &Project| {
            project.replace("migrations/aa01.sql", "t_aa01 (id", "t_aa01 (other");
        };
        edited(&scripted);
        feed(&scripted, "upgrade --sql aa01:bb02");
        let refused = scripted.run("upgrade");
        assert!(
            refused.stderr.contains("error[edited-revision]"),
            "{refused}"
        );
    });
}

/// A role that may write to the tables, and create none, can run a script.
#[test]
fn tables_that_exist_need_no_right_to_create_them() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade").success();
    let last = revision("dd04").revises("cc03");
    project.add(last.upgrade("INSERT INTO t_cc03 VALUES (7);"));
    let database = project.database("shop.db");
    let role = format!("{}_writer", database.server().name());
    database.execute(&format!(
        "CREATE ROLE {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    for line in [
        "upgrade --sql cc03:dd04",
        "stamp --sql dd04:cc03",
        "ensure-version --sql",
    ] {
        let script = script(&project, line);
        let said = psql(
            database.server(),
            &STOP,
            &format!("SET ROLE {role};\n{script}"),
        );
        said.success();
    }
    assert_eq!(database.log().len(), 5);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
