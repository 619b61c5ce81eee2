//! Crates with several histories: for several databases, and for each engine one of its own.

use alembic_tests::postgres::Server;
use alembic_tests::{Project, graph, revision};
use insta::assert_snapshot;

/// A crate with two databases, beside one with a single history.
fn client() -> Project {
    let project = Project::with_workspace(&["client", "store"]);
    project.write(
        "client/Cargo.toml",
        "[package]\nname = \"client\"\nedition = \"2024\"\n\n\
         [package.metadata.alembic]\ntransaction = \"revision\"\n\n\
         [package.metadata.alembic.histories.records]\nmigrations = \"sql/records\"\n\
         url = \"sqlite://records.db\"\n\n\
         [package.metadata.alembic.histories.meta]\nmigrations = \"sql/meta\"\n\
         url = \"sqlite://meta.db\"\n",
    );
    project.add_to("client/sql/records", graph("aa01; bb02<-aa01"));
    project.add_to("client/sql/meta", graph("aa01"));
    project.add_to("store/migrations", graph("cc01"));
    project
}

#[test]
fn for_several_databases() {
    let project = client();
    assert_snapshot!(project.transcript(&[
        "heads",
        "upgrade -p client",
        "upgrade",
        "downgrade -p client/records aa01",
        "current",
        "status -p client/records",
        "history -p client/meta",
        "heads --exclude client/meta",
        "heads --exclude client",
        "revision -p client -m more --rev-id cc03",
        "revision -p client/meta -m more --rev-id cc03",
        "test",
    ]));
    for (file, versions) in [("records.db", ["aa01"]), ("meta.db", ["aa01"])] {
        let database = project.database(format!("client/{file}"));
        assert_eq!(database.versions(), versions, "{file}");
    }
}

#[test]
fn what_is_no_history() {
    let project = client();
    assert_snapshot!(project.transcript(&[
        "heads -p client/nothing",
        "heads -p clent/meta",
        "heads -p store/records",
        "heads --exclude client/nothing",
        "init -p store/records",
        "init -p client/a.b",
        "init -p client/meta",
    ]));
    let faults = |from: &str, to: &str| {
        let project = client();
        project.replace("client/Cargo.toml", from, to);
        project.run("upgrade -p client").to_string()
    };
    assert_snapshot!(
        [
            ("sqlite://meta.db", "sqlite://records.db"),
            ("url = \"sqlite://meta.db\"", "urll = \"sqlite://meta.db\""),
            ("histories.meta]", "histories.\"a/b\"]"),
            ("migrations = \"sql/meta\"", "migrations = 1"),
        ]
        .map(|(from, to)| format!("{to}\n{}", faults(from, to)))
        .join("\n")
    );
}

#[test]
fn one_more_is_added() {
    let project = client();
    assert_snapshot!(project.transcript(&[
        "init -p client/third",
        "revision -p client/third -m first --rev-id dd01",
        "heads -p client",
    ]));
    assert_snapshot!(project.read("client/Cargo.toml"));
}

/// What a revision of another crate depends on is a history of the crate.
#[test]
fn others_depend_on_a_history() {
    let project = client();
    let needs = revision("dd02")
        .revises("cc01")
        .depends_on("client/records@bb02");
    project.add_to("store/migrations", [needs]);
    assert_snapshot!(project.transcript(&[
        "upgrade -p store",
        "upgrade -p store --with-dependencies",
        "downgrade -p client/records base",
    ]));
}

/// A crate with a history for each engine, and one variable that names the database.
fn vault() -> Project {
    let project = Project::empty();
    project.write("src/lib.rs", "");
    project.write(
        "Cargo.toml",
        "[package]\nname = \"vault\"\nedition = \"2024\"\n\n\
         [package.metadata.alembic.histories.sqlite]\nmigrations = \"migrations/sqlite\"\n\
         dialects = \"sqlite\"\n\n\
         [package.metadata.alembic.histories.postgres]\nmigrations = \"migrations/postgres\"\n\
         dialects = \"postgres\"\n",
    );
    project.add_to("migrations/sqlite", graph("aa01; bb02<-aa01"));
    project.add_to("migrations/postgres", graph("aa01; cc03<-aa01"));
    project
}

#[test]
fn for_each_engine_one() {
    let project = vault();
    let here = project.here().env("DATABASE_URL", "sqlite://vault.db");
    assert_snapshot!(here.transcript(&[
        "heads",
        "upgrade",
        "current",
        "history",
        "upgrade -p vault/postgres",
    ]));
    let script = here
        .run("upgrade --sql --dialect postgres")
        .success()
        .stdout;
    assert!(
        script.contains("'cc03'") && !script.contains("'bb02'"),
        "{script}"
    );
    let server = Server::shared();
    let database = server.database();
    let here = project.here().env("DATABASE_URL", database.url());
    for (line, said) in [
        ("upgrade", "Upgrading vault/postgres"),
        ("current --check-heads", "cc03 (head)"),
        ("status", "vault/postgres is at its head"),
        ("downgrade -1", "Downgrading vault/postgres"),
    ] {
        let outcome = here.run(line).success().to_string();
        assert!(outcome.contains(said), "{line}: {outcome}");
        assert!(!outcome.contains("vault/sqlite"), "{line}: {outcome}");
    }
    assert_eq!(database.versions(), ["aa01"]);
}

/// A project of diesel with a folder for each engine, which have a migration in common.
#[test]
fn each_history_is_imported() {
    let project = Project::empty();
    project.write("src/lib.rs", "");
    project.write(
        "Cargo.toml",
        "[package]\nname = \"vault\"\nedition = \"2024\"\n",
    );
    for (engine, extra) in [
        ("sqlite", "2024-02-02-000000_b"),
        ("postgresql", "2024-03-03-000000_c"),
    ] {
        for name in ["2024-01-01-000000_a", extra] {
            let folder = format!("migrations/{engine}/{name}");
            project.write(
                format!("{folder}/up.sql"),
                format!("CREATE TABLE t{} (x INT);", &name[5..7]),
            );
            project.write(
                format!("{folder}/down.sql"),
                format!("DROP TABLE t{};", &name[5..7]),
            );
        }
    }
    assert_snapshot!(project.transcript(&[
        "import diesel migrations/sqlite -p vault/sqlite --dialect sqlite",
        "import diesel migrations/postgresql -p vault/postgres --dialect postgres",
        "import diesel migrations/sqlite -p vault --dialect sqlite",
        "heads",
    ]));
    assert_snapshot!(project.read("Cargo.toml"));
    let here = project.here().env("DATABASE_URL", "sqlite://vault.db");
    here.run("upgrade").success();
    here.run("downgrade base").success();
}
