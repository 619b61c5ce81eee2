//! The crates of the example workspace.

use std::fs;
use std::path::PathBuf;

use alembic_migrate::options::Purge;
use alembic_migrate::{Dialect, Migrations};

use crate::both::Command::{Check, Current, Downgrade, Ensure, Stamp, Upgrade};
use crate::both::compare;
use crate::scratch::Scratch;

#[tokio::test]
async fn both_drivers_make_the_same_of_every_step() {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/workspace/crates");
    let mut steps = 0;
    for folder in fs::read_dir(crates).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let migrations = Migrations::from_folder(folder.join("migrations"), &[Dialect::Sqlite]);
        let mut migrations = migrations.unwrap().package(&name);
        if let Ok(schema) = fs::read_to_string(folder.join("schema.sql")) {
            migrations = migrations.schema("schema.sql", schema);
        }
        let database = Scratch::new("");
        loop {
            for command in [
                Current,
                Check,
                Upgrade("heads"),
                Upgrade("+1"),
                Downgrade("-1"),
                Downgrade("base"),
                Stamp(&["heads"], Purge::No),
                Ensure,
            ] {
                let _ = compare(&database, &migrations, command, &name).await;
            }
            let before = migrations.current(&mut database.open()).unwrap();
            let up = migrations.upgrade(&mut database.open(), "+1");
            if up.is_err() || migrations.current(&mut database.open()).unwrap() == before {
                break;
            }
            steps += 1;
        }
        let all = compare(&database, &migrations, Upgrade("heads"), &name).await;
        all.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(steps > 15, "{steps}");
}
