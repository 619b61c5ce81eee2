//! `cargo alembic test` on PostgreSQL, and on both engines.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use alembic_tests::postgres::Server;
use alembic_tests::{Project, RevisionText, revision};
use insta::assert_snapshot;

use crate::chain;

/// A crate as [`chain`], for both engines; its keys are numbered on SQLite only.
fn chain_for_both() -> Project {
    let project = chain();
    project.configure("dialects = [\"sqlite\", \"postgres\"]\nengine-specific = [\"*.id\"]");
    project
}

/// A crate that has something to tell, by what that is.
struct Scenario {
    name: &'static str,
    /// What comes on top of [`chain`].
    revisions: Vec<RevisionText>,
    /// Other files, and what is in them.
    files: &'static [(&'static str, &'static str)],
}

const UNIQUE: &str = "CREATE UNIQUE INDEX names ON dd04 (name);";

const TWICE: &str = "INSERT INTO dd04 VALUES ('a');\nINSERT INTO dd04 VALUES ('a');\n";

fn scenarios() -> Vec<Scenario> {
    let table = |id: &str, revises: &str| {
        let create = format!("CREATE TABLE {id} (name VARCHAR(9) NOT NULL);");
        let revision = revision(id).revises(revises).upgrade(create);
        revision.downgrade(format!("DROP TABLE {id};"))
    };
    let leaves = |id: &str, revises: &str| table(id, revises).downgrade("");
    let dd04 = || table("dd04", "cc03");
    let ee05 = || revision("ee05").revises("dd04");
    let scenario = |name, revisions, files| Scenario {
        name,
        revisions,
        files,
    };
    let irreversible =
        "DROP TABLE t_aa01;\n\n-- alembic: downgrade irreversible: its rows are gone";
    let concurrently = "CREATE TABLE dd04 (name VARCHAR(9));\n\n\
                        -- alembic: upgrade postgres no-transaction\n\
                        CREATE INDEX CONCURRENTLY names ON dd04 (name);";
    vec![
        scenario("nothing is wrong", vec![dd04()], &[]),
        scenario(
            "a revision that is declared irreversible",
            vec![
                dd04().upgrade(irreversible).without_downgrade(),
                table("ee05", "dd04"),
            ],
            &[],
        ),
        scenario(
            "downgrades that leave something",
            vec![
                leaves("dd04", "cc03"),
                table("ee05", "dd04"),
                leaves("ff06", "ee05"),
                leaves("gg07", "ff06").without_downgrade(),
            ],
            &[],
        ),
        scenario(
            "a downgrade that fails",
            vec![dd04().downgrade("DROP TABLE dd05;")],
            &[],
        ),
        scenario(
            "a broken statement",
            vec![dd04().upgrade("CREATE TABEL x (id INTEGER);")],
            &[],
        ),
        scenario(
            "a section outside of transactions",
            vec![dd04().upgrade(concurrently)],
            &[],
        ),
        scenario(
            "rows that an upgrade does not take",
            vec![
                dd04(),
                ee05().upgrade(UNIQUE).downgrade("DROP INDEX names;"),
            ],
            &[("migrations/dd04.rows.sql", TWICE)],
        ),
        scenario(
            "rows that a downgrade does not take",
            vec![
                dd04(),
                ee05().upgrade(UNIQUE).downgrade("DROP INDEX names;"),
                revision("ff06")
                    .revises("ee05")
                    .upgrade("DROP INDEX names;")
                    .downgrade(UNIQUE),
            ],
            &[("migrations/ff06.rows.sql", TWICE)],
        ),
        scenario(
            "rows that cannot be inserted",
            vec![dd04()],
            &[(
                "migrations/dd04.rows.sql",
                "INSERT INTO dd04 VALUES ('a');\nINSERT INTO dd04 VALUES (NULL);\n",
            )],
        ),
        scenario(
            "engines that get different tables",
            vec![
                dd04().upgrade("CREATE TABLE dd04 (number INTEGER PRIMARY KEY, name TEXT);"),
                ee05()
                    .upgrade(
                        "ALTER TABLE dd04 ADD COLUMN age INTEGER;\n\n\
                         -- alembic: upgrade sqlite\nALTER TABLE dd04 ADD COLUMN note TEXT;\n\n\
                         -- alembic: upgrade postgres\nALTER TABLE dd04 ADD COLUMN remark TEXT;",
                    )
                    .downgrade(
                        "ALTER TABLE dd04 DROP COLUMN age;\n\n\
                         -- alembic: downgrade sqlite\nALTER TABLE dd04 DROP COLUMN note;\n\n\
                         -- alembic: downgrade postgres\nALTER TABLE dd04 DROP COLUMN remark;",
                    ),
                table("ff06", "ee05"),
            ],
            &[],
        ),
        scenario(
            "a target schema that differs",
            Vec::new(),
            &[(
                "schema.sql",
                "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY, name TEXT);\n",
            )],
        ),
    ]
}

