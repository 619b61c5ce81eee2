//! Indexes that are built beside the work of others, and statements whose run dies.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{scope, sleep};
use std::time::Duration;

use super::{Open, Scratch, Via, chain, options, wait_until, wait_until_alone};
use alembic_migrate::options::Interruption;
use alembic_migrate::{Event, FailureKind, Migrations, RunError};
use alembic_suite::answer::{failure, interrupted_statement, is_interrupted, state};
use alembic_suite::{Database, Handle};
use alembic_tests::postgres::Server;

const TABLE: &str = "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (1);
    CREATE SCHEMA \"Other\"; CREATE TABLE \"Other\".\"A a\" AS SELECT x FROM a";

/// One revision that runs a statement outside of transactions.
fn outside(statements: &str) -> Migrations {
    let section = format!("-- alembic: upgrade no-transaction\n{statements};");
    chain(&[section])
}

fn upgrade(scratch: &Scratch, migrations: &Migrations) -> Result<(), RunError> {
    scratch.open().upgrade(migrations, "heads").map(drop)
}

#[test]
fn an_index_that_is_not_valid_is_named_until_it_is_gone() {
    for (statement, index) in [
        (
            "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)",
            "public.a_x",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON public.a USING btree (x)",
            "public.a_x",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY \"A ; x\" ON \"Other\".\"A a\" (x)",
            "\"Other\".\"A ; x\"",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY A_X ON ONLY a (x)",
            "public.a_x",
        ),
    ] {
        let scratch = Scratch::new(Via::Pool, TABLE);
        let migrations = outside(statement);
        let error = upgrade(&scratch, &migrations).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Migration);
        let message = failure(&error);
        let end = format!("Key (x)=(1) is duplicated; it left an invalid index: {index}");
        assert!(message.ends_with(&end), "{statement}: {message}");
        let table = if index.contains("Other") {
            "\"Other\".\"A a\""
        } else {
            "a"
        };
        scratch.execute(&format!("DELETE FROM {table} WHERE ctid = '(0,1)'"));
        for _ in 0..2 {
            let error = upgrade(&scratch, &migrations).unwrap_err();
            let expected =
                format!("the index {index} is invalid: it was only partly built or dropped");
            assert_eq!(failure(&error), expected, "{statement}");
        }
        scratch.execute(&format!("DROP INDEX CONCURRENTLY {index}"));
        upgrade(&scratch, &migrations).unwrap();
        let valid = "SELECT bool_and(indisvalid), count(*) FROM pg_index
            WHERE indrelid IN ('a'::regclass, '\"Other\".\"A a\"'::regclass)";
        assert_eq!(scratch.rows(valid), "t|1\n", "{statement}");
    }
}

#[test]
fn an_index_without_a_name_is_named_too() {
    let scratch = Scratch::new(Via::Pool, TABLE);
    let migrations = outside("CREATE UNIQUE INDEX CONCURRENTLY ON a (x)");
    let error = upgrade(&scratch, &migrations).unwrap_err();
    let message = failure(&error);
    assert!(
        message.ends_with("it left an invalid index: public.a_x_idx"),
        "{message}"
    );
    scratch.execute("DELETE FROM a WHERE ctid = '(0,1)'");
    scratch.execute("DROP INDEX a_x_idx");
    upgrade(&scratch, &migrations).unwrap();
}

#[test]
fn indexes_that_cannot_be_built_anew_are_named() {
    let scratch = Scratch::new(
        Via::Pool,
        "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (2)",
    );
    // A function that does not keep what it has promised.
    scratch.execute(
        "CREATE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN x; END $$;
         CREATE UNIQUE INDEX a_f ON a (f(x));
         CREATE OR REPLACE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql
         AS $$ BEGIN RETURN 1; END $$",
    );
    for statement in [
        "REINDEX INDEX CONCURRENTLY a_f",
        "REINDEX TABLE CONCURRENTLY a",
    ] {
        let error = upgrade(&scratch, &outside(statement)).unwrap_err();
        let message = failure(&error);
        assert!(
            message.contains("it left an invalid index: public.a_f_ccnew"),
            "{message}"
        );
        scratch.execute("DROP INDEX IF EXISTS a_f_ccnew");
    }
}

/// What the run dies of.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// Its connection is terminated.
    Terminated,
    /// Its process is killed.
    Killed,
}

/// The database that this process is to migrate, and the statements, when it is one that a test
/// has started.
const ADDRESS: &str = "ALEMBIC_TEST_OUTSIDE_ADDRESS";
const STATEMENTS: &str = "ALEMBIC_TEST_OUTSIDE_STATEMENTS";

