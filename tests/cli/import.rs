//! `cargo alembic import`, and `cargo alembic stamp --from`

mod alembic;
mod configured;
mod dbmate;
mod refinery;
mod refused;
mod sea_orm;

use std::fmt::Write;

use alembic_history::Dialect;
use alembic_import::Tool;
use alembic_tests::{Outcome, Project};
use insta::assert_snapshot;
use postgres::{Client, NoTls};

use crate::on_both;
use crate::readme::{blocks, timeless};

use Dialect::{Postgres, Sqlite};

/// Files of a tool: paths and texts.
type Files = &'static [(&'static str, &'static str)];

/// A small project of sqlx, on both engines.
const SQLX: Files = &[
    (
        "migrations/0001_create_account.up.sql",
        "-- Who buys\nCREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
    ),
    (
        "migrations/0001_create_account.down.sql",
        "DROP TABLE account;\n",
    ),
    (
        "migrations/0002_create_orders.up.sql",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id));\n",
    ),
    (
        "migrations/0002_create_orders.down.sql",
        "DROP TABLE orders;\n",
    ),
    (
        "migrations/20240102030405_add_email.sql",
        "BEGIN;\nALTER TABLE account ADD COLUMN email TEXT;\nCOMMIT;\n",
    ),
    ("migrations/README.md", "How we do it.\n"),
];

/// A project with the files of a tool.
fn project(files: Files) -> Project {
    let project = Project::new("shop");
    for (path, text) in files {
        project.write(path, text);
    }
    project
}

/// Returns the revision files of a project, with their texts.
fn revisions(project: &Project, folder: &str) -> String {
    let mut paths: Vec<_> = std::fs::read_dir(project.path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    paths.sort();
    let mut text = String::new();
    for path in paths {
        let _ = writeln!(
            text,
            "# {folder}/{path}\n{}",
            project.read(format!("{folder}/{path}"))
        );
    }
    text
}

/// Returns the outcome of a command that fails.
#[track_caller]
fn failed(outcome: Outcome) -> Outcome {
    assert_ne!(outcome.status, 0, "{outcome}");
    outcome
}

/// Migrations of SQLite refer to tables that come later, as those of plume and vaultwarden do.
#[test]
fn a_key_that_a_later_migration_mends() {
    const FILES: Files = &[
        (
            "migrations/0001_create_orders.sql",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id), \
             FOREIGN KEY (account) REFERENCES account (id));\n",
        ),
        (
            "migrations/0002_nothing_to_do_with_it.sql",
            "CREATE TABLE other (id INTEGER);\n",
        ),
        ("migrations/0003_create_account.sql", SQLX[0].1),
    ];
    let project = project(FILES);
    project.run("import --url sqlite://shop.db").success();
    let first = failed(project.run("upgrade 2")).stderr;
    let fault = "the foreign key orders (account) refers to a table account that does not exist\n";
    assert!(
        first.contains(&format!("error[broken-object]: {fault}")),
        "{first}"
    );
    assert!(!first.contains("transaction = "), "{first}");
    let alone = failed(project.run("upgrade --transaction-per-revision")).stderr;
    let help = "if 2 or a later revision mends it, run them in one transaction: configure \
                `transaction = \"run\"`";
    assert!(alone.contains(help), "{alone}");
    project.run("upgrade").success();
    assert_eq!(project.database("shop.db").versions(), ["3"]);

    // Nobody can change what databases have applied, so `test` takes it as a run from nothing does.
    let tested = project.run("test").success();
    let upgrade = "3 revisions, no rows (put some next to a revision, in *.rows.sql); 2 imported \
                   revisions applied with the one that mends what is broken until then";
    assert!(tested.stdout.contains(upgrade), "{tested}");
    assert!(
        tested.stdout.contains("0 revisions, 3 irreversible"),
        "{tested}"
    );
    // But what is written from now on has to work by itself.
    let broken = alembic_tests::revision("aa04")
        .revises("3")
        .upgrade("CREATE TABLE line (id INTEGER REFERENCES later (id));");
    let mending = alembic_tests::revision("bb05")
        .revises("aa04")
        .upgrade("CREATE TABLE later (id INTEGER PRIMARY KEY);");
    project.add_to("revisions", [broken, mending]);
    project.run("lock").success();
    let refused = failed(project.run("test"));
    assert!(refused.stderr.contains("error[broken-object]"), "{refused}");
}

