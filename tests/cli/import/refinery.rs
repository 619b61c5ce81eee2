//! Databases that refinery itself has brought half way.

use alembic_history::Dialect::Postgres;
use alembic_tests::Database;
use postgres::{Client, NoTls};
use refinery_core::{Migration, Runner, Target};

use super::{Files, failed, project};

const FILES: Files = &[
    (
        "migrations/V1__create_account.sql",
        "CREATE TABLE account (id INTEGER PRIMARY KEY);\r\n",
    ),
    (
        "migrations/V2__create_orders.sql",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id));\n\
         INSERT INTO account VALUES (1); INSERT INTO orders VALUES (1, 1);\n",
    ),
    (
        "migrations/V10__add_email.sql",
        "ALTER TABLE account ADD COLUMN email TEXT;\n",
    ),
];

const EDITED: Files = &[(FILES[0].0, "CREATE TABLE account (id BIGINT PRIMARY KEY);")];

/// Has refinery migrate a database.
fn refine(database: &Database, target: Target) {
    let migrations = FILES.iter().map(|(path, sql)| {
        let name = path.trim_start_matches("migrations/");
        Migration::unapplied(name.trim_end_matches(".sql"), sql).unwrap()
    });
    let migrations: Vec<Migration> = migrations.collect();
    let mut client = Client::connect(&database.url(), NoTls).unwrap();
    let runner = Runner::new(&migrations).set_target(target);
    runner.run(&mut client).unwrap();
}

#[test]
fn half_of_refinery_is_taken_over() {
    let half = project(FILES).on(Postgres);
    half.run("import refinery --dialect postgres --into revisions")
        .success();
    let database = half.database("shop.db");
    half.configure(&format!("url = \"{}\"", database.url()));
    refine(&database, Target::Version(1));
    let history = "SELECT * FROM refinery_schema_history ORDER BY version";
    let before = database.query(history);
    assert_eq!(before.len(), 1);
    failed(half.run("upgrade"));
    // Its own checksums are those that the files were imported with.
    half.run("import --database --strict").success();
    assert_eq!(database.versions(), ["V1"]);
    let upgraded = half.run("upgrade").success();
    assert_eq!(
        upgraded.stderr.matches("Running upgrade").count(),
        2,
        "{upgraded}"
    );
    assert_eq!(database.query(history), before);

    let whole = Database::new(Postgres);
    refine(&whole, Target::Latest);
    let columns = "SELECT table_name, column_name, data_type, is_nullable \
                   FROM information_schema.columns WHERE table_name IN ('account', 'orders') \
                   ORDER BY 1, 2";
    assert_eq!(database.query(columns), whole.query(columns));
    for table in ["account", "orders"] {
        let rows = format!("SELECT * FROM {table}");
        assert_eq!(database.query(&rows), whole.query(&rows), "{table}");
    }
    let down = failed(half.run("downgrade base"));
    assert!(down.stderr.contains("[irreversible]"), "{down}");

    // Another file of the same version is another checksum.
    let edited = project(EDITED).on(Postgres);
    edited
        .run("import refinery --dialect postgres --into revisions")
        .success();
    let database = edited.database("shop.db");
    edited.configure(&format!("url = \"{}\"", database.url()));
    refine(&database, Target::Version(1));
    let refused = failed(edited.run("import --database --strict"));
    assert!(refused.stderr.contains("error[tool-checksum]"), "{refused}");
}