/// Has a run die while a statement waits for somebody else's transaction.
fn die(scratch: &Scratch, statements: &str, waits: &str, death: Death) {
    let active = format!(
        "SELECT 1 FROM pg_stat_activity WHERE query = '{waits}' AND state = 'active'
         AND wait_event_type = 'Lock' AND datname = current_database()"
    );
    let comes_so_far = || wait_until(|| !scratch.rows(&active).is_empty(), "it does not wait");
    match death {
        Death::Terminated => scope(|scope| {
            let run = scope.spawn(|| upgrade(scratch, &outside(statements)).unwrap_err());
            comes_so_far();
            scratch.rows(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '{waits}'
                 AND state = 'active' AND datname = current_database()"
            ));
            let error = run.join().unwrap();
            assert_eq!(error.kind(), FailureKind::Unreachable, "{error}");
            assert_eq!(
                state(&error).to_string(),
                "revision r1 is unfinished: its first statement is \
                 done, and statement 2 may have taken effect"
            );
        }),
        Death::Killed => {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "postgres::outside::a_run_dies_of_this"])
                .env(ADDRESS, scratch.address())
                .env(STATEMENTS, statements)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            comes_so_far();
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Not a test, but for the process that one of them starts.
#[test]
fn a_run_dies_of_this() {
    let Ok(address) = std::env::var(ADDRESS) else {
        return;
    };
    let statements = std::env::var(STATEMENTS).unwrap();
    let mut database = Open::at(Via::Options, &address);
    let _ = database.upgrade(&outside(&statements), "heads");
}

#[test]
fn a_statement_that_was_begun_is_told_with_what_is_there() {
    let create = "CREATE INDEX CONCURRENTLY a_x ON a (x)";
    let drop = "DROP INDEX CONCURRENTLY old";
    let not_valid = "the index public.a_x exists, but is invalid: drop it with \
                     `DROP INDEX CONCURRENTLY public.a_x`";
    for (waits, death, found) in [
        (create, Death::Terminated, not_valid),
        // The server goes on by itself.
        (
            create,
            Death::Killed,
            "the index public.a_x exists and is valid",
        ),
        (drop, Death::Terminated, "the index public.old still exists"),
        (drop, Death::Killed, "there is no index old"),
    ] {
        let context = format!("{waits}, {death:?}");
        let scratch = Scratch::new(Via::Pool, TABLE);
        scratch.execute("CREATE INDEX old ON a (x)");
        let mut other = scratch.client();
        // What is written is waited for by whoever builds or drops an index.
        other
            .batch_execute("BEGIN; INSERT INTO a VALUES (3)")
            .unwrap();
        let statements = format!("INSERT INTO a VALUES (2);\n{waits};\nINSERT INTO a VALUES (4)");
        die(&scratch, &statements, waits, death);
        let migrations = outside(&statements);
        if let Death::Killed = death {
            // Somebody is still at it.
            let impatient = migrations.clone().lock_timeout(Duration::from_millis(300));
            for policy in [
                Interruption::Refuse,
                Interruption::Again,
                Interruption::Skip,
            ] {
                let impatient = impatient.clone().interruption(policy);
                let error = upgrade(&scratch, &impatient).unwrap_err();
                let message = failure(&error);
                assert!(
                    message.contains("still be running in process"),
                    "{context}: {message}"
                );
            }
        }
        other.batch_execute("COMMIT").unwrap();
        std::mem::drop(other);
        let error = upgrade(&scratch, &migrations).unwrap_err();
        let expected = Some((2, waits, Some(found)));
        assert_eq!(
            interrupted_statement(&error),
            expected,
            "{context}: {error}"
        );
        // Again where it is to be done, and on where it is done.
        let policy = match found.contains("and is valid") || found.contains("no index") {
            true => Interruption::Skip,
            false => Interruption::Again,
        };
        let decided = migrations.interruption(policy);
        if found == not_valid {
            let error = upgrade(&scratch, &decided).unwrap_err();
            let expected = "the index public.a_x is invalid: it was only partly built or dropped";
            assert_eq!(failure(&error), expected, "{context}");
            scratch.execute("DROP INDEX CONCURRENTLY public.a_x");
        }
        upgrade(&scratch, &decided).unwrap();
        let rows = "SELECT string_agg(x::text, ' ' ORDER BY x) FROM a";
        assert_eq!(scratch.rows(rows), "1 1 2 3 4\n", "{context}");
        assert!(!scratch.dump().contains("progress"), "{context}");
        wait_until_alone(&scratch, &Open::at(Via::Options, &scratch.address()));
    }
}

