//! What a revision sets for its session ends with it, whatever it sets, and by whatever means.

use alembic_migrate::options::{Purge, TransactionMode};
use alembic_migrate::{DatabaseState, Migrations};
use alembic_suite::answer::{state, text};
use alembic_suite::{Database, Handle};
use sqlx::{Row, raw_sql};

use super::{Open, Scratch, Via, block_on, chain, options, single};

/// Functions and procedures that set something for the session.
const SETTERS: &str = "
    CREATE FUNCTION sets() RETURNS void LANGUAGE plpgsql AS
        $$ BEGIN PERFORM set_config('datestyle', 'German', false); END $$;
    CREATE PROCEDURE set_all() LANGUAGE plpgsql AS
        $$ BEGIN SET bytea_output = 'escape'; SET LOCAL enable_seqscan = off; END $$;";

/// Statements that set something; `ROLE` is a role.
const SETS: &[&str] = &[
    "SET session_replication_role = replica;",
    "SET standard_conforming_strings = off;",
    "SET NAMES 'LATIN1';",
    "SET client_encoding = 'GBK'; SET standard_conforming_strings = off;",
    "SET statement_timeout = '7s'; SET lock_timeout = '8s';",
    "SET LOCAL statement_timeout = '7s'; SET LOCAL lock_timeout = '8s';",
    "SET idle_in_transaction_session_timeout = '7s'; SET SESSION TIME ZONE 'Asia/Tokyo';",
    "SET check_function_bodies = false; SET row_security = off; SET xmloption = content;",
    "SET app.tenant = 'it''s \\ \"here\"';",
    "SET search_path = 'häuser', public;",
    "SET ROLE ROLE;",
    "SET LOCAL ROLE ROLE;",
    "SET SESSION AUTHORIZATION ROLE;",
    "SET SESSION AUTHORIZATION ROLE; SET lock_timeout = '8s'; SET ROLE ROLE;",
    "SELECT set_config('role', 'ROLE', false), set_config('timezone', 'Asia/Tokyo', true);",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
    "RESET ALL;",
    "SELECT sets();",
    "CALL set_all();",
    "DO $$ BEGIN SET session_replication_role = replica; EXECUTE 'SET ROLE ROLE'; END $$;",
    "SET app.tenant = 'acme'; SELECT 1;",
    "SELECT set_config('app.tenant', lower('ACME'), false);",
    "CREATE TABLE made AS SELECT sets() IS NULL AS x;",
    "INSERT INTO noted SELECT 'x' WHERE sets() IS NOT NULL;",
    "LOAD 'auto_explain'; SET auto_explain.log_format = 'json';
     SELECT set_config('auto_explain.log_min_duration', '7s', false);",
    "CREATE EXTENSION pg_trgm; SELECT set_limit(0.9);",
    "SET lock_timeout = '3s'; SET client_connection_check_interval = '1s';",
    "INSERT INTO noted SELECT set_config(name, value, false) FROM (VALUES
        ('timezone', 'Asia/Tokyo'), ('standard_conforming_strings', 'off')) AS s (name, value);",
];

/// Everything that a session can set, as the next revision finds it; a library stays loaded, with
/// settings of its own.
const FIND: &str = "
    SELECT name || '=' || setting AS line FROM pg_settings
    WHERE context IN ('user', 'superuser') AND name NOT LIKE 'transaction%'
    AND (name NOT LIKE '%.%' OR setting IS DISTINCT FROM boot_val)
    UNION ALL SELECT 'user=' || current_user || ' ' || session_user || ' '
        || current_setting('role') || ' ' || coalesce(current_setting('app.tenant', true), '')
    ORDER BY 1";

/// How a history is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    OneByOne,
    Together,
    ATransactionEach,
}

fn run(way: Way, via: Via, scratch: &Scratch, migrations: &Migrations) -> Result<(), String> {
    let upgrade = |migrations: &Migrations, target: &str| {
        let outcome = scratch.open().upgrade(migrations, target);
        outcome.map(drop).map_err(|error| error.to_string())
    };
    match way {
        Way::OneByOne => ["r1", "r2", "r3"]
            .iter()
            .try_for_each(|target| upgrade(migrations, target)),
        Way::Together => upgrade(migrations, "heads"),
        Way::ATransactionEach => {
            let each = migrations.clone().transaction(TransactionMode::Revision);
            upgrade(&each, "heads")
        }
    }
    .map_err(|error| format!("{via:?} {way:?}: {error}"))
}

