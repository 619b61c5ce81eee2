//! A new user's first ten minutes.

use alembic_history::Dialect;
use alembic_tests::Project;
use insta::assert_snapshot;

#[test]
fn first_ten_minutes() {
    let project = Project::new("shop");
    let users = "migrations/20250128_1000_aa01_create_users.sql";
    let email = "migrations/20250128_1000_bb02_add_e_mail_addresses.sql";
    let mut shown = project.transcript(&[
        "upgrade",
        "init",
        "upgrade",
        "revision -m 'Create users' --rev-id aa01",
    ]);
    let mut then = |what: &str, lines: &[&str]| {
        shown.push_str(&format!("\n# {what}\n\n{}", project.transcript(lines)));
    };
    project
        .replace(
            users,
            "-- alembic: upgrade\n",
            "-- alembic: upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
        )
        .replace(users, "-- alembic: downgrade\n", "-- alembic: downgrade\nDROP TABLE users;\n");
    then(
        "write CREATE TABLE users and DROP TABLE users",
        &[
            "upgrade",
            "history",
            "current",
            "revision -m 'Add e-mail addresses' --rev-id bb02",
        ],
    );
    project
        .replace(
            email,
            "-- alembic: upgrade\n",
            "-- alembic: upgrade\nALTER TABLE users ADD COLUMN email TEXT;\n\
             CREATE UNIQUE INDEX users_email ON users (emial);\n",
        )
        .replace(
            email,
            "-- alembic: downgrade\n",
            "-- alembic: downgrade\nDROP INDEX users_email;\nALTER TABLE users DROP COLUMN email;\n",
        );
    then("write SQL with a typing error", &["upgrade", "current"]);
    project.replace(email, "emial", "email");
    then(
        "correct it",
        &[
            "upgrade",
            "downgrade -1",
            "history -i",
            "upgrade",
            "upgrade",
            "current --check-heads",
        ],
    );
    project.replace(email, "Revises: aa01", "Revises: aa02");
    then("break the chain", &["upgrade"]);
    project.replace(email, "Revises: aa02", "Revises: aa01");
    project.replace(email, "alembic: downgrade", "alembic: downgrad");
    then("misspell a heading", &["upgrade"]);
    assert_snapshot!(shown);
}

#[test]
fn first_ten_minutes_on_a_server() {
    let project = Project::new("shop").on(Dialect::Postgres);
    let customers = "migrations/20250128_1000_aa01_create_customers.sql";
    let index = "migrations/20250128_1000_bb02_find_customers_by_name.sql";
    let url = project.database("shop.db").url();
    let (server, _) = url.rsplit_once('/').unwrap();
    let elsewhere = project.here().env("DATABASE_URL", format!("{server}/shop"));
    let nowhere = project.here().env("DATABASE_URL", "");
    let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap();

    let mut shown = project.transcript(&["init", "revision -m 'Create customers' --rev-id aa01"]);
    let manifest = project.read("Cargo.toml");
    shown.push_str(&format!("\n# what is in Cargo.toml now\n\n{manifest}"));
    let mut then = |what: &str, transcript: String| {
        let transcript = transcript.replace(port, "[port]");
        shown.push_str(&format!("\n# {what}\n\n{transcript}"));
    };
    project
        .replace(
            customers,
            "-- alembic: upgrade\n",
            "-- alembic: upgrade\nCREATE TABLE customers (\n    id BIGINT GENERATED ALWAYS AS \
             IDENTITY PRIMARY KEY,\n    name TEXT NOT NULL,\n    joined TIMESTAMPTZ NOT NULL \
             DEFAULT now()\n);\n",
        )
        .replace(
            customers,
            "-- alembic: downgrade\n",
            "-- alembic: downgrade\nDROP TABLE customers;\n",
        );
    then(
        "write CREATE TABLE customers and DROP TABLE customers, and forget to create the database",
        elsewhere.transcript(&["upgrade"]),
    );
    then(
        "create it, and forget to say where it is",
        nowhere.transcript(&["upgrade"]),
    );
    then(
        "say where it is",
        project.transcript(&[
            "upgrade",
            "current -v",
            "revision -m 'Find customers by name' --rev-id bb02",
        ]),
    );
    project
        .replace(
            index,
            "-- alembic: upgrade\n",
            "-- alembic: upgrade\nCREATE INDEX CONCURRENTLY customers_name ON customers (name);\n",
        )
        .replace(
            index,
            "-- alembic: downgrade\n",
            "-- alembic: downgrade\nDROP INDEX CONCURRENTLY customers_name;\n",
        );
    then(
        "write CREATE INDEX CONCURRENTLY",
        project.transcript(&["upgrade"]),
    );
    project.replace(
        index,
        "-- alembic: upgrade\n",
        "-- alembic: upgrade postgres no-transaction\n",
    );
    then(
        "do as it says, for the upgrade",
        project.transcript(&["upgrade", "downgrade -1"]),
    );
    project.replace(
        index,
        "-- alembic: downgrade\n",
        "-- alembic: downgrade postgres no-transaction\n",
    );
    then(
        "and for the downgrade",
        project.transcript(&[
            "downgrade -1",
            "history -i",
            "upgrade",
            "upgrade",
            "current --check-heads",
            "lock",
            "test",
        ]),
    );
    assert_snapshot!(shown);
}
