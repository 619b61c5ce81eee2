//! Drives the real binary; one module per command, and one per thing that concerns them all.

#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod alter;
mod alter_table;
mod autogenerate;
mod autogenerate_on_servers;
mod bad_input;
mod base;
mod baseline;
mod branches;
mod completions;
mod connecting;
mod current;
mod diesel;
mod documents;
mod dotenv;
mod downgrade;
mod dry_run;
mod edit;
mod ensure;
mod ensure_version;
#[cfg(unix)]
mod extensions;
mod from_code;
mod golden;
mod guide;
mod handover;
mod heads;
mod help;
mod histories;
mod history;
mod import;
mod init;
mod json;
mod kill;
mod language;
mod lock;
mod log;
mod merge;
mod models;
mod notices;
mod offline;
mod output;
mod readme;
mod rebase;
mod renames;
mod requirements;
mod revision;
mod scenarios;
mod schemas;
mod sea_orm;
mod selection;
mod show;
mod stamp;
mod status;
mod systems;
mod teams;
#[cfg(target_os = "linux")]
mod terminal;
mod test;
mod test_on_servers;
mod unfinished;
mod upgrade;
mod urls;
mod waiting;
mod without_cargo;

use std::path::PathBuf;

use alembic_history::Dialect;
use alembic_tests::{Project, graph};

/// Returns the program of another tool, for tests that only `cargo xtask handover` runs: it installs them,
/// and names them by variables.
#[track_caller]
fn program_of(variable: &str) -> PathBuf {
    let program = std::env::var_os(variable).map(PathBuf::from);
    program.unwrap_or_else(|| panic!("{variable} names no program: run `cargo xtask handover`"))
}

/// Makes a check on every engine. Snapshots of one name are one snapshot: what is shown must be the
/// same on all.
fn on_both(check: impl Fn(Dialect)) {
    insta::allow_duplicates! {
        for dialect in Dialect::ALL {
            // Shown when the check fails.
            #[expect(clippy::print_stdout, reason = "shown with the failure of a test")]
            {
                println!("on {}", dialect.product());
            }
            check(*dialect);
        }
    }
}

/// A crate `shop` with a chain of three revisions, each a table.
fn chain() -> Project {
    let project = Project::with_crate("shop");
    project.add_to("migrations", graph("aa01; bb02<-aa01; cc03<-bb02"));
    project
}

/// A crate `shop` with two labelled branches, of which one is longer, and a base of its own that
/// depends on the longer one.
fn branched() -> Project {
    let project = Project::with_crate("shop");
    project.add_to("migrations", graph(BRANCHED));
    project
}

const BRANCHED: &str = "aa01; bb02<-aa01 [orders]; cc03<-aa01 [users]; dd04<-bb02; \
                        ee05 [reports] dep dd04; ff06<-ee05";

/// Gives each of the two crates of [`workspace`] a version table of its own, so that they can share a
/// database.
fn give_tables_of_their_own(project: &Project) {
    for name in ["app", "store"] {
        let table = format!("version-table = \"{name}_version\"\nurl = ");
        project.replace(format!("{name}/Cargo.toml"), "url = ", &table);
    }
}

/// A workspace of two crates: `app`, which depends on `store`, with revisions each.
fn workspace() -> Project {
    let project = Project::with_workspace(&["app", "store"]);
    let dependency = "[dependencies]\nstore = { path = \"../store\" }\n";
    project.replace("app/Cargo.toml", "[dependencies]\n", dependency);
    project.add_to("app/migrations", graph("aa01; bb02<-aa01"));
    project.add_to("store/migrations", graph("cc03; dd04<-cc03"));
    project
}