/// Runs a command, and returns what it changes.
fn outcome_of(project: &Project, line: &str) -> (Outcome, Vec<String>) {
    let before = project.tree();
    let outcome = project.run(line);
    (outcome, before.changes(&project.tree()))
}

#[test]
fn a_project_of_sqlx() {
    let project = project(SQLX);
    let before = project.tree();
    let dry = project.transcript(&["import --dry-run --url sqlite://shop.db"]);
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    let shown = project.transcript(&["import --url sqlite://shop.db", "history", "upgrade"]);
    let changes = before.changes(&project.tree()).join("\n");
    let manifest = project.read("Cargo.toml");
    let revisions = revisions(&project, "revisions");
    assert_snapshot!(format!(
        "{dry}\n{shown}\n# changes\n{changes}\n\n# Cargo.toml\n{manifest}\n{revisions}"
    ));
}

/// A small project of every tool: what its folder becomes runs up and down. The tables of diesel,
/// refinery, dbmate, goose and Flyway are not made by these tools, but as they document them.
const PROJECTS: &[(&str, &str, Files)] = &[
    ("sqlx", "migrations", SQLX),
    (
        "diesel",
        "migrations",
        &[
            (
                "migrations/2024-01-02-030405_create_account/up.sql",
                "CREATE TABLE account (id INTEGER PRIMARY KEY);",
            ),
            (
                "migrations/2024-01-02-030405_create_account/down.sql",
                "DROP TABLE account;",
            ),
            (
                "migrations/2024-01-03-030405_create_orders/up.sql",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY);",
            ),
            (
                "migrations/2024-01-03-030405_create_orders/down.sql",
                "DROP TABLE orders;",
            ),
        ],
    ),
    (
        "refinery",
        "migrations",
        &[
            (
                "migrations/V1__create_account.sql",
                "CREATE TABLE account (id INTEGER PRIMARY KEY);",
            ),
            (
                "migrations/V2__create_orders.sql",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY);",
            ),
        ],
    ),
    (
        "dbmate",
        "db/migrations",
        &[
            (
                "db/migrations/20240102030405_create_account.sql",
                "-- migrate:up\nCREATE TABLE account (id INTEGER PRIMARY KEY);\n\
                 -- migrate:down\nDROP TABLE account;\n",
            ),
            (
                "db/migrations/20240103030405_create_orders.sql",
                "-- migrate:up\nCREATE TABLE orders (id INTEGER PRIMARY KEY);\n\
                 -- migrate:down\nDROP TABLE orders;\n",
            ),
        ],
    ),
    (
        "goose",
        "migrations",
        &[
            (
                "migrations/00001_create_account.sql",
                "-- +goose Up\nCREATE TABLE account (id INTEGER PRIMARY KEY);\n\
                 -- +goose Down\nDROP TABLE account;\n",
            ),
            (
                "migrations/00002_create_orders.sql",
                "-- +goose Up\nCREATE TABLE orders (id INTEGER PRIMARY KEY);\n\
                 -- +goose Down\nDROP TABLE orders;\n",
            ),
        ],
    ),
    (
        "flyway",
        "sql",
        &[
            (
                "sql/V1__Create_account.sql",
                "CREATE TABLE account (id INTEGER PRIMARY KEY);",
            ),
            ("sql/U1__Create_account.sql", "DROP TABLE account;"),
            (
                "sql/V1.1__Create_orders.sql",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY);",
            ),
            ("sql/U1.1__Create_orders.sql", "DROP TABLE orders;"),
        ],
    ),
];

