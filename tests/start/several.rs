//! Several crates in one database.

use alembic_migrate::options::VersionTable;
use alembic_migrate::{Dialect, Migrations, ensure_all_ready};
use alembic_tests::{Database, revision};

use crate::databases::{columns, open_read_only, schema, with};
use crate::open::Open;
use crate::{lines, migrations};

/// The constraint keeps its name when PostgreSQL renames the table.
const USERS: &str = "CREATE TABLE users (id INTEGER CONSTRAINT pk PRIMARY KEY, name TEXT);";
const BILLS: &str =
    "CREATE TABLE bills (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));";

/// A crate whose table was called otherwise in its first revision.
fn accounts() -> Migrations {
    let revisions = [
        revision("a1").upgrade(USERS.replace("users", "accounts")),
        revision("a2")
            .revises("a1")
            .upgrade("ALTER TABLE accounts RENAME TO users;"),
    ];
    migrations("accounts", &revisions).version_table(VersionTable {
        name: "accounts_version".to_owned(),
        schema: None,
    })
}

/// A crate whose table refers to one of `accounts`.
fn billing() -> Migrations {
    let revisions = [
        revision("b1").upgrade(BILLS).depends_on("accounts@a2"),
        revision("b2")
            .revises("b1")
            .upgrade("ALTER TABLE bills ADD COLUMN paid INTEGER;"),
    ];
    migrations("billing", &revisions)
        // Were the database taken for a legacy one, the table would never be created.
        .baseline("b1")
        .version_table(VersionTable {
            name: "billing_version".to_owned(),
            schema: None,
        })
}

fn accounts_with_schema() -> Migrations {
    accounts().schema("accounts.sql", USERS)
}

fn billing_with_schema() -> Migrations {
    let bills = BILLS.replace("(id));", "(id), paid INTEGER);");
    billing().schema("billing.sql", bills)
}

#[test]
fn crates_share_a_database() {
    let created =
        |package: &str, head: &str| format!("{package}: fresh created [] -> [{head}], applied []");
    let replayed = |package: &str, head: &str, steps: &str| {
        format!("{package}: fresh migrated [] -> [{head}], applied [{steps}]")
    };
    for &dialect in Dialect::ALL {
        let mut first: Option<String> = None;
        for (accounts, billing, expected) in [
            (
                accounts(),
                billing(),
                [
                    replayed("accounts", "a2", "a1 a2"),
                    replayed("billing", "b2", "b1 b2"),
                ],
            ),
            (
                accounts_with_schema(),
                billing(),
                [
                    created("accounts", "a2"),
                    replayed("billing", "b2", "b1 b2"),
                ],
            ),
            (
                accounts(),
                billing_with_schema(),
                [
                    replayed("accounts", "a2", "a1 a2"),
                    created("billing", "b2"),
                ],
            ),
            (
                accounts_with_schema(),
                billing_with_schema(),
                [created("accounts", "a2"), created("billing", "b2")],
            ),
        ] {
            for crates in [[&accounts, &billing], [&billing, &accounts]] {
                let database = Database::new(dialect);
                let done = ensure_all_ready(&mut Open::new(&database), &crates);
                assert_eq!(lines(done), expected, "{dialect}");
                let schema = schema(&database, &["accounts_version", "billing_version"]);
                let first = first.get_or_insert_with(|| schema.clone());
                assert_eq!(&schema, first, "{dialect}");
                assert_eq!(database.query("SELECT * FROM accounts_version"), ["a2"]);
                assert_eq!(database.query("SELECT * FROM billing_version"), ["b2"]);

                let before = database.bytes();
                let again = ensure_all_ready(&mut open_read_only(&database), &crates);
                let ready = [
                    "accounts: tracked ready [a2] -> [a2], applied []",
                    "billing: tracked ready [b2] -> [b2], applied []",
                ];
                assert_eq!(lines(again), ready, "{dialect}");
                assert!(before == database.bytes(), "{dialect}");
            }
        }
    }
}

/// A crate that comes later finds the tables of those before it, and is fresh all the same.
#[test]
fn a_crate_comes_later() {
    for &dialect in Dialect::ALL {
        for (accounts, billing) in [
            (accounts(), billing()),
            (accounts_with_schema(), billing()),
            (accounts(), billing_with_schema()),
        ] {
            let database = Database::new(dialect);
            ensure_all_ready(&mut Open::new(&database), &[&accounts]).unwrap();
            let crates = [&accounts, &billing];
            let done = lines(ensure_all_ready(&mut Open::new(&database), &crates));
            assert_eq!(done[0], "accounts: tracked ready [a2] -> [a2], applied []");
            assert!(
                done[1].starts_with("billing: fresh "),
                "{dialect}: {done:?}"
            );
            assert_eq!(columns(&database, "bills"), ["id", "user_id", "paid"]);
        }
    }
}

#[test]
fn each_crate_is_found_for_itself() {
    let (accounts, billing) = (accounts_with_schema().baseline("a1"), billing_with_schema());
    for &dialect in Dialect::ALL {
        let database = with(
            dialect,
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT); \
             INSERT INTO accounts VALUES (1, 'x');",
        );
        let done = ensure_all_ready(&mut Open::new(&database), &[&accounts, &billing]);
        assert_eq!(
            lines(done),
            [
                "accounts: legacy migrated [] -> [a2], applied [a2]",
                "billing: fresh created [] -> [b2], applied []",
            ],
            "{dialect}"
        );
        assert_eq!(database.query("SELECT name FROM users"), ["x"]);
    }
}

#[test]
fn crates_before_the_one_that_fails_stay_ready() {
    let accounts = accounts();
    let broken = billing_with_schema().schema("billing.sql", "CREATE TABLE bills (,);");
    for &dialect in Dialect::ALL {
        let database = Database::new(dialect);
        let done = ensure_all_ready(&mut Open::new(&database), &[&accounts, &broken]);
        let error = done.unwrap_err().to_string();
        assert!(
            error.starts_with("crate `billing`: billing.sql:1:21: "),
            "{dialect}: {error}"
        );
        assert_eq!(database.query("SELECT * FROM accounts_version"), ["a2"]);
        assert_eq!(
            database.tables(),
            ["accounts_version", "accounts_version_log", "users"]
        );
    }
}

#[test]
fn what_no_crate_has_is_found_before_anything_is_done() {
    let (accounts, billing) = (accounts(), billing());
    let strange = revision("s1")
        .upgrade("SELECT 1;")
        .depends_on("accounts@a9");
    let strange = migrations("strange", &[strange]);
    for &dialect in Dialect::ALL {
        let database = with(dialect, "CREATE TABLE other (id INTEGER);");
        let before = database.bytes();
        for crates in [[&billing, &strange], [&accounts, &strange]] {
            let done = ensure_all_ready(&mut Open::new(&database), &crates);
            let error = done.unwrap_err().to_string();
            assert!(error.contains("accounts"), "{dialect}: {error}");
            assert!(
                before == database.bytes(),
                "{dialect}: the database changed"
            );
        }
    }
}
