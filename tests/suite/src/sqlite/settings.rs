//! Settings of a connection, which a run changes and restores.

use alembic_migrate::options::Purge;

use super::{File, FileSubject, chain, single};
use crate::subject::open;
use crate::{Database, Handle};

pub fn settings_are_restored<S: FileSubject>() {
    for enforced in ["0", "1"] {
        let file = File::new("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);");
        let mut handle = open::<S>(&file);
        handle.execute(&format!(
            "PRAGMA foreign_keys = {enforced}; PRAGMA busy_timeout = 321"
        ));
        let settings = handle.settings();
        let expected = format!("foreign_keys {enforced}, busy_timeout 321");
        assert_eq!(settings, Some(expected));
        for statements in [
            "SELECT 1",
            "PRAGMA foreign_keys = 1; PRAGMA busy_timeout = 7; CREATE TABLE t (x)",
            "PRAGMA foreign_keys = 0; SELECT no_such_column",
            "INSERT OR ROLLBACK INTO mine SELECT abs(-9223372036854775808)",
        ] {
            let migrations = single(statements);
            let _ = handle.upgrade(&migrations, "heads");
            assert_eq!(handle.settings(), settings, "{statements}");
            assert!(handle.is_idle(), "{statements}");
            let _ = handle.stamp(&migrations, &["base"], Purge::Yes);
            assert_eq!(handle.settings(), settings, "{statements}");
        }
    }
}

pub fn a_connection_that_keeps_no_journal_is_refused<S: FileSubject>() {
    let file = File::new("CREATE TABLE data (x NOT NULL); INSERT INTO data VALUES (1), (2), (3);");
    let migrations = chain(&[
        "-- alembic: upgrade no-transaction\nPRAGMA journal_mode = OFF;",
        "-- alembic: upgrade\nUPDATE data SET x = x + 10; INSERT INTO data VALUES (NULL);",
    ]);
    let error = open::<S>(&file).upgrade(&migrations, "heads").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot begin a transaction: the connection's journal_mode is OFF, so a failure could not \
         be undone; revision r1 is unfinished: its first statement is done, and the next run \
         continues with statement 2"
    );
    assert_eq!(file.rows("SELECT sum(x) FROM data"), "6\n");
}
