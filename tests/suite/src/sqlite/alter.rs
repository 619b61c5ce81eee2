//! The files of `fixtures/alter`: changes of tables that must lose nothing, each with and without
//! foreign keys, and with both kinds of journal.

mod case;
mod database;
mod trial;

use std::fs;
use std::path::PathBuf;

use super::FileSubject;
use case::{Case, Kind};
use trial::Mode;

/// Returns the files, in the order of their names.
fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/alter");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    files
}

pub fn a_change_of_a_table_loses_nothing<S: FileSubject>() {
    // For a person who writes a case: only the files whose names contain this.
    let wanted = std::env::var("ALTER_CASE").unwrap_or_default();
    let (mut trials, mut faults) = (0, Vec::new());
    for path in files() {
        let case = Case::read(&path);
        if !case.name.contains(&wanted) {
            continue;
        }
        match &case.kind {
            Kind::Elsewhere(reason) => println!("{} is not tried here: {reason}", case.name),
            _ if rusqlite::version_number() < case.since => {
                println!(
                    "{} needs a newer SQLite than {}",
                    case.name,
                    rusqlite::version()
                );
            }
            Kind::Trials(all) => {
                for trial in all {
                    for mode in Mode::all(trial) {
                        trials += 1;
                        let found = mode.run::<S>(&case, trial);
                        let place = format!("{}, {}, {mode}", case.name, trial.title);
                        faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
                    }
                }
            }
        }
    }
    println!("{trials} trials, on SQLite {}", rusqlite::version());
    assert!(trials > 0, "no case is called {wanted:?}");
    assert!(
        faults.is_empty(),
        "{} faults in {trials} trials:\n\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}