/// The table of each tool with its first migration applied, as the tool documents it, and the revision
/// that the database is then at.
fn half_applied(tool: &str, dialect: Dialect) -> (String, &'static str) {
    let (bytes, numbered) = match dialect {
        Sqlite => ("BLOB", "INTEGER PRIMARY KEY"),
        Postgres => ("BYTEA", "SERIAL PRIMARY KEY"),
    };
    let (tables, at) = match tool {
        "sqlx" => (
            format!(
                "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                 installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
                 checksum {bytes} NOT NULL, execution_time BIGINT NOT NULL);\n\
                 INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (1, 'create account', TRUE, '', 1);"
            ),
            "1",
        ),
        "diesel" => (
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
             run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\n\
             INSERT INTO __diesel_schema_migrations (version) VALUES ('20240102030405');"
                .to_owned(),
            "20240102030405",
        ),
        "refinery" => (
            "CREATE TABLE refinery_schema_history (version INTEGER PRIMARY KEY, name VARCHAR(255), \
             applied_on VARCHAR(255), checksum VARCHAR(255));\n\
             INSERT INTO refinery_schema_history VALUES (1, 'create_account', \
             '2024-01-01T00:00:00Z', '7');"
                .to_owned(),
            "V1",
        ),
        "dbmate" => (
            "CREATE TABLE schema_migrations (version VARCHAR(128) PRIMARY KEY);\n\
             INSERT INTO schema_migrations VALUES ('20240102030405');"
                .to_owned(),
            "20240102030405",
        ),
        "goose" => (
            format!(
                "CREATE TABLE goose_db_version (id {numbered}, version_id BIGINT NOT NULL, \
                 is_applied BOOLEAN NOT NULL, tstamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP);\n\
                 INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, TRUE), \
                 (1, TRUE), (2, TRUE), (2, FALSE);"
            ),
            "1",
        ),
        "flyway" => (
            "CREATE TABLE flyway_schema_history (installed_rank INTEGER PRIMARY KEY, \
             version VARCHAR(50), description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, \
             script VARCHAR(1000) NOT NULL, checksum INTEGER, installed_by VARCHAR(100) NOT NULL, \
             installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
             execution_time INTEGER NOT NULL, success BOOLEAN NOT NULL);\n\
             INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, \
             checksum, installed_by, execution_time, success) VALUES \
             (1, '1', 'Create account', 'SQL', 'V1__Create_account.sql', 7, 'app', 1, TRUE);"
                .to_owned(),
            "V1",
        ),
        tool => panic!("{tool}"),
    };
    let account = match tool {
        "sqlx" => SQLX[0].1,
        _ => "CREATE TABLE account (id INTEGER PRIMARY KEY);",
    };
    (format!("{account}\n{tables}"), at)
}

/// Each tool's half-way database is taken over: the rest runs, the schema is that of the whole run, the
/// tool's table stays as it is, and the way down goes as far as the tool's own ways back.
#[test]
fn databases_are_taken_over_where_they_are() {
    on_both(|dialect| {
        for (tool, folder, files) in PROJECTS {
            let context = format!("{tool} on {dialect}");
            let half = project(files).on(dialect);
            half.run(&format!(
                "import {tool} {folder} --dialect {dialect} --into revisions"
            ))
            .success();
            let database = half.database("shop.db");
            half.configure(&format!("url = \"{}\"", database.url()));
            let (sql, at) = half_applied(tool, dialect);
            database.execute(&sql);
            let table = table_of(tool);
            let record = database.query(&format!("SELECT * FROM {table}"));
            // Nothing runs before that.
            let refused = failed(half.run("upgrade"));
            assert!(
                refused.stderr.contains("import -p shop --database"),
                "{context}: {refused}"
            );
            let dry = half.run("import --database --dry-run").success();
            assert!(
                dry.stderr.contains(&format!("stamp  -> {at}")),
                "{context}: {dry}"
            );
            assert_eq!(database.versions(), [""; 0], "{context}");
            match *tool {
                "goose" => half.run("stamp --from goose").success(),
                _ => half.run("import --database").success(),
            };
            assert_eq!(database.versions(), [at], "{context}");
            half.run("upgrade").success();
            half.run("verify").success();

            let whole = project(files).on(dialect);
            whole
                .run(&format!(
                    "import {tool} {folder} --dialect {dialect} --into revisions"
                ))
                .success();
            let fresh = whole.database("shop.db");
            whole.configure(&format!("url = \"{}\"", fresh.url()));
            whole.run("upgrade").success();
            let mut tables = fresh.tables();
            tables.push(table.to_owned());
            tables.sort();
            assert_eq!(database.tables(), tables, "{context}");
            assert_eq!(database.versions(), fresh.versions(), "{context}");
            assert_eq!(
                database.query(&format!("SELECT * FROM {table}")),
                record,
                "{context}"
            );
            let down = half.run("downgrade base");
            match *tool {
                "sqlx" | "refinery" => assert!(down.stderr.contains("[irreversible]"), "{down}"),
                _ => assert_eq!(down.success().status, 0),
            }
        }
    });
}

