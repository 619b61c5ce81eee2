mod targets;

use super::*;

struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir_all(folder.path().join("out")).unwrap();
        Self { folder }
    }

    /// Returns the instructions to cargo, without the folder's own path.
    fn run(&self) -> String {
        let mut said = Vec::new();
        let root = self.folder.path();
        run(&root.join("shop"), &root.join("out"), &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        said.replace(&root.display().to_string(), "[ROOT]")
            .replace('\\', "/")
    }

    fn embedded(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("out").join("alembic_migrations.rs")).ok()
    }
}

const MANIFEST: &str =
    "[package]\nname = \"shop\"\n\n[package.metadata.alembic]\nurl = \"sqlite://shop.db\"\n";

fn revision(id: &str, revises: &str) -> String {
    format!(
        "-- {id}\n-- Revision ID: {id}\n-- Revises: {revises}\n\n-- alembic: upgrade\nSELECT 1;\n"
    )
}

#[test]
fn every_history_of_a_crate_is_embedded() {
    let manifest = "[package]\nname = \"shop\"\n\n[package.metadata.alembic]\nlock = false\n\n\
                    [package.metadata.alembic.histories.records]\nmigrations = \"sql/records\"\n\
                    version-table = \"records_version\"\n\n\
                    [package.metadata.alembic.histories.main]\nmigrations = \"sql/main\"\n\
                    dialects = \"postgres\"\nbaseline = \"BASELINE\"\n";
    let files = |baseline: &str| {
        Project::new(&[
            ("shop/Cargo.toml", &manifest.replace("BASELINE", baseline)),
            ("shop/sql/main/a.sql", &revision("a1", "")),
            ("shop/sql/records/a.sql", &revision("a1", "")),
            ("shop/sql/records/b.sql", &revision("b2", "a1")),
        ])
    };
    let project = files("a1");
    assert_eq!(
        project.run(),
        "cargo::rerun-if-changed=[ROOT]/shop/Cargo.toml\n\
         cargo::rerun-if-changed=[ROOT]/shop/sql/main\n\
         cargo::rerun-if-changed=[ROOT]/shop/sql/records\n"
    );
    let out = project.folder.path().join("out");
    for (file, expected) in [
        ("alembic_migrations.main.rs", "\"shop/main\""),
        ("alembic_migrations.main.rs", "Dialect::Postgres"),
        (
            "alembic_migrations.main.rs",
            "\"alembic_migrations.main.txt\"",
        ),
        ("alembic_migrations.records.rs", "\"shop/records\""),
        ("alembic_migrations.records.rs", "records_version"),
        ("alembic_migrations.records.rs", "sql/records/b.sql"),
        (
            "alembic_migrations.rs",
            "compile_error!(\"this crate has several histories: include_migrations!(\\\"main\\\"), \
             include_migrations!(\\\"records\\\")\")",
        ),
    ] {
        let text = std::fs::read_to_string(out.join(file)).unwrap();
        assert!(text.contains(expected), "{file}: {text}");
    }
    let said = files("gone").run();
    assert!(said.contains("-p shop/main"), "{said}");
    assert!(said.contains("shop/Cargo.toml:14"), "{said}");
}

#[test]
fn a_sound_chain_is_embedded() {
    let project = Project::new(&[
        ("shop/Cargo.toml", MANIFEST),
        ("shop/migrations/b.sql", &revision("b2", "a1")),
        ("shop/migrations/a.sql", &revision("a1", "")),
        ("shop/migrations/.hidden.sql", "no revision"),
        ("shop/migrations/README.md", "no revision"),
    ]);
    assert_eq!(
        project.run(),
        "cargo::rerun-if-changed=[ROOT]/shop/Cargo.toml\n\
         cargo::rerun-if-changed=[ROOT]/shop/migrations\n"
    );
    let embedded = project.embedded().unwrap();
    let a = embedded.find("migrations/a.sql").unwrap();
    assert!(embedded[a..].contains("migrations/b.sql"), "{embedded}");
    assert!(!embedded.contains("hidden"), "{embedded}");
    // A call, so that the embedded data may grow.
    assert!(
        embedded.contains("::alembic_migrate::embedded::Embedded::new("),
        "{embedded}"
    );
}