#[test]
fn what_a_revision_sets_does_not_reach_the_next_one() {
    for via in [Via::Pool, Via::Connection] {
        let mut scratch = Scratch::new(via, "");
        let role = Role::create(&scratch);
        for sets in SETS {
            let sets = sets.replace("ROLE ROLE", &format!("ROLE {}", role.name));
            let sets = sets
                .replace(
                    "AUTHORIZATION ROLE",
                    &format!("AUTHORIZATION {}", role.name),
                )
                .replace("'ROLE'", &format!("'{}'", role.name));
            for section in ["", " no-transaction"] {
                // A connection alone cannot keep others away outside of transactions; and `LOCAL`
                // means nothing there.
                if !section.is_empty() && (via == Via::Connection || sets.contains("LOCAL")) {
                    continue;
                }
                let second = format!(
                    "-- alembic: upgrade\nCREATE TABLE found AS {FIND};\n\
                     INSERT INTO noted VALUES ('C:\\temp\\new''; COMMIT; SELECT ''');"
                );
                let third = "-- alembic: upgrade\nCREATE TABLE own (x int);";
                let first = format!("-- alembic: upgrade{section}\n{sets}");
                let migrations = chain(&[first.as_str(), &second, third]);
                let mut outcome = |way| {
                    scratch.refill(&format!(
                        "{SETTERS} CREATE TABLE noted (x text); GRANT ALL ON noted TO {}",
                        role.name
                    ));
                    run(way, via, &scratch, &migrations).unwrap_or_else(|error| {
                        panic!("{sets}{section}: {error}");
                    });
                    scratch.rows(
                        "SELECT line FROM found UNION ALL SELECT x FROM noted UNION ALL
                         SELECT tablename || ' of ' || tableowner FROM pg_tables
                         WHERE schemaname = 'public'",
                    )
                };
                let expected = outcome(Way::OneByOne);
                assert!(expected.contains("C:\\temp\\new'; COMMIT"), "{expected}");
                for way in [Way::Together, Way::ATransactionEach] {
                    assert_same(
                        &outcome(way),
                        &expected,
                        &format!("{sets}{section} {way:?}"),
                    );
                }
            }
        }
        role.drop(&scratch);
    }
}

/// The caller's own settings, some of which the revision and the run itself change, too.
const OWN: &str =
    "SET lock_timeout = '11s'; SET timezone = 'Europe/Berlin'; SET app.tenant = 'own';
    SET statement_timeout = '12s'; SET idle_in_transaction_session_timeout = '13s';
    SET client_connection_check_interval = '14s'; SET search_path = public, pg_catalog;";

#[test]
fn a_callers_connection_keeps_its_settings() {
    let mut scratch = Scratch::new(Via::Connection, "");
    let role = Role::create(&scratch);
    for sets in SETS {
        let sets = sets.replace(
            "AUTHORIZATION ROLE",
            &format!("AUTHORIZATION {}", role.name),
        );
        let sets = sets.replace("'ROLE'", &format!("'{}'", role.name));
        let sets = sets.replace("ROLE ROLE", &format!("ROLE {}", role.name));
        for (fails, mode) in [
            ("", TransactionMode::Run),
            ("", TransactionMode::Revision),
            ("SELECT 1 / 0;", TransactionMode::Run),
        ] {
            scratch.refill(&format!(
                "{SETTERS} CREATE TABLE noted (x text); GRANT ALL ON noted TO {}",
                role.name
            ));
            let first = format!("-- alembic: upgrade\n{sets}");
            let second = format!("-- alembic: upgrade\nCREATE TABLE b (x int);\n{fails}");
            let migrations = chain(&[first, second]).transaction(mode);
            let mut database = scratch.open();
            database.execute(OWN);
            let before = settings(&mut database);
            let outcome = database.upgrade(&migrations, "heads");
            assert_eq!(outcome.is_err(), !fails.is_empty(), "{sets}: {outcome:?}");
            let mut after = settings(&mut database);
            if sets.contains("RESET ALL") {
                // PostgreSQL does not list the settings that it does not know.
                after = after.replace("none \n", "none own\n");
            }
            assert_same(&after, &before, &format!("{sets} {mode} {fails}"));
        }
    }
    role.drop(&scratch);
}