/// A statement outside of transactions tells whose transaction it waits for, also where the text that
/// the server shows of it ends within a character.
#[test]
fn what_a_statement_waits_for_is_told() {
    let long = format!(
        "CREATE INDEX CONCURRENTLY ON a ((x::text || '{}'))",
        "ü".repeat(800)
    );
    for statement in ["CREATE INDEX CONCURRENTLY a_x ON a (x)", &long] {
        let scratch = Scratch::new(Via::Pool, TABLE);
        let mut other = scratch.client();
        let begin = "BEGIN; INSERT INTO a VALUES (2)";
        other.batch_execute(begin).unwrap();
        let process: i32 = other
            .query_one("SELECT pg_backend_pid()", &[])
            .unwrap()
            .get(0);
        let told = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&told);
        let migrations = outside(statement).observe(move |event| {
            if let Event::Blocked { holders, .. } = event {
                let processes = holders.iter().map(|holder| holder.process.clone());
                noted.lock().unwrap().push(processes.collect::<Vec<_>>());
            }
        });
        scope(|scope| {
            let run = scope.spawn(|| upgrade(&scratch, &migrations));
            wait_until(|| !told.lock().unwrap().is_empty(), "nothing is told");
            other.batch_execute("COMMIT").unwrap();
            run.join().unwrap().unwrap();
        });
        assert_eq!(told.lock().unwrap()[0], [process.to_string()]);
    }
}

/// What is asked while an index is built may be asked at the very moment when the server looks around
/// for those who might not see the rows as the index has them.
#[test]
fn an_index_does_not_wait_for_its_own_run() {
    // New connections and what is asked about others have to wait for this test.
    let server = Server::start();
    let database = server.database();
    database.execute(TABLE);
    let [mut other, mut slow, mut observer] = [database.open(), database.open(), database.open()];
    other
        .batch_execute("BEGIN; INSERT INTO a VALUES (2)")
        .unwrap();
    let migrations = outside("CREATE INDEX CONCURRENTLY a_x ON a (x)");
    let mut waits = |what: &str| {
        let query = format!("SELECT 1 FROM pg_locks WHERE NOT granted AND {what}");
        !observer.query(&query, &[]).unwrap().is_empty()
    };
    let until = |holds: &mut dyn FnMut() -> bool| {
        for _ in 0..500 {
            if holds() {
                return true;
            }
            sleep(Duration::from_millis(20));
        }
        false
    };
    scope(|scope| {
        let run = scope.spawn(|| {
            let mut open = Open::with(Via::Options, options(database.url()));
            open.upgrade(&migrations, "heads").map(drop)
        });
        let builds = until(&mut || waits("locktype = 'virtualxid'"));
        slow.batch_execute("BEGIN; LOCK TABLE pg_catalog.pg_authid IN ACCESS EXCLUSIVE MODE")
            .unwrap();
        let asks = until(&mut || waits("relation = 'pg_authid'::regclass"));
        other.batch_execute("COMMIT").unwrap();
        sleep(Duration::from_millis(300));
        slow.batch_execute("ROLLBACK").unwrap();
        let ends = until(&mut || run.is_finished());
        if !ends {
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE query LIKE 'CREATE INDEX%'",
            );
        }
        run.join().unwrap().unwrap();
        assert!(builds && asks);
    });
}

/// A setting of a section outside of transactions ends with the run.
#[test]
fn what_a_section_sets_does_not_reach_the_application() {
    for (sets, fails) in [
        ("SET search_path = \"Other\"", "SELECT * FROM nowhere"),
        ("SET search_path = \"Other\"", "SELECT 1"),
        ("SET ROLE pg_monitor", "SELECT * FROM a"),
        ("SET statement_timeout = '1min'", "SELECT 1"),
    ] {
        for section in ["", " no-transaction"] {
            let scratch = Scratch::new(Via::Pool, TABLE);
            let mut database = scratch.open();
            let before = database.settings();
            let sections = [
                format!("-- alembic: upgrade{section}\n{sets};"),
                format!("-- alembic: upgrade\n{fails};"),
            ];
            let _ = database.upgrade(&chain(&sections), "heads");
            assert_eq!(database.settings(), before, "{sets}; {fails}{section}");
        }
    }
}

/// To a role that may not see what another one's process does, it may be at work.
#[test]
fn a_process_that_cannot_be_looked_at_is_waited_for() {
    let scratch = Scratch::new(Via::Pool, TABLE);
    let migrations = outside("SELECT 1; SELECT x FROM nowhere").lock_timeout(Duration::ZERO);
    upgrade(&scratch, &migrations).unwrap_err();
    let mut idle = scratch.client();
    let process: i32 = idle
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let blind = format!("blind_{process}");
    scratch.execute(&format!(
        "UPDATE alembic_version_progress SET begun = 2, process = {process};
         CREATE ROLE {blind}; GRANT USAGE ON SCHEMA public TO {blind};
         GRANT ALL ON alembic_version, alembic_version_progress TO {blind}"
    ));
    let options = options(&scratch.address()).options([("role", &blind)]);
    for (mut database, told) in [
        (scratch.open(), false),
        (Open::with(Via::Options, options), true),
    ] {
        let error = database.upgrade(&migrations, "heads").unwrap_err();
        assert!(is_interrupted(&error), "{error}");
        let at_work = error.to_string().contains("still be running in process");
        assert_eq!(at_work, told, "{error}");
    }
    drop(idle);
    scratch.execute(&format!("DROP OWNED BY {blind}; DROP ROLE {blind}"));
}
