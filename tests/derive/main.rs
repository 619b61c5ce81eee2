//! What the derives state is what the scanner reads, and both are DDL of both engines.

#[expect(dead_code, reason = "the structs are not used, but their tables")]
mod structs;

use std::path::Path;

use alembic_migrate::models::{Columns, create_sql};
use alembic_migrate::{Dialect, Table};
use alembic_models::{Sources, scan};
use alembic_tests::Database;
use structs::{Event, Parcel, Project, Task, Team, User};

#[test]
fn the_derive_and_the_scanner_say_the_same() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("derive/structs.rs");
    let sources = Sources {
        name: "structs".to_owned(),
        roots: vec![file],
        ..Sources::default()
    };
    let models = scan(&sources).unwrap();
    let tables = [
        User::table(),
        Team::table(),
        Task::table(),
        Project::table(),
        Event::table(),
        Parcel::table(),
    ];
    for dialect in Dialect::ALL {
        let scanned = models.sql(*dialect).unwrap();
        assert_eq!(create_sql(&tables, *dialect).unwrap(), scanned);
        insta::assert_snapshot!(dialect.name(), scanned);
        Database::new(*dialect).execute(&scanned);
    }
    let renames = models.renames();
    insta::assert_debug_snapshot!("renames", renames);
}

#[test]
fn columns_have_constants() {
    assert_eq!(User::COLUMNS.r#type, "type");
    assert_eq!(Event::COLUMNS.position, "order");
    assert_eq!(Task::COLUMNS.base.created_at, "created_at");
    assert_eq!(Task::NAME, "tasks");
}
