//! Connections that the application uses, too.

use alembic_migrate::{DatabaseState, Dialect};

use crate::answer::{failure, state};
use crate::revisions::single;
use crate::sql::each;
use crate::subject::open;
use crate::{Database, Handle, Subject};

pub fn a_transaction_of_the_caller_is_not_touched<S: Subject>() {
    let begins = match S::Database::DIALECT {
        Dialect::Sqlite => ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT mine"],
        Dialect::Postgres => [
            "BEGIN",
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            "BEGIN; SAVEPOINT mine",
        ],
    };
    // Without effect within a transaction.
    let (off, on) = match S::Database::DIALECT {
        Dialect::Sqlite => ("PRAGMA foreign_keys = 0", "PRAGMA foreign_keys = 1"),
        Dialect::Postgres => ("", ""),
    };
    let migrations = single(S::Database::DIALECT, "CREATE TABLE a (x int);");
    for begin in begins {
        for (end, rows) in [("COMMIT", "1\n2\n"), ("ROLLBACK", "")] {
            let scratch = S::Database::new("CREATE TABLE mine (x int)");
            let mut database = open::<S>(&scratch);
            database.execute(off);
            database.execute(begin);
            database.execute(on);
            database.execute("INSERT INTO mine VALUES (1)");
            let settings = database.settings();
            let error = database.upgrade(&migrations, "heads").unwrap_err();
            // On PostgreSQL, the transaction begins in order to take a lock.
            let expected = each(
                "cannot begin a transaction: cannot start a transaction within a transaction",
                "cannot take the migration lock: cannot start a transaction within a transaction",
            );
            assert_eq!(
                failure(&error),
                expected.of(S::Database::DIALECT),
                "{begin}"
            );
            assert_eq!(*state(&error), DatabaseState::Unchanged, "{begin}");
            database.ensure_version(&migrations).unwrap_err();
            assert!(database.current(&migrations).unwrap().is_empty());
            assert_eq!(database.settings(), settings, "{begin}");
            assert!(!database.is_idle(), "{begin}");
            database.execute("INSERT INTO mine VALUES (2)");
            database.execute(end);
            assert!(database.is_idle(), "{begin}");
            assert_eq!(
                scratch.rows("SELECT x FROM mine ORDER BY x"),
                rows,
                "{begin}"
            );
            database.upgrade(&migrations, "heads").unwrap();
            assert_eq!(database.current(&migrations).unwrap(), ["r1"]);
        }
    }
}
