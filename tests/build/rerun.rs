//! The build script runs again when something that it reads is another, and not otherwise.

use std::fs;

use alembic_history::{Dialect, History, Lock, read_folder};

use crate::krate::Krate;
use crate::revision;

/// What happens to the crate between two builds, and whether the build script runs for it.
type Change = (&'static str, fn(&Krate), Runs);

#[derive(Clone, Copy)]
enum Runs {
    Again,
    Not,
}

const CHANGES: &[Change] = &[
    ("nothing", |_| {}, Runs::Not),
    (
        "the program changes",
        |krate| {
            krate.write(
                "shop/src/lib.rs",
                "/// Something new.\npub fn something() {}\n",
            )
        },
        Runs::Not,
    ),
    (
        "a file beside the migrations is added",
        |krate| krate.write("shop/README.md", "# Shop\n"),
        Runs::Not,
    ),
    (
        "a revision is added",
        |krate| krate.write("shop/migrations/c3.sql", revision("c3", "b2")),
        Runs::Again,
    ),
    (
        "a revision changes",
        |krate| {
            krate.write(
                "shop/migrations/c3.sql",
                revision("c3", "b2") + "SELECT 2;\n",
            )
        },
        Runs::Again,
    ),
    (
        "a revision is renamed",
        |krate| {
            let (from, to) = ("shop/migrations/c3.sql", "shop/migrations/c3_last.sql");
            fs::rename(krate.path(from), krate.path(to)).unwrap();
        },
        Runs::Again,
    ),
    (
        "a revision is removed",
        |krate| krate.remove("shop/migrations/c3_last.sql"),
        Runs::Again,
    ),
    (
        "a revision is added in a folder below",
        |krate| krate.write("shop/migrations/2025/d4.sql", revision("d4", "b2")),
        Runs::Again,
    ),
    (
        "a revision in a folder below changes",
        |krate| krate.write("shop/migrations/2025/d4.sql", revision("d4", "b2") + "--\n"),
        Runs::Again,
    ),
    ("still nothing", |_| {}, Runs::Not),
    (
        "the crate's configuration changes",
        |krate| krate.configure("transaction = \"revision\"\n"),
        Runs::Again,
    ),
    (
        "the workspace's configuration changes",
        |krate| krate.configure_workspace("[workspace.metadata.alembic]\ntimezone = \"UTC\"\n"),
        Runs::Again,
    ),
    (
        "a target schema is configured",
        |krate| {
            krate.write("shop/schema.sql", "CREATE TABLE t (id);\n");
            krate.configure("fresh = \"replay\"\nschema = \"schema.sql\"\n");
        },
        Runs::Again,
    ),
    (
        "the target schema changes",
        |krate| krate.write("shop/schema.sql", "CREATE TABLE t (id, name);\n"),
        Runs::Again,
    ),
    ("nothing again", |_| {}, Runs::Not),
    (
        "another folder is configured",
        |krate| {
            krate.write("shop/more/e5.sql", revision("e5", "d4"));
            krate.configure("migrations = [\"migrations\", \"more\"]\n");
        },
        Runs::Again,
    ),
    (
        "a revision in the other folder changes",
        |krate| krate.write("shop/more/e5.sql", revision("e5", "d4") + "--\n"),
        Runs::Again,
    ),
    (
        "a lock file is kept",
        |krate| {
            krate.write("shop/migrations/alembic.lock", lock(krate));
            krate.configure("migrations = [\"migrations\", \"more\"]\nlock = true\n");
        },
        Runs::Again,
    ),
    (
        "the lock file changes",
        |krate| krate.write("shop/migrations/alembic.lock", lock(krate) + "-- more\n"),
        Runs::Again,
    ),
    ("nothing at the end", |_| {}, Runs::Not),
];

/// Returns the lock file that describes the crate's revisions.
fn lock(krate: &Krate) -> String {
    let folders = ["shop/migrations", "shop/more"].map(|folder| krate.path(folder));
    let files = folders
        .iter()
        .flat_map(|folder| read_folder(folder).unwrap());
    let history = History::read(files, &[Dialect::Sqlite]).unwrap();
    Lock::of(&history, &[Dialect::Sqlite]).render()
}

#[test]
fn the_build_script_runs_when_it_must() {
    let krate = Krate::new("rerun");
    krate.write("shop/migrations/a1.sql", revision("a1", ""));
    krate.write("shop/migrations/b2.sql", revision("b2", "a1"));
    assert_eq!(krate.build_soundly("at first").runs, 1);
    for (name, change, runs) in CHANGES {
        change(&krate);
        let build = krate.build_soundly(name);
        let expected = match runs {
            Runs::Again => 1,
            Runs::Not => 0,
        };
        assert_eq!(build.runs, expected, "{name}");
    }
}

#[test]
fn what_is_embedded_is_what_is_there() {
    let krate = Krate::new("embedded");
    let first = revision("a1", "");
    krate.write("shop/migrations/a1.sql", &first);
    let embedded = krate.build_soundly("one").embedded;
    assert!(
        embedded.contains(&format!("a1.sql\", 0, {})", first.len())),
        "{embedded}"
    );
    krate.write("shop/migrations/b2.sql", revision("b2", "a1"));
    let embedded = krate.build_soundly("two").embedded;
    assert!(embedded.contains("b2.sql"), "{embedded}");
    krate.remove("shop/migrations/b2.sql");
    let embedded = krate.build_soundly("one again").embedded;
    assert!(!embedded.contains("b2.sql"), "{embedded}");
}
