//! `--dry-run` of several crates.

use alembic_history::Dialect;
use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::bad_input::check_in;
use crate::give_tables_of_their_own;
use crate::offline::shells::{dump, sqlite};

/// Two crates in one database, of which the second changes what the first creates.
fn crates_of_one_database(dialect: Dialect) -> Project {
    let project = Project::with_workspace(&["app", "store"]).on(dialect);
    give_tables_of_their_own(&project);
    let keyed = "ALTER TABLE item ADD COLUMN app_note TEXT; CREATE TABLE cart (item_id INTEGER REFERENCES item);";
    let store =
        "CREATE TABLE item (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO item VALUES (1, 'x');";
    let app = revision("aa01")
        .depends_on("store@cc03")
        .upgrade(keyed)
        .downgrade("DROP TABLE cart; ALTER TABLE item DROP COLUMN app_note;");
    project.add_to("app/migrations", [app]);
    let store = revision("cc03")
        .upgrade(store)
        .downgrade("DROP TABLE item;");
    project.add_to("store/migrations", [store]);
    project
}

#[test]
fn a_dry_run_of_a_crate_sees_what_the_ones_before_it_did() {
    let project = crates_of_one_database(Dialect::Sqlite);
    let file = project.path("shared.db");
    let url = format!("--url sqlite://{}", file.display());
    let run = |line: &str| project.run(&format!("{line} {url}"));
    let mut shown = String::new();
    for line in [
        "upgrade --dry-run",
        "current",
        "upgrade",
        "downgrade --dry-run base",
    ] {
        shown += &format!("$ {line}\n{}\n", run(line));
    }
    assert_snapshot!(shown.replace(&file.display().to_string(), "shared.db"));
    // So it does where another connection has switched to a WAL, and with crates that are there partly.
    sqlite(&file, "PRAGMA journal_mode = WAL;\n").success();
    let before = dump(&file);
    run("downgrade --dry-run base").success();
    assert_eq!(dump(&file), before);
    run("downgrade base -p app").success();
    run("upgrade --dry-run").success();
    run("downgrade base").success();
    run("upgrade --dry-run").success();
}

/// As the run itself would.
#[test]
fn a_dry_run_fails_for_what_a_crate_before_it_did() {
    let project = crates_of_one_database(Dialect::Sqlite);
    project.replace(
        "app/migrations/aa01.sql",
        "CREATE TABLE cart",
        "CREATE TABLE item",
    );
    check_in(
        &project,
        "a table of both",
        "upgrade --dry-run --url sqlite://shared.db",
        8,
        "error[migration-failed] | table item already exists",
    );
}

#[test]
fn a_dry_run_of_several_crates_on_a_server_is_refused() {
    let project = crates_of_one_database(Dialect::Postgres);
    let url = project.database("app/app.db").url();
    let apart = "error[crates-apart] | a dry run of `app` would not see what `store` does before it | \
                 `cargo alembic upgrade -p store --dry-run heads";
    let line = format!("upgrade --dry-run --url {url}");
    check_in(&project, "both are pending", &line, 4, apart);
    project
        .run(&format!("upgrade -p store --url {url}"))
        .success();
    project.run(&line).success();
    project.run(&format!("upgrade --url {url}")).success();
    project.run(&line).success();
    let apart = "error[crates-apart] | a dry run of `store` would not see what `app` does before it | \
                 `cargo alembic downgrade -p app --dry-run base";
    let line = format!("downgrade --dry-run base --url {url}");
    check_in(&project, "both can be reverted", &line, 4, apart);
}
