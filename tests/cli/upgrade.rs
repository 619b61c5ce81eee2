//! `cargo alembic upgrade`

use std::fs;

use alembic_history::Dialect;
use alembic_tests::{Database, Project, graph, revision};
use insta::assert_snapshot;

use crate::{branched, chain, give_tables_of_their_own, on_both, workspace};

#[test]
fn everything_by_default() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_snapshot!(project.transcript(&["upgrade", "current", "upgrade"]));
        let tables = project.database("shop.db").tables();
        assert_eq!(tables, ["t_aa01", "t_bb02", "t_cc03"]);
    });
}

#[test]
fn to_a_target() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_snapshot!(project.transcript(&[
            "upgrade +1",
            "upgrade bb",
            "upgrade aa01",
            "upgrade head",
            "upgrade +1",
        ]));
    });
}

#[test]
fn along_branches() {
    on_both(|dialect| {
        let project = branched().on(dialect);
        assert_snapshot!(project.transcript(&[
            "upgrade head",
            "upgrade users",
            "upgrade +1",
            "upgrade orders@+1",
            "upgrade reports@head",
            "upgrade heads",
        ]));
    });
}

#[test]
fn every_crate_of_a_workspace() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        assert_snapshot!(project.transcript(&["upgrade", "upgrade", "current"]));
        assert_eq!(project.database("app/app.db").versions(), ["bb02"]);
        assert_eq!(project.database("store/store.db").versions(), ["dd04"]);
    });
}

#[test]
fn a_name_that_one_crate_knows_chooses_the_crate() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        assert_snapshot!(project.transcript(&["upgrade cc03", "upgrade zz", "current"]));
    });
}

#[test]
fn a_failure_says_which_crates_are_done() {
    on_both(|dialect| {
        let project = Project::with_workspace(&["a", "b", "c"]).on(dialect);
        project.add_to("a/migrations", graph("aa01"));
        project.add_to(
            "b/migrations",
            [revision("bb01").upgrade("CREATE TABEL x (id);")],
        );
        project.add_to("c/migrations", graph("cc01"));
        assert_snapshot!(
            format!("a_failure_says_which_crates_are_done_{dialect}"),
            project.transcript(&["upgrade"])
        );
        assert_eq!(project.database("a/a.db").versions(), ["aa01"]);
        assert_eq!(project.database("c/c.db").dump(), "");
    });
}

#[test]
fn one_transaction_per_revision_keeps_what_was_done() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let twice = "CREATE TABLE x (id INTEGER PRIMARY KEY);\nINSERT INTO x VALUES (1), (1);";
        project.add(revision("dd04").revises("cc03").upgrade(twice));
        assert_snapshot!(
            format!("one_transaction_per_revision_keeps_what_was_done_{dialect}"),
            project.transcript(&[
                "upgrade",
                "current",
                "upgrade --transaction-per-revision",
                "current",
            ])
        );
        let tables = project.database("shop.db").tables();
        assert_eq!(tables, ["t_aa01", "t_bb02", "t_cc03"]);
    });
}

#[test]
fn transactions_are_configurable() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        project.configure("transaction = \"revision\"");
        project.add(revision("dd04").revises("cc03").upgrade("SELECT nothing;"));
        assert_eq!(project.run("upgrade").status, 8);
        assert_eq!(project.database("shop.db").versions(), ["cc03"]);
    });
}

#[test]
fn an_untouched_template_is_reported() {
    let project = Project::with_crate("shop");
    project.run("revision -m First --rev-id aa01").success();
    for line in ["upgrade", "ensure"] {
        let outcome = project.run(line).success();
        let is_said = outcome.stderr.contains("no statements");
        assert!(is_said == (line == "upgrade"), "{line}: {outcome}");
    }
    let outcome = project.run("test");
    assert!(outcome.status != 0, "{outcome}");
    assert!(outcome.stderr.contains("error[empty-upgrade]"), "{outcome}");
    assert!(outcome.stderr.contains("add `empty`"), "{outcome}");
    // Said by the file, it is on purpose.
    let project = Project::with_crate("shop");
    project.add(revision("aa01").upgrade(""));
    let file = project.read("migrations/aa01.sql");
    assert!(file.contains("alembic: upgrade empty"), "{file}");
    project.run("test").success();
    let outcome = project.run("upgrade").success();
    assert!(!outcome.stderr.contains("no statements"), "{outcome}");
}

