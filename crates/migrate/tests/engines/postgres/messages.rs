//! What errors say, and what they must not.

use std::error::Error;
use std::fmt::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Open, Scratch, Via, block_on, chain, single};
use alembic_migrate::{FailureKind, RunError};
use alembic_suite::Handle;
use alembic_suite::answer::{failure, text};
use alembic_tests::postgres::Server;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// Checks what is said of statements that fail, from the place on.
#[track_caller]
fn check(statements: &str, expected: &str) {
    let scratch = Scratch::new(Via::Pool, "");
    let error = scratch
        .open()
        .upgrade(&single(statements), "heads")
        .unwrap_err();
    let message = failure(&error);
    assert_eq!(message, format!("r1.sql:{expected}"), "{statements}");
}

#[test]
fn errors_have_everything_that_the_server_adds() {
    check(
        "CREATE TABLE a (x int UNIQUE);\nINSERT INTO a VALUES (1), (1);",
        "7:1: statement 2 of revision r1 failed: duplicate key value violates unique constraint \
         \"a_x_key\"; Key (x)=(1) already exists",
    );
    check(
        "CREATE TABLE a (name text);\nSELECT nam FROM a;",
        "7:8: statement 2 of revision r1 failed: column \"nam\" does not exist; \
         hint: Perhaps you meant to reference the column \"a.name\"",
    );
    check(
        "DO $$ BEGIN\n  RAISE 'it fails' USING DETAIL = 'The detail.', HINT = 'The hint.';\nEND $$;",
        "6:1: statement 1 of revision r1 failed: it fails; The detail; hint: The hint; \
         in PL/pgSQL function inline_code_block line 2 at RAISE",
    );
    check(
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';\n\
         CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN f(); END';\nSELECT g();",
        "8:1: statement 3 of revision r1 failed: no; \
         in PL/pgSQL function f() line 1 at RAISE",
    );
    // A place in another text than that of the statement.
    check(
        "SELECT 1;\nDO 'BEGIN EXECUTE ''SELECT * FRM a''; END';",
        "7:1: statement 2 of revision r1 failed: syntax error at or near \"FRM\"; \
         in PL/pgSQL function inline_code_block line 1 at EXECUTE",
    );
    check(
        "/* größer 🦀 */ SELECT 'ä🎉' AS \"ü\",\n  'é' || x;",
        "7:10: statement 1 of revision r1 failed: column \"x\" does not exist",
    );
    check(
        "SELECT 1 FROM 🦀;",
        "6:15: statement 1 of revision r1 failed: relation \"🦀\" does not exist",
    );
}

#[test]
fn an_error_behind_everything_is_one_of_the_last_statement() {
    let sections = "-- alembic: upgrade\nCREATE TABLE a (x int);\nUPDATE a SET x = 'ä' +\n\
                    -- alembic: upgrade no-transaction\nVACUUM;";
    let scratch = Scratch::new(Via::Pool, "");
    let error = scratch
        .open()
        .upgrade(&chain(&[sections]), "heads")
        .unwrap_err();
    assert_eq!(
        failure(&error),
        "r1.sql:7:23: statement 2 of revision r1 failed: syntax error at end of input"
    );
}

#[test]
fn a_character_that_the_database_does_not_have_is_found() {
    let server = Server::shared().database();
    server.execute(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let options: PgConnectOptions = server.url().parse().unwrap();
    let mut latin = Open::with(Via::Options, options.database("latin"));
    let migrations = single(
        "CREATE TABLE a (name text);\nINSERT INTO a VALUES ('é');\nINSERT INTO a VALUES ('é€');",
    );
    let error = latin.upgrade(&migrations, "heads").unwrap_err();
    let told = failure(&error);
    drop(latin);
    server.execute("DROP DATABASE latin");
    assert_eq!(
        told,
        "r1.sql:8:25: statement 3 of revision r1 failed: character with byte sequence 0xe2 0x82 \
         0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\""
    );
}

/// Everything that an error gives to read.
fn everything(error: &RunError) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{}\n", failure(error));
    let mut source = error.source();
    while let Some(error) = source {
        let _ = write!(text, "{error}\n{error:?}\n{error:#?}\n");
        source = error.source();
    }
    text
}

const SECRET: &str = "swörd-f1sh/%?";
const ENCODED: &str = "sw%C3%B6rd-f1sh%2F%25%3F";

#[test]
fn a_password_is_nowhere_to_be_read() {
    let server = Server::start();
    let database = server.database();
    database.execute(&format!("CREATE ROLE guest LOGIN PASSWORD '{SECRET}'"));
    let address = |database: &str| {
        let url = server.url(database);
        url.rsplit_once('@').unwrap().1.to_owned()
    };
    let here = address(database.name());
    // Somebody who never answers, and nobody.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let silent = silent.local_addr().unwrap();
    let nobody = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap()
    };
    for (url, expected) in [
        (
            format!("postgres://alembic:{ENCODED}@{here}"),
            "cannot connect: password authentication failed for user \"alembic\"",
        ),
        (
            format!("postgres://alembic@{here}?password={ENCODED}"),
            "cannot connect: password authentication failed for user \"alembic\"",
        ),
        (
            format!("postgres://nobody:{ENCODED}@{here}"),
            "cannot connect: password authentication failed for user \"nobody\"",
        ),
        (
            format!("postgres://guest:{ENCODED}@{}", address("nowhere")),
            "cannot connect: database \"nowhere\" does not exist",
        ),
        (
            format!("postgres://guest:{ENCODED}@{nobody}/a"),
            "cannot connect: ",
        ),
        (
            format!("postgres://guest:{ENCODED}@localhost.invalid/a"),
            "cannot connect: ",
        ),
        (
            format!("postgres://guest:{ENCODED}@{here}?sslmode=require"),
            "cannot connect: ",
        ),
        // It works, and what is done then fails.
        (
            format!("postgres://guest:{ENCODED}@{here}"),
            "cannot create the version table: permission denied for schema public",
        ),
    ] {
        let options: PgConnectOptions = url.parse().unwrap();
        let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(2));
        let pool = block_on(async { pool.connect_lazy_with(options.clone()) });
        for mut database in [Open::Options(options), Open::Pool(pool)] {
            let told = Arc::new(Mutex::new(String::new()));
            let events = Arc::clone(&told);
            let migrations = single("SELECT 1;").observe(move |event| {
                let _ = write!(events.lock().unwrap(), "{event:?}");
            });
            let error = database.upgrade(&migrations, "heads").unwrap_err();
            assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
            let message = text(&error);
            assert!(message.starts_with(expected), "{message}");
            let read = everything(&error) + &told.lock().unwrap() + &format!("{migrations:?}");
            for secret in [SECRET, ENCODED, "f1sh", "s3cret"] {
                assert!(!read.contains(secret), "{secret}: {read}");
            }
        }
    }
    let url = format!("postgres://guest:{ENCODED}@{silent}/a");
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(200));
    let pool = block_on(async { pool.connect_lazy(&url).unwrap() });
    let begin = Instant::now();
    let upgraded = Open::Pool(pool).upgrade(&single("SELECT 1;"), "heads");
    let error = upgraded.unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_eq!(error.kind(), FailureKind::Unreachable);
    assert!(!everything(&error).contains("f1sh"));
}