impl Scenario {
    fn project(&self) -> Project {
        let project = chain_for_both();
        project.add_to("migrations", self.revisions.iter().cloned());
        for (path, content) in self.files {
            project.write(path, content);
            if *path == "schema.sql" {
                project.configure("schema = \"schema.sql\"");
            }
        }
        project
    }
}

/// Returns the databases of a server that are not its own.
fn databases(server: &Server) -> Vec<String> {
    let others = "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1";
    server.database().query(others)
}

#[test]
fn scenarios_on_both_engines() {
    let server = Server::start();
    let database = server.database();
    database.execute("CREATE TABLE t_aa01 (mine TEXT); INSERT INTO t_aa01 VALUES ('mine')");
    let before = database.dump();
    for scenario in scenarios() {
        let (name, project) = (scenario.name, scenario.project());
        let tree = project.tree();
        let place = project.here().env("DATABASE_URL", database.url());
        assert_snapshot!(name.replace(' ', "_"), place.transcript(&["test"]));
        assert_eq!(
            tree.changes(&project.tree()),
            Vec::<String>::new(),
            "{name}"
        );
        // Nothing is left, but what is there and the one that looks.
        assert_eq!(
            databases(&server).len(),
            3,
            "{name}: {:?}",
            databases(&server)
        );
    }
    assert_eq!(database.dump(), before);
}

#[test]
fn the_example_workspace_on_both_engines() {
    let database = Server::shared().database();
    let project = Project::example("chorus");
    let names = [
        "",
        "CHAT2CHART_",
        "CHORUS_",
        "DAA_CHATBOT_",
        "ORCHESTRATOR_",
    ];
    let place = names.into_iter().fold(project.here(), |place, name| {
        place.env(&format!("{name}DATABASE_URL"), database.url())
    });
    assert_snapshot!(place.transcript(&["test"]));
}

#[test]
fn answers_of_both_engines() {
    let database = Server::shared().database();
    let project = chain_for_both();
    let place = project.here().env("DATABASE_URL", database.url());
    assert_snapshot!(place.transcript(&["test --format json"]));
}

#[test]
fn servers() {
    let server = Server::shared();
    let database = server.database();
    database.execute("DROP ROLE IF EXISTS may_not; CREATE ROLE may_not LOGIN PASSWORD 'may-not'");
    let (_, address) = database.url().split_once('@').unwrap();
    let may_not = format!("postgres://may_not:may-not@{address}");
    let only = |dialects: &str| {
        let project = chain();
        project.configure(&format!("dialects = [{dialects}]"));
        project
    };
    let (sqlite, postgres) = (only("\"sqlite\""), only("\"postgres\""));
    let both = chain_for_both();
    let on = |project: &Project, url: &str| {
        project
            .here()
            .env("DATABASE_URL", url)
            .transcript(&["test"])
    };
    assert_snapshot!("postgres_alone", on(&postgres, database.url()));
    assert_snapshot!(
        "postgres_alone_without_a_server",
        postgres.transcript(&["test"])
    );
    assert_snapshot!(
        "no_server",
        both.transcript(&["test", "test --url sqlite://shop.db"])
    );
    let unused = sqlite.run(&format!("test --url {}", database.url()));
    assert_snapshot!("a_server_for_sqlite_alone", unused);
    assert_snapshot!("a_user_who_may_not", on(&both, &may_not));
    let nowhere = both
        .here()
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let nowhere = nowhere.run("test");
    assert_eq!(nowhere.status, 7, "{nowhere}");
    assert!(
        nowhere
            .stderr
            .contains("error[database-unreachable]: cannot connect to postgres://")
    );
    postgres.configure("version-table-schema = \"audit\"");
    assert_snapshot!(
        "a_schema_of_the_version_table",
        on(&postgres, database.url())
    );
    database.execute("DROP ROLE may_not");
}

/// The databases that such a crate is written for have a wider version table.
#[test]
fn ids_that_a_new_version_table_has_no_room_for() {
    let long = "a_revision_whose_id_has_more_than_32_characters";
    let project = chain_for_both();
    let next = revision(long)
        .revises("cc03")
        .upgrade("CREATE TABLE x (y INTEGER);");
    project.add(next.downgrade("DROP TABLE x;"));
    let database = Server::shared().database();
    let outcome = project.run(&format!("test --url {}", database.url()));
    assert_eq!(outcome.status, 0, "{outcome}");
    for part in [
        "up-down-up    PostgreSQL: ",
        "fresh         PostgreSQL: ids are too long",
    ] {
        assert!(outcome.stdout.contains(part), "{part} {outcome}");
    }
}