/// The bundled SQLite understands what the oldest supported one refuses.
#[test]
fn sql_of_newer_versions_of_sqlite_is_reported() {
    let is_reported = |project: &Project, line: &str, expected: &[&str]| {
        let outcome = project.run(line).success();
        let lines = outcome.stderr.lines().map(str::trim);
        let found = lines.filter_map(|line| line.strip_prefix("Newer "));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{line}: {outcome}");
        let next = outcome.stderr.contains("raise `sqlite-version`");
        assert_eq!(next, !expected.is_empty(), "{line}: {outcome}");
    };
    let up = ["migrations/bb02.sql:8:25: [newer-sqlite] a `STRICT` table needs SQLite 3.37"];
    let down = ["migrations/bb02.sql:11:8: [newer-sqlite] `concat()` needs SQLite 3.44"];
    let project = Project::with_crate("shop");
    let first = revision("aa01").upgrade("CREATE TABLE a (b TEXT);");
    project.add(first.downgrade("DROP TABLE a;"));
    let second = revision("bb02").revises("aa01");
    let second = second.upgrade("CREATE TABLE c (d TEXT) STRICT;");
    project.add(second.downgrade("SELECT concat(d, 1) FROM c; DROP TABLE c;"));
    is_reported(&project, "upgrade aa01", &[]);
    is_reported(&project, "upgrade --sql aa01:bb02", &up);
    is_reported(&project, "upgrade --dry-run", &up);
    is_reported(&project, "upgrade", &up);
    is_reported(&project, "upgrade", &[]);
    is_reported(&project, "downgrade --sql bb02:aa01", &down);
    is_reported(&project, "downgrade -1", &down);
    is_reported(&project, "ensure", &up);
    is_reported(&project, "test", &[up[0], down[0]]);
    project.configure("sqlite-version = \"3.37\"");
    is_reported(&project, "test", &down);
}

#[test]
fn a_section_outside_a_transaction() {
    on_both(|dialect| {
        let project = Project::with_crate("shop").on(dialect);
        let second = revision("bb02").revises("aa01").upgrade("VACUUM;");
        let second = second.to_string();
        project
            .add(revision("aa01").upgrade("CREATE TABLE a (id INTEGER);"))
            .write(
                "migrations/bb02.sql",
                second.replace("upgrade", "upgrade no-transaction"),
            )
            .add(
                revision("cc03")
                    .revises("bb02")
                    .upgrade("CREATE TABEL c (id);"),
            );
        assert_snapshot!(
            format!("a_section_outside_a_transaction_{dialect}"),
            project.transcript(&["upgrade", "current"])
        );
    });
}

#[test]
fn every_place_names_a_database_of_either_engine() {
    on_both(|dialect| {
        let project = chain();
        let [env, argument, configured] = [(); 3].map(|()| Database::new(dialect));
        project.replace("Cargo.toml", "sqlite://shop.db", &configured.url());
        let place = project.here().env("DATABASE_URL", env.url());
        place.run("upgrade aa01").success();
        let line = format!("upgrade bb02 --url {}", argument.url());
        place.run(&line).success();
        project.run("upgrade cc03").success();
        // As if it were not there.
        project
            .here()
            .env("DATABASE_URL", "")
            .run("current")
            .success();
        assert_eq!(env.versions(), ["aa01"]);
        assert_eq!(argument.versions(), ["bb02"]);
        assert_eq!(configured.versions(), ["cc03"]);
    });
}

/// The URL alone chooses the engine, in both directions.
#[test]
fn a_crate_moves_from_one_engine_to_the_other() {
    let project = chain();
    let server = Database::new(Dialect::Postgres);
    let place = project.here().env("DATABASE_URL", server.url());
    place.run("upgrade bb02").success();
    project.run("upgrade aa01").success();
    assert_eq!(server.tables(), ["t_aa01", "t_bb02"]);
    assert_eq!(project.database("shop.db").tables(), ["t_aa01"]);
    project.replace("Cargo.toml", "sqlite://shop.db", &server.url());
    project.run("downgrade base").success();
    let place = project.here().env("DATABASE_URL", "sqlite://shop.db");
    place.run("upgrade").success();
    assert_eq!(server.tables(), [""; 0]);
    assert_eq!(project.database("shop.db").versions(), ["cc03"]);
}