fn settings(database: &mut Open) -> String {
    let Open::Connection(connection) = database else {
        panic!("a caller has a connection");
    };
    let rows = block_on(raw_sql(FIND).fetch_all(connection)).unwrap();
    let lines = rows.iter().map(|row| row.get::<String, _>(0));
    lines.map(|line| line + "\n").collect()
}

/// Compares two lists of settings, and shows only what differs.
#[track_caller]
fn assert_same(found: &str, expected: &str, context: &str) {
    let differs = |one: &str, other: &str| {
        let known: Vec<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !known.contains(line));
        lines.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let (more, less) = (differs(found, expected), differs(expected, found));
    assert!(
        more.is_empty() && less.is_empty(),
        "{context}: found {more:?}, expected {less:?}"
    );
}

#[test]
fn a_role_that_may_not_write_the_version_table_may_run_a_revision() {
    for via in [Via::Pool, Via::Options] {
        let scratch = Scratch::new(via, "");
        let role = Role::create(&scratch);
        let set = format!("SET ROLE {};", role.name);
        let alone = format!(
            "-- alembic: upgrade\n{set}\nCREATE TABLE a (x int);\n\
             -- alembic: upgrade no-transaction\n{set}\nCREATE INDEX CONCURRENTLY i ON a (x);\n\
             CREATE INDEX CONCURRENTLY j ON a (x);"
        );
        let migrations = chain(&[
            alone.as_str(),
            "-- alembic: upgrade\nCREATE TABLE b (x int);",
        ]);
        let owners = || {
            scratch.rows(
                "SELECT tablename || ' ' || tableowner FROM pg_tables
                WHERE schemaname = 'public' ORDER BY 1",
            )
        };
        let outcome = scratch.open().upgrade(&migrations, "heads");
        outcome.unwrap_or_else(|error| panic!("{via:?}: {error}"));
        let owner = scratch.rows("SELECT current_user").trim().to_owned();
        assert_eq!(
            owners(),
            format!(
                "a {}\nalembic_version {owner}\nalembic_version_log {owner}\nb {owner}\n",
                role.name
            )
        );
        role.drop(&scratch);
    }
}

/// A part of a long revision goes to the server in one message, and a setting does not take effect in
/// the message that it is in.
#[test]
fn every_statement_is_read_as_it_was_split() {
    let filler = format!("INSERT INTO a VALUES ('{}');\n", "x".repeat(20_000));
    for (sets, is_read) in [
        ("SET client_encoding = 'GBK';", true),
        (
            "DO $$ BEGIN SET standard_conforming_strings = off; END $$;",
            true,
        ),
        // Here, backslashes were meant to be escapes.
        ("SET standard_conforming_strings = off;", false),
        (
            "SELECT set_config('standard_conforming_strings', 'off', false), 1;",
            false,
        ),
    ] {
        for section in ["", " no-transaction"] {
            let via = Via::Pool;
            let scratch = Scratch::new(via, "CREATE TABLE a (x text)");
            let literal = "INSERT INTO a VALUES ('\\''), (''; COMMIT; --'' ß\\');\n";
            let literal = literal.replace("'\\''), (''", "'\\'), ('''");
            let first = format!("-- alembic: upgrade{section}\n{sets}\n{literal}{filler}{literal}");
            let outcome = scratch.open().upgrade(&chain(&[first]), "heads");
            if !is_read {
                let error = outcome.unwrap_err();
                assert!(error.to_string().contains("write E'...'"), "{error}");
                assert_eq!(*state(&error), DatabaseState::Unchanged);
                continue;
            }
            outcome.unwrap_or_else(|error| panic!("{sets}{section}: {error}"));
            let found = scratch.rows("SELECT x FROM a WHERE length(x) < 100");
            let expected = "\\\n'; COMMIT; --' ß\\\n".repeat(2);
            assert_eq!(found, expected, "{sets}{section}");
        }
    }
}

#[test]
fn a_setting_that_is_refused_leaves_the_database_unchanged() {
    let scratch = Scratch::new(Via::Pool, "");
    let outcome = scratch.open().upgrade(&single("SET nosuch = 1;"), "heads");
    let error = outcome.unwrap_err();
    assert_eq!(*state(&error), DatabaseState::Unchanged);
}

