//! A new user's first ten minutes.

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