#[test]
fn the_environment_and_an_argument_name_the_database() {
    let project = chain();
    let place = project.here().env("DATABASE_URL", "sqlite://env.db");
    place.run("upgrade aa01").success();
    place
        .run("upgrade bb02 --url sqlite://argument.db")
        .success();
    project.run("upgrade cc03").success();
    assert_eq!(project.database("env.db").versions(), ["aa01"]);
    assert_eq!(project.database("argument.db").versions(), ["bb02"]);
    assert_eq!(project.database("shop.db").versions(), ["cc03"]);
    project.configure("url-env = \"SHOP_URL\"");
    project.write("sub/README.md", "");
    let place = project.here().env("SHOP_URL", "sqlite://sub/shop.db");
    place.run("upgrade").success();
    assert_eq!(project.database("sub/shop.db").versions(), ["cc03"]);
}

#[test]
fn databases_in_memory_end_with_the_command() {
    let project = chain();
    let before = project.tree();
    assert_snapshot!(project.transcript(&["upgrade --url sqlite::memory:"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn nothing_to_do_creates_no_file() {
    let project = Project::with_crate("shop");
    let before = project.tree();
    assert_snapshot!(project.transcript(&["upgrade", "downgrade base"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn crates_share_a_database_with_a_table_each() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        give_tables_of_their_own(&project);
        let shared = project.database("app/app.db");
        let place = project.here().env("STORE_DATABASE_URL", shared.url());
        assert_snapshot!(place.transcript(&["upgrade", "current"]));
        let tables = [
            "app_version",
            "app_version_log",
            "store_version",
            "store_version_log",
            "t_aa01",
            "t_bb02",
            "t_cc03",
            "t_dd04",
        ];
        assert_eq!(shared.tables(), tables);
    });
}

#[test]
fn the_example_workspace() {
    on_both(|dialect| {
        let project = Project::example("chimera").on(dialect);
        let transcript = project.transcript(&["upgrade", "current"]);
        // Only SQLite needs new tables for some changes, and only a server has something to say: that
        // an index, which a revision may have left half built, is not there.
        let beginning = match dialect {
            Dialect::Sqlite => "Rebuilt table ",
            Dialect::Postgres => "Notice ",
        };
        let is_own = |line: &&str| line.trim_start().starts_with(beginning);
        let (only, same): (Vec<&str>, Vec<&str>) = transcript.lines().partition(is_own);
        assert!(!only.is_empty(), "on {dialect}");
        assert_snapshot!(same.join("\n"));
    });
}

/// The table of the database decides how long an id may be: SQLite has no limit, and a project of
/// Alembic's may have widened the column.
#[test]
fn ids_as_long_as_the_version_table_holds() {
    const LONG: &str = "aa01_with_a_name_that_says_what_it_does_";
    let column = |kind: &str| {
        format!(
            "CREATE TABLE alembic_version (version_num {kind} NOT NULL, \
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    };
    for (dialect, column) in [
        (Dialect::Sqlite, None),
        (Dialect::Sqlite, Some(column("VARCHAR(32)"))),
        (Dialect::Postgres, Some(column("VARCHAR(40)"))),
        (Dialect::Postgres, Some(column("TEXT"))),
        (Dialect::Postgres, Some(column("VARCHAR"))),
    ] {
        let project = Project::with_crate("shop").on(dialect);
        let revisions = graph(&format!("{LONG}; bb02<-{LONG}"));
        project.add_to("migrations", revisions);
        // Its progress is recorded, too.
        let file = format!("migrations/{LONG}.sql");
        project.replace(
            &file,
            "-- alembic: downgrade",
            "-- alembic: upgrade no-transaction\nVACUUM;\n-- alembic: downgrade",
        );
        if let Some(column) = &column {
            project.database("shop.db").execute(column);
        }
        project.run(&format!("upgrade {LONG}")).success();
        assert_eq!(project.database("shop.db").versions(), [LONG]);
        project.run("upgrade").success();
        project.run("downgrade -1").success();
        assert_eq!(project.database("shop.db").versions(), [LONG]);
        project.run("stamp base").success();
        project.run(&format!("stamp {LONG}")).success();
        assert_eq!(project.database("shop.db").versions(), [LONG]);
    }
}

/// A new file that is applied before it is filled in is reported, with a way that works.
#[test]
fn upgrades_without_statements() {
    for (revisions, line, empty, target) in [
        ("aa01; bb02<-aa01", "upgrade", &["bb02"][..], "aa01"),
        (
            "aa01; bb02<-aa01",
            "upgrade -p shop",
            &["aa01", "bb02"],
            "aa01@base",
        ),
        (
            "aa01; bb02<-aa01; cc03<-aa01",
            "upgrade heads",
            &["cc03"],
            "cc03@aa01",
        ),
        ("aa01; bb02<-aa01", "ensure", &["bb02"], "aa01"),
    ] {
        let project = Project::with_crate("shop");
        project.add_to("migrations", graph(revisions));
        for id in empty {
            let file = format!("migrations/{id}.sql");
            let statement = format!("CREATE TABLE t_{id} (id INTEGER PRIMARY KEY);");
            let text = project.read(&file);
            assert!(text.contains(&statement));
            project.write(
                &file,
                text.replace(&statement, "-- Write the SQL here.")
                    .replace(&format!("DROP TABLE t_{id};"), ""),
            );
        }
        let outcome = project.run(&format!("{line} --format json")).success();
        let reported = outcome
            .stderr
            .matches("the upgrade section has no statements; what")
            .count();
        assert_eq!(reported, empty.len(), "{outcome}");
        let command = format!("downgrade -p shop {target}");
        let next = format!(
            "        Next write what is missing in a new revision, or revert with `cargo alembic {command}`"
        );
        assert!(outcome.stderr.contains(&next), "{outcome}\nlacks {next}");
        let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        let steps = answer["crates"][0]["steps"].as_array().unwrap();
        let found = steps.iter().filter(|step| step["empty"] == true);
        let found: Vec<&str> = found
            .map(|step| step["revision"].as_str().unwrap())
            .collect();
        assert_eq!(found, empty, "{outcome}");
        // Reverted and filled in, it runs; and so it is if nothing is said to be there.
        project.run(&command).success();
        for (index, id) in empty.iter().enumerate() {
            let file = format!("migrations/{id}.sql");
            match index {
                0 => project.replace(&file, "-- Write the SQL here.", "CREATE TABLE later (a);"),
                _ => project.replace(&file, "alembic: upgrade", "alembic: upgrade empty"),
            };
        }
        let outcome = project.run(line).success();
        assert!(!outcome.stderr.contains(" Empty "), "{outcome}");
        let tables = project.database("shop.db").tables();
        assert!(tables.contains(&"later".to_owned()), "{tables:?}");
    }
}

/// A copy of the one file of a database is a whole backup, whatever its journal mode, since no run leaves
/// anything beside the file.
#[test]
fn a_copy_is_tried_first_and_a_backup_put_back() {
    for mode in ["DELETE", "WAL"] {
        let project = Project::example("orchestrator");
        let run = |line: &str| project.run(&format!("{line} -p orchestrator"));
        let database = project.database("data/orchestrator.db");
        let path = project.path("crates/orchestrator/data/orchestrator.db");
        let copy = project.path("copy.db");
        run("upgrade 5b08d1e94c7f").success();
        let before = database.versions();
        database.execute(&format!("PRAGMA journal_mode = {mode}"));
        database
            .execute("INSERT INTO project (name, working_directory) VALUES ('Atlas', '/atlas')");
        fs::copy(&path, &copy).unwrap();
        let bytes = fs::read(&path).unwrap();

        let on_copy = format!("--url sqlite://{}", copy.display());
        run(&format!("upgrade {on_copy}")).success();
        run(&format!("status {on_copy}")).success();
        assert!(fs::read(&path).unwrap() == bytes, "{mode}");

        fs::write(&copy, &bytes).unwrap();
        run("upgrade").success();
        run("status").success();
        assert_eq!(
            database.query("SELECT name FROM project"),
            ["Atlas"],
            "{mode}"
        );
        fs::copy(&copy, &path).unwrap();
        let status = run("status");
        assert_eq!(status.status, 3, "{mode}: {status}");
        assert_eq!(database.versions(), before, "{mode}");
        let log = run("log -n 1").success();
        assert!(log.stdout.contains(&before[0]), "{mode}: {log}");
        run("upgrade").success();
        run("status").success();
        assert_eq!(
            database.query("SELECT name FROM project"),
            ["Atlas"],
            "{mode}"
        );
    }
}
