//! A run that could be killed before each of its statements: what its files hold then.

use alembic_migrate::Migrations;

use super::super::{File, FileSubject};
use super::case::Difference;
use super::database::Snapshot;
use super::watched::{Obedience, Watched};
use crate::Handle;

/// Upgrades `file` on a connection that is set up by some statements, and checks what it would be after a crash: as before or as after, and ready for
/// the next run.
pub(super) fn faults<S: FileSubject>(
    file: &File,
    setup: &str,
    migrations: &Migrations,
    after: &Difference,
) -> Vec<String> {
    let mut connection = file.open();
    connection.execute_batch(setup).unwrap();
    let before = Snapshot::take(&connection);
    let mut copies = Vec::new();
    let watched = Watched {
        connection: &mut connection,
        watch: &mut |statement| {
            copies.push((statement.to_owned(), file.copy_with_journal()));
            Obedience::Obeys
        },
    };
    if let Err(error) = migrations.upgrade(watched, "heads") {
        return vec![error.to_string()];
    }
    let mut faults = Vec::new();
    if copies.len() < 10 {
        faults.push(format!("only {} places to be killed at", copies.len()));
    }
    for (statement, copy) in copies {
        let mut check = |when: &str, allowed: &[&Difference]| {
            let found = Snapshot::take(&copy.open());
            let mut found = allowed.iter().map(|allowed| found.faults(&before, allowed));
            if found.clone().all(|faults| !faults.is_empty()) {
                let found = found.next_back().unwrap_or_default().join("\n");
                faults.push(format!("killed before {statement:?}, {when}: {found}"));
            }
        };
        check("opened again", &[&Difference::default(), after]);
        let again = S::open(&copy.path().to_string_lossy()).upgrade(migrations, "heads");
        check("upgraded again", &[after]);
        if let Err(error) = again {
            faults.push(format!(
                "killed before {statement:?}, upgraded again: {error}"
            ));
        }
    }
    faults
}