#[test]
fn an_untouched_template_is_a_warning() {
    let empty =
        "-- a\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\n\n-- alembic: downgrade\n";
    let run = |text: &str| {
        let project = Project::new(&[
            ("shop/Cargo.toml", MANIFEST),
            ("shop/migrations/a.sql", text),
        ]);
        let said = project.run();
        assert!(project.embedded().is_some(), "{said}");
        let lines = said.lines().filter(|line| line.contains("warning"));
        lines.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let warned = run(empty);
    assert_eq!(
        warned[..2],
        [
            "cargo::warning=[empty-upgrade] the upgrade section has no statements",
            "cargo::warning=  --> migrations/a.sql:5:1",
        ]
    );
    assert_eq!(run(&empty.replace("upgrade\n", "upgrade empty\n")), [""; 0]);
}

#[test]
fn sql_that_the_oldest_sqlite_refuses_is_a_warning() {
    let revision = "-- a\n-- Revision ID: a1\n-- Revises:\n\n-- alembic: upgrade\n\
                    CREATE TABLE a (b TEXT);\nUPDATE a SET b = concat(b, 1) || unhex('00');\n\
                    ALTER TABLE a ALTER COLUMN b SET NOT NULL;\n\n\
                    -- alembic: upgrade postgres\nSELECT string_agg(b, ',') FROM a;\n\n\
                    -- alembic: downgrade\nDROP TABLE a;\nSELECT 1_0;\n";
    let schema = "CREATE TABLE a (b TEXT NOT NULL) STRICT;\n";
    let all = [
        "[newer-sqlite] `concat()` needs SQLite 3.44",
        "  --> migrations/a.sql:7:18",
        "[newer-sqlite] `unhex()` needs SQLite 3.41",
        "  --> migrations/a.sql:7:34",
        "[newer-sqlite] `_` between digits needs SQLite 3.46",
        "  --> migrations/a.sql:15:8",
        "[newer-sqlite] a `STRICT` table needs SQLite 3.37",
        "  --> schema.sql:1:34",
    ];
    let newer = [all[0], all[1], all[4], all[5]];
    for (configuration, expected) in [
        ("", all.as_slice()),
        ("sqlite-version = \"3.41\"\n", newer.as_slice()),
        ("sqlite-version = \"3.46.1\"\n", &[]),
        ("dialects = [\"sqlite\", \"postgres\"]\n", all.as_slice()),
        ("dialects = [\"postgres\"]\n", &[]),
    ] {
        let schema_keys = "schema = \"schema.sql\"\nfresh = \"replay\"\n";
        let manifest = format!("{MANIFEST}{schema_keys}{configuration}");
        let project = Project::new(&[
            ("shop/Cargo.toml", &manifest),
            ("shop/migrations/a.sql", revision),
            ("shop/schema.sql", schema),
        ]);
        let said = project.run();
        assert!(project.embedded().is_some(), "{said}");
        let lines = said
            .lines()
            .filter_map(|line| line.strip_prefix("cargo::warning="));
        let lines: Vec<&str> = lines.filter(|line| !line.contains("= help")).collect();
        assert_eq!(lines, expected, "{configuration}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let project = Project::new(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"shop\"]\n[workspace.metadata.alembic]\ntimezon = \"UTC\"\n",
        ),
        ("shop/Cargo.toml", MANIFEST),
        ("shop/migrations/a.sql", ""),
    ]);
    assert_eq!(
        project.run(),
        "cargo::rerun-if-changed=[ROOT]/Cargo.toml\n\
         cargo::rerun-if-changed=[ROOT]/shop/Cargo.toml\n\
         cargo::rerun-if-changed=[ROOT]/shop/migrations\n\
         cargo::error=[unknown-configuration-key] unknown configuration key `timezon`\n\
         cargo::error=  --> [ROOT]/Cargo.toml:4\n\
         cargo::error=  = help: did you mean `timezone`?\n\
         cargo::error=[empty-file] the file is empty\n\
         cargo::error=  --> migrations/a.sql:1:1\n\
         cargo::error=  = help: delete the file, or write the revision with `cargo alembic revision`\n"
    );
    assert_eq!(project.embedded(), None);

    let project = Project::new(&[
        ("shop/Cargo.toml", MANIFEST),
        ("shop/migrations/a.sql", &revision("a1", "")),
        ("shop/migrations/b.sql", &revision("b2", "a1")),
        ("shop/migrations/c.sql", &revision("c3", "a1")),
    ]);
    let said = project.run();
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("["))
        .filter(|line| line.contains("error=["))
        .collect();
    assert_eq!(
        errors,
        [
            "cargo::error=[multiple-heads] multiple heads: b2, c3",
            "cargo::error=[branch] the history branches at a1 into b2, c3",
        ]
    );
    assert!(said.contains("migrations/c.sql:2:17"), "{said}");
    assert!(
        said.contains("`cargo alembic merge -p shop b2 c3`"),
        "{said}"
    );
}

