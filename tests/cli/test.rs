//! `cargo alembic test`

use alembic_tests::postgres::Server;
use alembic_tests::{Place, Project, RevisionText, revision};
use insta::assert_snapshot;

use crate::{branched, chain, workspace};

#[test]
fn sound_migrations() {
    let project = chain();
    project.run("upgrade aa01").success();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test", "test --format json", "test -q"]));
    // Its databases are its own.
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn several_heads() {
    assert_snapshot!(branched().transcript(&["test"]));
}

#[test]
fn a_downgrade_that_leaves_something() {
    let project = chain();
    let left = revision("dd04")
        .revises("cc03")
        .upgrade("CREATE TABLE x (id);");
    project.add(left);
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn an_upgrade_that_fails() {
    let project = workspace();
    let broken = revision("ee05")
        .revises("dd04")
        .upgrade("CREATE TABEL x (id);");
    project.add_to("store/migrations", [broken]);
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn an_irreversible_revision() {
    let project = chain();
    let once = revision("dd04")
        .revises("cc03")
        .upgrade("DROP TABLE t_aa01;")
        .without_downgrade();
    project.add(once);
    assert_snapshot!(project.transcript(&["test"]));
}

#[test]
fn a_target_schema_that_is_not_what_the_revisions_come_to() {
    let project = chain();
    project
        .write(
            "schema.sql",
            "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY, name TEXT);\n",
        )
        .configure("schema = \"schema.sql\"");
    assert_snapshot!(project.transcript(&["test"]));
}

#[test]
fn the_example_workspace() {
    let project = Project::example("chorus");
    let before = project.tree();
    assert_snapshot!(project.transcript(&["test"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

/// A crate as [`chain`], for both engines.
fn chain_for_both() -> Project {
    let project = chain();
    project.configure("dialects = [\"sqlite\", \"postgres\"]");
    project
}

/// Crates that have something to tell, by what that is.
fn scenarios() -> Vec<(&'static str, Project)> {
    let scenario = |name, revisions: Vec<RevisionText>| {
        let project = chain_for_both();
        project.add_to("migrations", revisions);
        (name, project)
    };
    let next = revision("dd04").revises("cc03");
    let table = |id: &str, revises: &str| {
        let create = format!("CREATE TABLE {id} (id INTEGER);");
        let revision = revision(id).revises(revises).upgrade(create);
        revision.downgrade(format!("DROP TABLE {id};"))
    };
    let irreversible =
        "DROP TABLE t_aa01;\n\n-- alembic: downgrade irreversible: its rows are gone";
    let leaves = |id: &str, revises: &str| table(id, revises).downgrade("");
    let index = "CREATE UNIQUE INDEX names ON dd04 (name);";
    let named = |more: &str| {
        let create = format!("CREATE TABLE dd04 (name VARCHAR(9) NOT NULL);\n{more}");
        next.clone().upgrade(create).downgrade("DROP TABLE dd04;")
    };
    let mut scenarios = vec![
        scenario("nothing is wrong", vec![table("dd04", "cc03")]),
        scenario(
            "a revision that is declared irreversible",
            vec![
                next.clone().upgrade(irreversible).without_downgrade(),
                table("ee05", "dd04"),
            ],
        ),
        scenario(
            "downgrades that leave something",
            vec![
                leaves("dd04", "cc03"),
                table("ee05", "dd04"),
                leaves("ff06", "ee05"),
                leaves("gg07", "ff06").without_downgrade(),
            ],
        ),
        scenario(
            "a downgrade that fails",
            vec![leaves("dd04", "cc03").downgrade("DROP TABLE dd05;")],
        ),
        scenario(
            "a broken statement",
            vec![next.clone().upgrade("CREATE TABEL x (id INTEGER);")],
        ),
        scenario(
            "a section outside of transactions",
            vec![named(
                "\n-- alembic: upgrade postgres no-transaction\nCREATE INDEX CONCURRENTLY names ON dd04 (name);",
            )],
        ),
        scenario(
            "rows that an upgrade does not take",
            vec![
                named(""),
                revision("ee05")
                    .revises("dd04")
                    .upgrade(index)
                    .downgrade("DROP INDEX names;"),
            ],
        ),
        scenario(
            "rows that a downgrade does not take",
            vec![
                named(index),
                revision("ee05")
                    .revises("dd04")
                    .upgrade("DROP INDEX names;")
                    .downgrade(index),
            ],
        ),
        scenario("rows that cannot be inserted", vec![named("")]),
        scenario("a target schema that differs", Vec::new()),
    ];
    let twice = "INSERT INTO dd04 VALUES ('a');\nINSERT INTO dd04 VALUES ('a');\n";
    for (name, project) in &mut scenarios {
        match *name {
            "rows that an upgrade does not take" => {
                project.write("migrations/dd04.rows.sql", twice)
            }
            "rows that a downgrade does not take" => {
                project.write("migrations/ee05.rows.sql", twice)
            }
            "rows that cannot be inserted" => {
                let rows = "INSERT INTO dd04 VALUES ('a');\nINSERT INTO dd04 VALUES (NULL);\n";
                project.write("migrations/dd04.rows.sql", rows)
            }
            "a target schema that differs" => {
                let schema = "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY, name TEXT);\n";
                project.configure("schema = \"schema.sql\"");
                project.write("schema.sql", schema)
            }
            _ => project,
        };
    }
    scenarios
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
    for (name, project) in scenarios() {
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
    let nowhere = "postgres://nobody@127.0.0.1:1/test_1_a_1";
    assert_snapshot!("a_server_that_is_not_there", on(&both, nowhere));
    postgres.configure("version-table-schema = \"audit\"");
    assert_snapshot!(
        "a_schema_of_the_version_table",
        on(&postgres, database.url())
    );
    database.execute("DROP ROLE may_not");
}

#[cfg(unix)]
#[test]
fn interrupts_leave_nothing() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let server = Server::start();
    let database = server.database();
    let project = chain();
    project.configure("dialects = [\"postgres\"]");
    project.add(
        revision("dd04")
            .revises("cc03")
            .upgrade("SELECT pg_sleep(60);"),
    );
    let place: Place<'_> = project.here().env("DATABASE_URL", database.url());
    let mut command = place.command(&["test".to_owned()]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let sleeping = "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'";
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