/// A role of the test's own, which may create tables in `public`.
pub(super) struct Role {
    pub(super) name: String,
}

impl Role {
    pub(super) fn create(scratch: &Scratch) -> Self {
        let database = scratch.rows("SELECT current_database()").trim().to_owned();
        let name = format!("{database}_role");
        scratch.execute(&format!(
            "CREATE ROLE {name}; GRANT ALL ON SCHEMA public TO {name}"
        ));
        Self { name }
    }

    pub(super) fn drop(self, scratch: &Scratch) {
        let name = self.name;
        scratch.execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"));
    }
}

/// The session's user takes the role away that the user who connects has by default.
#[test]
fn a_role_outlasts_a_change_of_the_sessions_user() {
    for via in [Via::Pool, Via::Connection] {
        let scratch = Scratch::new(via, "");
        let role = Role::create(&scratch);
        let own = options(&scratch.address()).options([("role", role.name.as_str())]);
        let sets = format!(
            "-- alembic: upgrade\nRESET ROLE;\nSET SESSION AUTHORIZATION {};",
            role.name
        );
        let migrations = chain(&[
            "-- alembic: upgrade\nCREATE TABLE a (x int);",
            &sets,
            "-- alembic: upgrade\nCREATE TABLE b (x int);",
        ]);
        Open::with(via, own).upgrade(&migrations, "heads").unwrap();
        let owners =
            scratch.rows("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(owners, format!("{}\n", role.name));
        role.drop(&scratch);
    }
}

/// The role of a section in a transaction holds in the section after it, but not for what the run
/// records in between; nor when the revision is continued.
#[test]
fn a_role_does_not_keep_a_revision_from_going_on() {
    let scratch = Scratch::new(Via::Pool, "");
    let limited = Role::create(&scratch);
    scratch.execute(&format!(
        "REVOKE CREATE ON SCHEMA public FROM {0}; CREATE TABLE a (x int); GRANT ALL ON a TO {0}",
        limited.name
    ));
    let sections = |statement: &str| {
        format!(
            "-- alembic: upgrade\nSET ROLE {0};\nINSERT INTO a VALUES (1);\n\
             -- alembic: upgrade no-transaction\nINSERT INTO a VALUES (2);\n{statement};\n\
             -- alembic: upgrade\nINSERT INTO a VALUES (3);",
            limited.name
        )
    };
    let fails = chain(&[sections("INSERT INTO a VALUES (1 / 0)")]);
    scratch.open().upgrade(&fails, "heads").unwrap_err();
    let mended = chain(&[sections(
        "INSERT INTO a SELECT 4 WHERE current_user = session_user",
    )]);
    scratch.open().upgrade(&mended, "heads").unwrap();
    let found = scratch.rows("SELECT string_agg(x::text, ' ' ORDER BY x) FROM a");
    assert_eq!(found, "1 2 3\n");
    limited.drop(&scratch);
}

/// A trigger that runs at the commit cannot move the row unseen.
#[test]
fn what_waits_for_the_commit_runs_before_the_last_check() {
    let trigger = "
        CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);
        CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE alembic_version SET version_num = 'r9'; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER moves AFTER INSERT ON alembic_version
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moves();
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);";
    for via in [Via::Pool, Via::Connection] {
        let scratch = Scratch::new(via, trigger);
        let before = scratch.dump();
        let migrations = single("CREATE TABLE a (x int);");
        for attempt in [
            scratch.open().upgrade(&migrations, "heads").map(drop),
            scratch
                .open()
                .stamp(&migrations, &["heads"], Purge::No)
                .map(drop),
        ] {
            let error = attempt.unwrap_err();
            assert!(error.to_string().contains("r9"), "{error}");
            assert_eq!(*state(&error), DatabaseState::Unchanged);
            assert_eq!(scratch.dump(), before);
        }
        scratch.execute("DROP TRIGGER moves ON alembic_version");
        let dangling = single("INSERT INTO child VALUES (7);");
        let error = scratch.open().upgrade(&dangling, "heads").unwrap_err();
        let expected = "cannot commit: insert or update on table \"child\" violates foreign key";
        assert!(text(&error).starts_with(expected), "{error}");
        let mended = single("INSERT INTO child VALUES (7); INSERT INTO parent VALUES (7);");
        scratch.open().upgrade(&mended, "heads").unwrap();
    }
}