#[test]
fn faults_name_the_line_of_the_key() {
    for (configuration, line) in [
        ("[package.metadata.alembic]\n\ntimezon = \"UTC\"\n", 5),
        ("[package.metadata]\nalembic.timezon = \"UTC\"\n", 4),
        ("metadata.alembic = { url = \"a\", timezon = \"UTC\" }\n", 3),
        (
            "[package.metadata.alembic]\n# timezon = 1\n\"timezon\" = 1\n",
            5,
        ),
        ("[package.metadata.alembic.timezon]\nzone = \"UTC\"\n", 3),
        (
            "metadata.other = \"\"\"\n[package.metadata.alembic]\ntimezon = 1\"\"\"\n[package.metadata.alembic]\ntimezon = 1\n",
            7,
        ),
    ] {
        let manifest = format!("[package]\nname = \"shop\"\n{configuration}");
        let project = Project::new(&[
            ("shop/Cargo.toml", &manifest),
            ("shop/migrations/a.sql", &revision("a1", "")),
        ]);
        let said = project.run();
        let expected = format!("  --> [ROOT]/shop/Cargo.toml:{line}\n");
        assert!(said.contains(&expected), "{manifest}\n{said}");
    }
}

#[test]
fn the_workspace_is_the_one_that_cargo_finds() {
    const ALEMBIC: &str = "[workspace.metadata.alembic]\nversion-table = \"of_workspace\"\n";
    let copied = |mark: &'static str| {
        vec![
            ("Cargo.toml", format!("[workspace]\n{ALEMBIC}")),
            (mark, String::new()),
        ]
    };
    let root = |keys: &str| format!("[workspace]\n{keys}\n{ALEMBIC}");
    let named = "[package]\nname = \"shop\"\nworkspace = \"../elsewhere\"\n";
    let own = format!("{MANIFEST}\n[workspace]\n");
    let own_configured = format!("{MANIFEST}\n[workspace]\n{ALEMBIC}");
    for (manifest, others, counts) in [
        (MANIFEST, vec![], false),
        (
            MANIFEST,
            vec![("Cargo.toml", root("members = [\"*\"]"))],
            true,
        ),
        (
            MANIFEST,
            vec![("Cargo.toml", "[package]\nname = 'x'\n".to_owned())],
            false,
        ),
        (
            MANIFEST,
            vec![("Cargo.toml", root("exclude = [\"shop\"]"))],
            false,
        ),
        (
            MANIFEST,
            vec![("Cargo.toml", root("exclude = [\"sho\", \"./shop/\"]"))],
            false,
        ),
        (
            MANIFEST,
            vec![("Cargo.toml", root("exclude = [\"shop/examples\"]"))],
            true,
        ),
        (
            MANIFEST,
            vec![(
                "Cargo.toml",
                root("members = [\"shop\"]\nexclude = [\"shop\"]"),
            )],
            true,
        ),
        (
            named,
            vec![
                ("Cargo.toml", "[workspace]\n".to_owned()),
                ("elsewhere/Cargo.toml", root("")),
            ],
            true,
        ),
        (&own, vec![("Cargo.toml", root(""))], false),
        // Unpacked, vendored and checked out by cargo.
        (MANIFEST, copied("shop/Cargo.toml.orig"), false),
        (MANIFEST, copied("shop/.cargo-checksum.json"), false),
        (MANIFEST, copied("shop/.cargo-ok"), false),
        (MANIFEST, copied(".cargo-ok"), false),
        (
            &own_configured,
            vec![("Cargo.toml", "[workspace]\n".to_owned())],
            true,
        ),
    ] {
        let mut files = vec![("shop/Cargo.toml", manifest)];
        files.extend(others.iter().map(|(path, text)| (*path, text.as_str())));
        let revision = "-- A\n-- Revision ID: a1\n-- Revises:\n-- alembic: upgrade empty\n";
        files.push(("shop/migrations/a1.sql", revision));
        let project = Project::new(&files);
        let said = project.run();
        let is_refused = said.contains("[workspace-configuration] `version-table` cannot");
        assert_eq!(is_refused, counts, "{files:?}: {said}");
        // Nothing that is embedded comes from a workspace.
        let embedded = project.embedded().unwrap_or_default();
        assert!(!embedded.contains("of_workspace"), "{files:?}");
        assert_eq!(embedded.is_empty(), counts, "{files:?}: {said}");
    }
}

