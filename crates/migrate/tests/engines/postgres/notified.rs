//! Sessions that listen for notifications.

use alembic_migrate::options::TransactionMode;
use alembic_suite::{Database, Handle};

use super::{Open, Scratch, Via, chain, options};

#[test]
fn notifications_are_no_answers() {
    let sections = [
        "-- alembic: upgrade\nNOTIFY jobs, 'one';\n-- alembic: downgrade\nNOTIFY jobs, 'back';",
        "-- alembic: upgrade\nNOTIFY jobs, 'two';\nNOTIFY jobs, 'three';\n\
         -- alembic: downgrade\nSELECT 1;",
    ];
    for mode in [TransactionMode::Run, TransactionMode::Revision] {
        let migrations = chain(&sections).transaction(mode);
        let scratch = Scratch::new(Via::Connection, "");
        let mut database = Open::with(Via::Connection, options(&scratch.address()));
        database.execute("LISTEN jobs");
        // These arrive when the connection is used next.
        scratch.execute("NOTIFY jobs, 'first'");
        database.upgrade(&migrations, "heads").unwrap();
        scratch.execute("NOTIFY jobs, 'second'; NOTIFY jobs, 'third'");
        assert!(database.status(&migrations).unwrap().is_current());
        scratch.execute("NOTIFY jobs, 'fourth'");
        database.downgrade(&migrations, "base").unwrap();
        assert!(database.is_idle());
        assert!(database.current(&migrations).unwrap().is_empty());
    }
}

/// A revision may listen, too.
#[test]
fn a_revision_that_listens_is_committed() {
    let section = "-- alembic: upgrade\nLISTEN jobs;\nNOTIFY jobs;\n-- alembic: downgrade\n\
                   UNLISTEN jobs;";
    for via in super::POSTGRES {
        let scratch = Scratch::new(via, "");
        let mut database = scratch.open();
        let migrations = chain(&[section, section]).transaction(TransactionMode::Revision);
        database.upgrade(&migrations, "heads").unwrap();
        assert_eq!(scratch.rows("SELECT * FROM alembic_version"), "r2\n");
        database.downgrade(&migrations, "base").unwrap();
    }
}