fn table_of(tool: &str) -> &'static str {
    tool.parse::<Tool>().unwrap().default_table()
}

/// sqlx holds an advisory lock on PostgreSQL while it runs, and every tool writes to its table: neither
/// may happen while the table is read. The numbers of sqlx's lock are those that it computes itself.
#[test]
fn a_tool_that_runs_is_waited_for() {
    assert_eq!(
        Tool::Sqlx.advisory_lock().unwrap()("postgres"),
        368_907_709_894_077_238
    );
    let project = project(SQLX).on(Postgres);
    project.run("import").success();
    let database = project.database("shop.db");
    database.execute(&half_applied("sqlx", Postgres).0);
    let name = &database.query("SELECT current_database()")[0];
    let number = Tool::Sqlx.advisory_lock().unwrap()(name);
    for lock in [
        format!("SELECT pg_advisory_lock({number})"),
        "BEGIN; INSERT INTO _sqlx_migrations (version, description, success, checksum, \
         execution_time) VALUES (2, 'x', TRUE, '', 1)"
            .to_owned(),
    ] {
        let mut other = Client::connect(&database.url(), NoTls).unwrap();
        other.batch_execute(&lock).unwrap();
        let outcome = failed(project.run("import --database --lock-timeout 0.2"));
        assert!(
            outcome.stderr.contains("keep the other tool from running"),
            "{outcome}"
        );
        assert_eq!(database.versions(), [""; 0], "{lock}");
    }
    settled(&project);
    assert_eq!(database.versions(), ["1"]);
}

/// Takes the database over, once the server has ended the connections of others.
fn settled(project: &Project) {
    project.run("import --database --lock-timeout 20").success();
}

/// A crate that is configured keeps its keys, and gets those that it needs.
#[test]
fn a_configured_crate() {
    let project = project(SQLX);
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[package.metadata.alembic]\nurl = \"sqlite://shop.db\" # mine\nlog = false\n"),
    );
    project.run("import").success();
    assert_snapshot!(project.read("Cargo.toml"));
    assert!(project.path("revisions/0002_create_orders.sql").exists());
    assert!(!project.path("revisions/alembic.lock").exists());
    let (again, changes) = outcome_of(&project, "import");
    assert!(
        failed(again)
            .stderr
            .contains("already exists and is not empty")
    );
    assert_eq!(changes, Vec::<String>::new());
}

#[test]
fn answers_for_programs() {
    let project = project(SQLX);
    assert_snapshot!(project.transcript(&[
        "import --url sqlite://shop.db --format json",
        "import --database --format json",
    ]));
}

/// What docs/import.md shows is what happens.
#[test]
fn the_guide() {
    let project = project(SQLX);
    project
        .database("shop.db")
        .execute(&half_applied("sqlx", Sqlite).0);
    let checksum = "UPDATE _sqlx_migrations SET checksum = x'";
    let mut commands = 0;
    for block in blocks("docs/import.md", "From sqlx") {
        for command in format!("\n{}", block.text)
            .split("\n$ cargo alembic ")
            .skip(1)
        {
            let (line, shown) = command.split_once('\n').unwrap();
            let outcome = project.run(line);
            let found = format!("{}{}", outcome.stdout, outcome.stderr);
            let [found, shown] = [&found, shown].map(timeless);
            assert!(
                found.starts_with(shown.trim_end()),
                "{line}:\n{found}\n{shown}"
            );
            commands += 1;
            // The table was made by hand.
            if line.starts_with("import --url") {
                let text = project.read("revisions/0001_create_account.sql");
                let (_, rest) = text.split_once("checksum ").unwrap();
                let (known, _) = rest.split_once(',').unwrap();
                project
                    .database("shop.db")
                    .execute(&format!("{checksum}{known}'"));
            }
        }
    }
    assert_eq!(commands, 4);
}
