//! What the server says besides its answers, through every library.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use alembic_migrate::options::TransactionMode;
use alembic_migrate::{ClientNotices, Event, Migrations};
use alembic_suite::{Database, Handle};
use tokio_postgres::NoTls;

use super::{POSTGRES, Scratch, block_on, chain};

const NAME: &str = "a_table_with_a_name_that_is_much_longer_than_sixty_three_bytes";

/// Each notice with its place, and whether the statement is there to run code.
fn sections() -> [String; 2] {
    [
        format!(
            "-- alembic: upgrade\n\
             DO 'BEGIN RAISE WARNING ''row %'', 17 USING HINT = ''Look at it.''; END';\n\
             CREATE TABLE {NAME}_one (x int);\n\
             CREATE TABLE IF NOT EXISTS {NAME}_two (y text);\n\
             DROP TABLE IF EXISTS gone;\n\
             DO 'BEGIN RAISE NOTICE ''half''; RAISE INFO ''done''; END';\n\
             CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql\n\
             AS 'BEGIN RAISE WARNING ''late''; RETURN NEW; END';\n\
             CREATE CONSTRAINT TRIGGER late AFTER INSERT ON {NAME}_one\n\
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();\n\
             INSERT INTO {NAME}_one VALUES (1);"
        ),
        "-- alembic: upgrade no-transaction\nDO 'BEGIN RAISE WARNING ''alone''; END';\n\
         -- alembic: upgrade\nSELECT 1;"
            .to_owned(),
    ]
}

/// Returns migrations that write the notices of their runs down.
fn noted(
    sections: &[impl AsRef<str>],
    report_statements: bool,
) -> (Migrations, Arc<Mutex<String>>) {
    let said = Arc::<Mutex<String>>::default();
    let heard = Arc::clone(&said);
    let migrations = chain(sections)
        .transaction(TransactionMode::Revision)
        .report_statements(report_statements)
        .observe(move |event| {
            let mut heard = heard.lock().unwrap();
            if let Event::Noticed { notice, origin } = event {
                let severity = notice.severity;
                let _ = match origin {
                    Some(origin) if origin.may_speak => {
                        writeln!(heard, "{severity} by {origin}: {}", notice.message)
                    }
                    Some(origin) => {
                        writeln!(heard, "{severity} about {origin}: {}", notice.message)
                    }
                    None => writeln!(heard, "{severity} at the commit: {}", notice.message),
                };
            }
        });
    (migrations, said)
}

fn expected() -> String {
    let cut = &format!("{NAME}_")[..63];
    format!(
        "warning by r1.sql:6:1: row 17\n\
         notice about r1.sql:7:1: identifier \"{NAME}_one\" will be truncated to \"{cut}\"\n\
         notice about r1.sql:8:1: identifier \"{NAME}_two\" will be truncated to \"{cut}\"\n\
         notice about r1.sql:8:1: relation \"{cut}\" already exists, skipping\n\
         notice about r1.sql:9:1: table \"gone\" does not exist, skipping\n\
         notice by r1.sql:10:1: half\n\
         info by r1.sql:10:1: done\n"
    )
}

#[test]
fn notices_have_the_place_of_their_statement() {
    for via in POSTGRES {
        // All statements in one message, and each in its own.
        for report_statements in [false, true] {
            let scratch = Scratch::new(via, "");
            let (migrations, said) = noted(&sections()[..1], report_statements);
            scratch.open().upgrade(&migrations, "heads").unwrap();
            let said = said.lock().unwrap().clone();
            assert!(said.starts_with(&expected()), "{said}");
        }
    }
}

#[test]
fn what_a_commit_and_a_statement_outside_of_transactions_say() {
    for via in POSTGRES {
        if via == super::Via::Connection {
            continue;
        }
        let scratch = Scratch::new(via, "");
        let (migrations, said) = noted(&sections(), false);
        scratch.open().upgrade(&migrations, "heads").unwrap();
        let said = said.lock().unwrap().clone();
        let said: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("warning"))
            .collect();
        assert_eq!(
            said,
            [
                "warning by r1.sql:6:1: row 17",
                "warning at the commit: late",
                "warning by r2.sql:6:1: alone",
            ]
        );
    }
}

/// A statement that fails has said something before.
#[test]
fn notices_precede_a_failure() {
    for via in POSTGRES {
        let scratch = Scratch::new(via, "");
        let failing = "-- alembic: upgrade\nSELECT 1;\n\
                       DO 'BEGIN RAISE WARNING ''soon''; RAISE ''now''; END';";
        let (migrations, said) = noted(&[failing], false);
        scratch.open().upgrade(&migrations, "heads").unwrap_err();
        assert_eq!(*said.lock().unwrap(), "warning by r1.sql:7:1: soon\n");
    }
}

#[test]
fn a_client_passes_notices_on_if_its_connection_is_driven_so() {
    let scratch = Scratch::new(super::Via::Connection, "");
    let (migrations, said) = noted(&sections()[..1], false);
    block_on(async {
        let (mut client, connection) = tokio_postgres::connect(&scratch.address(), NoTls)
            .await
            .unwrap();
        let notices = ClientNotices::default();
        tokio::spawn(notices.keep(connection));
        let run = migrations.upgrade(notices.of(&mut client), "heads");
        run.await.unwrap();
    });
    let said = said.lock().unwrap().clone();
    assert!(said.starts_with(&expected()), "{said}");
}
