//! A database with a log goes to Python's Alembic, and comes back. `cargo xtask handover` installs the
//! one that these tests run.

use std::path::Path;
use std::process::Command;

use alembic_history::Dialect;
use alembic_tests::{Database, Project, fixtures};

use crate::{on_both, program_of};

#[derive(Clone, Copy, Debug)]
enum Who {
    Ours,
    Alembic,
}
use Who::{Alembic, Ours};

/// What is run one after the other, the rows that it leads to, and what the log says more then: nothing
/// but what our own commands have done or found.
const STEPS: &[(Who, &str, &str, &[&str])] = &[
    (
        Ours,
        "upgrade c27a95e01d4b",
        "c27a95e01d4b",
        &[
            "4f1d2a9c7b30|upgrade|run",
            "8e60b3d5f172|upgrade|run",
            "c27a95e01d4b|upgrade|run",
        ],
    ),
    (Alembic, "current", "c27a95e01d4b", &[]),
    (Alembic, "downgrade -1", "8e60b3d5f172", &[]),
    (Alembic, "upgrade c27a95e01d4b", "c27a95e01d4b", &[]),
    (Ours, "upgrade c27a95e01d4b", "c27a95e01d4b", &[]),
    (Alembic, "downgrade 4f1d2a9c7b30", "4f1d2a9c7b30", &[]),
    (Ours, "current", "4f1d2a9c7b30", &[]),
    (
        Ours,
        "upgrade c27a95e01d4b",
        "c27a95e01d4b",
        &[
            "c27a95e01d4b|downgrade|adopt",
            "8e60b3d5f172|downgrade|adopt",
            "8e60b3d5f172|upgrade|run",
            "c27a95e01d4b|upgrade|run",
        ],
    ),
    (
        Alembic,
        "upgrade d90f4b6e8a13",
        "c27a95e01d4b,d90f4b6e8a13",
        &[],
    ),
    (
        Ours,
        "upgrade",
        "f53c18d7e2a6",
        &["d90f4b6e8a13|upgrade|adopt", "f53c18d7e2a6|upgrade|run"],
    ),
    (Ours, "upgrade", "f53c18d7e2a6", &[]),
    (
        Ours,
        "downgrade 8e60b3d5f172",
        "8e60b3d5f172",
        &[
            "f53c18d7e2a6|downgrade|run",
            "d90f4b6e8a13|downgrade|run",
            "c27a95e01d4b|downgrade|run",
        ],
    ),
    (Alembic, "upgrade head", "f53c18d7e2a6", &[]),
    (Ours, "current --check-heads", "f53c18d7e2a6", &[]),
    (Alembic, "stamp c27a95e01d4b", "c27a95e01d4b", &[]),
    (
        Ours,
        "stamp f53c18d7e2a6",
        "f53c18d7e2a6",
        &[
            "c27a95e01d4b|upgrade|adopt",
            "d90f4b6e8a13|upgrade|stamp",
            "f53c18d7e2a6|upgrade|stamp",
        ],
    ),
    (Alembic, "downgrade base", "", &[]),
    (
        Ours,
        "upgrade 4f1d2a9c7b30",
        "4f1d2a9c7b30",
        &[
            "f53c18d7e2a6|downgrade|adopt",
            "d90f4b6e8a13|downgrade|adopt",
            "c27a95e01d4b|downgrade|adopt",
            "8e60b3d5f172|downgrade|adopt",
            "4f1d2a9c7b30|downgrade|adopt",
            "4f1d2a9c7b30|upgrade|run",
        ],
    ),
    (Alembic, "upgrade head", "f53c18d7e2a6", &[]),
];

/// Runs Alembic on a database.
fn alembic(program: &Path, database: &Database, line: &str) {
    let url = match database.dialect() {
        Dialect::Sqlite => format!("sqlite:///{}", database.path().display()),
        Dialect::Postgres => database
            .url()
            .replace("postgres://", "postgresql+psycopg://"),
    };
    let folder = fixtures().join("alembic/handover/python");
    let output = Command::new(program)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg("-c")
        .arg(folder.join("alembic.ini"))
        .args(["-x", &format!("url={url}")])
        .args(line.split(' '))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {errors}");
}

#[test]
#[ignore = "needs Alembic: `cargo xtask handover` installs it"]
fn alembic_takes_over_and_hands_back() {
    let program = program_of("ALEMBIC");
    on_both(|dialect| {
        let project = Project::with_crate("shop").on(dialect);
        project.configure("chain = \"merged\"");
        for entry in fixtures().join("alembic/handover/sql").read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            project.write(format!("migrations/{name}"), std::fs::read(&path).unwrap());
        }
        let database = project.database("shop.db");
        let mut log = Vec::new();
        for (index, (who, line, rows, logged)) in STEPS.iter().enumerate() {
            let context = format!("{dialect}, step {index}: {who:?} {line}");
            let adopts = logged.iter().any(|entry| entry.ends_with("adopt"));
            match who {
                Alembic => alembic(&program, &database, line),
                Ours => {
                    let outcome = project.run(line).success();
                    let told = outcome.stderr.matches("what another program did").count();
                    assert_eq!(told, usize::from(adopts), "{context}: {outcome}");
                }
            }
            assert_eq!(database.versions().join(","), *rows, "{context}");
            log.extend(logged.iter().copied());
            let found = database.log();
            let found: Vec<&str> = found
                .iter()
                .map(|entry| {
                    let (_, entry) = entry.split_once('|').unwrap();
                    entry.rsplit_once('|').unwrap().0
                })
                .collect();
            assert_eq!(found, log, "{context}");
        }
    });
}