#[test]
fn a_manifest_that_cannot_be_read_is_told() {
    let project = Project::new(&[(
        "shop/Cargo.toml",
        "[package]\nname = \"shop\"\n[package.metadata]\nalembic = { url = }\n",
    )]);
    assert_eq!(
        project.run(),
        "cargo::rerun-if-changed=[ROOT]/shop/Cargo.toml\n\
         cargo::error=[unreadable-manifest] cannot read the configuration of the migrations\n\
         cargo::error=  --> [ROOT]/shop/Cargo.toml:4:19\n\
         cargo::error=  = help: write it as a table [package.metadata.alembic]\n"
    );
}

/// Every difference from the lock file fails the build, and what the remedy writes lets it pass.
#[test]
fn a_lock_file_is_compared() {
    let manifest = format!("{MANIFEST}lock = true\n");
    let (a, b) = (revision("a1", ""), revision("b2", "a1"));
    let run = |lock: Option<&str>, files: &[(&str, &str)]| {
        let mut all = vec![("shop/Cargo.toml", manifest.as_str())];
        all.extend(lock.map(|text| ("shop/migrations/alembic.lock", text)));
        all.extend(files);
        let project = Project::new(&all);
        let said = project.run();
        let errors = said
            .lines()
            .filter_map(|line| line.strip_prefix("cargo::error="));
        assert_eq!(
            project.embedded().is_some(),
            !said.contains("error"),
            "{said}"
        );
        errors.collect::<Vec<_>>().join("\n")
    };
    let sqlite = alembic_history::Dialect::Sqlite;
    let file = alembic_history::RevisionFile::parse(a.as_str(), &[sqlite]).0;
    let digest = alembic_history::Digest::of(&file.unwrap(), sqlite);
    let digest = format!("sqlite {digest}");
    let lock = format!("-- x\na1 {digest}\nb2 revises a1 {digest}\n");
    let sound = [
        ("shop/migrations/a.sql", a.as_str()),
        ("shop/migrations/b.sql", &b),
    ];
    assert_eq!(run(Some(&lock), &sound), "");
    assert_eq!(
        run(None, &sound),
        "[lock-missing] the lock file is missing\n  --> migrations/alembic.lock:1:1\n  \
         = help: write it with `cargo alembic lock -p shop`, or remove `lock` from \
         [package.metadata.alembic]"
    );
    let packaged = [("shop/Cargo.toml.orig", MANIFEST), sound[0], sound[1]];
    assert_eq!(run(None, &packaged), "");
    let edited = a.replace("SELECT 1", "SELECT 2");
    let edited = run(Some(&lock), &[("shop/migrations/a.sql", &edited), sound[1]]);
    assert!(
        edited.starts_with(
            "[lock-content] the statements of revision a1 for SQLite differ from the lock file\n  \
             --> migrations/a.sql:2:17\n  = note: recorded here: migrations/alembic.lock:2:1\n"
        ),
        "{edited}"
    );
    let conflict = run(Some(&format!("<<<<<<< HEAD\n{lock}")), &sound);
    assert!(conflict.contains("[lock-conflict]"), "{conflict}");
    assert!(
        conflict.contains("`cargo alembic rebase -p CRATE`"),
        "{conflict}"
    );
}