/// What is said about a real database does not fit one that is gone when it is read.
#[test]
fn advice_about_temporary_databases() {
    let database = Server::shared().database();
    let concurrently = "-- alembic: upgrade postgres no-transaction\nSELECT 1;\n\
                        CREATE UNIQUE INDEX CONCURRENTLY names ON dd04 (name);";
    for (what, upgrade, downgrade, stderr) in [
        (
            "an index that is left behind",
            format!("\n{concurrently}"),
            "DROP INDEX names;",
            "could not create unique index | change the rows or the statement so that they fit, and run the command again",
        ),
        (
            "a downgrade outside of transactions",
            String::new(),
            "\n-- alembic: downgrade postgres no-transaction\nSELECT 1;\nSELECT 1 / 0;",
            "division by zero | correct the statement",
        ),
        (
            "a value that is too long",
            "UPDATE dd04 SET name = 'ab';\nALTER TABLE dd04 ALTER COLUMN name TYPE VARCHAR(1);"
                .to_owned(),
            "SELECT 1;",
            "value too long | change the rows or the statement so that they fit",
        ),
        (
            "a value that is no number",
            "ALTER TABLE dd04 ALTER COLUMN name TYPE INTEGER USING name::INTEGER;".to_owned(),
            "SELECT 1;",
            "invalid input syntax | change the rows or the statement so that they fit",
        ),
        (
            "a table twice",
            "CREATE TABLE dd04 (a INTEGER);".to_owned(),
            "SELECT 1;",
            "already exists | correct the statement",
        ),
        (
            "what cannot be in a transaction",
            "VACUUM dd04;".to_owned(),
            "SELECT 1;",
            "VACUUM cannot run inside | move it to a separate section",
        ),
    ] {
        let project = Project::with_crate("shop");
        project.configure("dialects = [\"postgres\"]");
        project.add(
            revision("dd04")
                .upgrade("CREATE TABLE dd04 (name VARCHAR(9));")
                .downgrade("DROP TABLE dd04;"),
        );
        project.write("migrations/dd04.rows.sql", TWICE);
        let upgrade = if upgrade.is_empty() {
            "SELECT 1;".to_owned()
        } else {
            upgrade
        };
        project.add(
            revision("ee05")
                .revises("dd04")
                .upgrade(upgrade)
                .downgrade(downgrade),
        );
        let outcome = project
            .here()
            .env("DATABASE_URL", database.url())
            .run("test");
        assert_eq!(outcome.status, 8, "{what}: {outcome}");
        for part in stderr
            .split(" | ")
            .chain(["crate `shop`, temporary database"])
        {
            assert!(
                outcome.stderr.contains(part),
                "{what}: no {part}: {outcome}"
            );
        }
        for other in [
            "DROP INDEX",
            "next run",
            "unfinished",
            "cargo alembic",
            "as it was before",
        ] {
            assert!(
                !outcome.stderr.contains(other),
                "{what}: {other}: {outcome}"
            );
        }
    }
}

#[test]
fn roles_that_revisions_create_are_dropped() {
    let server = Server::start();
    let database = server.database();
    database.execute("CREATE ROLE already_there");
    let roles =
        || database.query("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1");
    let before = roles();
    for downgrade in [
        "DROP OWNED BY \"Reader\";\nDROP ROLE \"Reader\";\nDROP ROLE writer;",
        "SELECT 1;",
    ] {
        let project = chain();
        project.configure("dialects = [\"postgres\"]\nbaseline = \"cc03\"");
        let creates = "CREATE ROLE \"Reader\"; GRANT SELECT ON t_aa01 TO \"Reader\";
             DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'already_there') THEN
                 CREATE ROLE already_there; END IF; END $$;";
        let creates = match downgrade {
            // What is left would be in its own way when it is applied again.
            "SELECT 1;" => creates.replace(
                "CREATE ROLE \"Reader\";",
                "DO $$ BEGIN CREATE ROLE \"Reader\"; EXCEPTION WHEN duplicate_object THEN END $$;",
            ),
            _ => format!("{creates} CREATE ROLE writer ROLE \"Reader\";"),
        };
        let roles_of = revision("dd04").revises("cc03").upgrade(creates);
        project.add(roles_of.downgrade(downgrade));
        let place = project.here().env("DATABASE_URL", database.url());
        place.run("test").success();
        assert_eq!(roles(), before);
    }
}

#[test]
fn times_of_creation_are_no_difference() {
    let database = Server::shared().database();
    let project = chain();
    project.configure("dialects = [\"postgres\"]");
    let view = revision("dd04").revises("cc03").upgrade(
        "CREATE VIEW started AS SELECT 'now'::timestamp AS at, 'today'::date AS day;
         CREATE TABLE stamped (at timestamptz DEFAULT 'now'::timestamptz);",
    );
    project.add(view.downgrade("DROP VIEW started; DROP TABLE stamped;"));
    let place = project.here().env("DATABASE_URL", database.url());
    place.run("test").success();
}

#[test]
fn interrupts_leave_nothing() {
    let server = Server::start();
    let database = server.database();
    let project = chain();
    project.configure("dialects = [\"postgres\"]");
    project.add(
        revision("dd04")
            .revises("cc03")
            .upgrade("SELECT pg_sleep(60);"),
    );
    let place = project.here().env("DATABASE_URL", database.url());
    let mut command = place.command(&["test".to_owned()]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let sleeping = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'";
    let begin = Instant::now();
    while database.query(sleeping).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never sleeps");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(databases(&server).len(), 4);
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(databases(&server).len(), 3);
    assert!(begin.elapsed() < Duration::from_secs(60));
}
