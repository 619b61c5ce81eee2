//! The files of `fixtures/alter`: changes of tables that must lose nothing, each with and without
//! foreign keys, and with both kinds of journal.

mod case;
mod database;
mod killed;
mod trial;
mod watched;

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use super::FileSubject;
use case::{Case, Kind, Trial};
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

/// Runs a trial in each mode; returns its faults, each once, with the modes that have it.
fn run_in_all_modes<S: FileSubject>(case: &Case, trial: &Trial) -> Vec<String> {
    let mut faults = BTreeMap::<String, Vec<String>>::new();
    for mode in Mode::all(trial) {
        let found = catch_unwind(|| mode.run::<S>(case, trial));
        for fault in found.unwrap_or_else(|_| vec!["a panic".to_owned()]) {
            faults.entry(fault).or_default().push(mode.to_string());
        }
    }
    let faults = faults.into_iter();
    faults
        .map(|(fault, modes)| format!(" ({}): {fault}", modes.join("; ")))
        .collect()
}

#[expect(
    clippy::print_stdout,
    reason = "what is not tried is shown with the test"
)]
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
                    let found = run_in_all_modes::<S>(&case, trial);
                    trials += 1;
                    let place = format!("{}, {}", case.name, trial.title);
                    faults.extend(found.iter().map(|fault| format!("{place}{fault}")));
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
