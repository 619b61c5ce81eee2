//! `cargo alembic init`

use alembic_history::Dialect;
use alembic_tests::{Project, graph};
use insta::assert_snapshot;

use crate::bad_input::check_in;

#[test]
fn a_new_project() {
    let project = Project::new("shop");
    let before = project.tree();
    let shown = project.transcript(&["init", "upgrade", "current", "heads", "history"]);
    let changes = before.changes(&project.tree()).join("\n");
    let manifest = project.read("Cargo.toml");
    let readme = project.read("migrations/README.md");
    assert_snapshot!(format!(
        "{shown}\n# changes\n{changes}\n\n# Cargo.toml\n{manifest}\n# README.md\n{readme}"
    ));
}

#[test]
fn a_manifest_keeps_its_comments_and_its_order() {
    let project = Project::new("shop");
    project.write(
        "Cargo.toml",
        "# Our shop.\n[package]\nname = \"shop\" # the name\nversion = \"0.1.0\"\n\n\
         [package.metadata.docs.rs]\nall-features = true\n\n[features]\nx = []\n",
    );
    project.run("init").success();
    assert_snapshot!(project.read("Cargo.toml"));
}

#[test]
fn a_manifest_keeps_its_line_ends() {
    let project = Project::new("shop");
    let manifest = project.read("Cargo.toml").replace('\n', "\r\n");
    project.write("Cargo.toml", manifest);
    project.run("init").success();
    let text = project.read("Cargo.toml");
    assert!(text.contains("[package.metadata.alembic]\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn existing_configuration_is_kept() {
    let project = Project::new("shop");
    project.replace(
        "Cargo.toml",
        "[dependencies]",
        "[package.metadata.alembic]\nurl = \"sqlite://mine.db\" # mine\n\n[dependencies]",
    );
    let before = project.read("Cargo.toml");
    assert_snapshot!(project.transcript(&["init"]));
    assert_eq!(project.read("Cargo.toml"), before);
}

#[test]
fn an_existing_folder_is_refused() {
    let project = Project::new("shop");
    project.write("migrations/note.txt", "mine");
    let before = project.tree();
    assert_snapshot!(project.transcript(&["init"]));
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn an_empty_folder_is_used() {
    let project = Project::new("shop");
    std::fs::create_dir(project.path("migrations")).unwrap();
    project.run("init").success();
}

#[test]
fn another_folder_and_database() {
    let project = Project::new("shop");
    let shown = project.transcript(&[
        "init db/versions --url sqlite:///var/lib/shop.db --format json",
        "revision -m 'First' --rev-id aa01",
        "heads",
    ]);
    assert_snapshot!(format!("{shown}\n{}", project.read("Cargo.toml")));
    assert!(
        project
            .path("db/versions/20250128_1000_aa01_first.sql")
            .exists()
    );
}

#[test]
fn a_workspace() {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"store\"]\n",
    );
    for name in ["app", "store"] {
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        project.write(format!("{name}/Cargo.toml"), manifest);
        project.write(format!("{name}/src/lib.rs"), "");
    }
    let shown = project.transcript(&["init", "upgrade", "init -p app"]);
    let inside = project.at("store/src").transcript(&["init"]);
    assert_snapshot!(format!("{shown}\n# in store/src\n{inside}"));
    assert!(project.path("app/migrations").is_dir());
    assert!(project.path("store/migrations").is_dir());
}

/// A workspace of two crates that have nothing to do with migrations yet.
fn two_crates() -> Project {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"my-store\"]\n",
    );
    for name in ["app", "my-store"] {
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        project.write(format!("{name}/Cargo.toml"), manifest);
        project.write(format!("{name}/src/lib.rs"), "");
    }
    project
}

/// Crates of one database get version tables of their own, so that the next command works.
#[test]
fn crates_of_one_database() {
    let url = "--url sqlite://all.db";
    for (what, variable, app, store, table) in [
        ("one URL", None, url, url, "my_store_version"),
        (
            "one variable",
            Some("sqlite://all.db"),
            "",
            "",
            "my_store_version",
        ),
        (
            "a table of its own",
            None,
            url,
            "--url sqlite://all.db --version-table store_revisions",
            "store_revisions",
        ),
        (
            "the other table",
            None,
            "--url sqlite://all.db --version-table app_revisions",
            url,
            "",
        ),
        ("two URLs", None, "", "", ""),
    ] {
        let project = two_crates();
        let mut place = project.here();
        if let Some(url) = variable {
            place = place.env("DATABASE_URL", url);
        }
        place.run(&format!("init -p app {app}")).success();
        place.run(&format!("init -p my-store {store}")).success();
        let manifest = project.read("my-store/Cargo.toml");
        let configured = match table {
            "" => !manifest.contains("version-table"),
            table => manifest.contains(&format!("version-table = \"{table}\"\n")),
        };
        assert!(configured, "{what}: {manifest}");
        project.add_to("app/migrations", graph("aa01"));
        project.add_to("my-store/migrations", graph("cc03"));
        for line in ["lock", "upgrade", "current --check-heads", "downgrade base"] {
            place.run(line).success();
        }
    }
}

#[test]
fn version_tables_that_cannot_be_configured() {
    let project = two_crates();
    let url = "--url sqlite://all.db";
    project.run(&format!("init -p app {url}")).success();
    for (table, exit, stderr) in [
        (
            "alembic_version",
            2,
            "error[shared-version-table]: crates `app` and `my-store` | `--version-table <table>`",
        ),
        (
            "a.versions",
            4,
            "error[invalid-configuration-value] | has a dot, and SQLite has no schemas; write `version-table = \"versions\"`",
        ),
        (
            "sqlite_versions",
            4,
            "error[invalid-configuration-value] | `sqlite_versions` begins with `sqlite_`",
        ),
    ] {
        let line = format!("init -p my-store {url} --version-table {table}");
        check_in(&project, "a version table", &line, exit, stderr);
    }
}

/// A manifest that is a link stays one.
#[cfg(unix)]
#[test]
fn a_linked_manifest() {
    let project = Project::new("shop");
    std::fs::rename(project.path("Cargo.toml"), project.path("shop.toml")).unwrap();
    std::os::unix::fs::symlink("shop.toml", project.path("Cargo.toml")).unwrap();
    project.run("init").success();
    let link = std::fs::read_link(project.path("Cargo.toml")).unwrap();
    assert_eq!(link.as_os_str(), "shop.toml");
    let manifest = project.read("shop.toml");
    assert!(
        manifest.contains("[package.metadata.alembic]"),
        "{manifest}"
    );
}

#[test]
fn a_url_that_cannot_be_configured_changes_nothing() {
    let project = Project::new("shop");
    let before = project.tree();
    for (url, stderr) in [
        (
            "mysql://root:secret@localhost/shop",
            "`mysql://root:***@localhost/shop` | no driver for `mysql:`",
        ),
        (
            "postgres://u:secret@h/d",
            "`postgres://u:***@h/d`: its password would be written to Cargo.toml | set PGPASSWORD, use ~/.pgpass | DATABASE_URL",
        ),
        (
            "postgres://h/d?user=u&password=secret",
            "its password would be written to Cargo.toml | password=***",
        ),
        (
            "postgresql://u:se%40secret@h/d?sslmode=require",
            "its password would be written to Cargo.toml",
        ),
        ("postgres:u:secret@h/d", "begins with `postgres://`"),
        ("postgres://u@h/d?sslmod=require", "did you mean `sslmode`?"),
        ("postgres://u@h:port/d", "invalid port number"),
        ("shop.db", "begins with `sqlite:` or `postgres:`"),
    ] {
        let line = format!("init --url {url}");
        check_in(&project, "a URL", &line, 2, stderr);
    }
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

/// The environment says what the crate speaks, and goes on to say where the database is.
#[test]
fn a_server_in_the_environment() {
    let project = Project::new("shop").on(Dialect::Postgres);
    let mut shown = project.transcript(&["init", "revision -m 'First' --rev-id aa01"]);
    let new = "migrations/20250128_1000_aa01_first.sql";
    project.replace(new, "upgrade\n", "upgrade\nCREATE TABLE t (id INTEGER);\n");
    shown.push('\n');
    shown.push_str(&project.transcript(&["upgrade", "current"]));
    let manifest = project.read("Cargo.toml");
    assert_snapshot!(format!("{shown}\n# Cargo.toml\n{manifest}"));
}

/// Without a password, a URL can be configured; the password comes from the environment.
#[test]
fn a_server_by_its_url() {
    for (url, environment) in [
        ("postgres://app@db.example/shop", None),
        ("postgresql://db.example:5433/shop?sslmode=require", None),
        (
            "postgres:///shop?host=/run/postgresql",
            Some("sqlite://x.db"),
        ),
    ] {
        let project = Project::new("shop");
        let place = project.here();
        let place = match environment {
            Some(other) => place.env("DATABASE_URL", other),
            None => place,
        };
        place.run(&format!("init --url {url}")).success();
        let manifest = project.read("Cargo.toml");
        let table = format!("[package.metadata.alembic]\nurl = \"{url}\"\n");
        assert!(manifest.contains(&table), "{manifest}");
    }
}

/// A URL that is written elsewhere is not hidden by another one: `init` says which it is.
#[test]
fn a_url_that_is_written_elsewhere() {
    let variable = ("DATABASE_URL", "sqlite://other.db");
    let of_workspace = "[workspace.metadata.alembic]\n";
    let url = "url = \"sqlite://all.db\"\n";
    let server = "url = \"postgres://db.example/shop\"\n";
    let dialects = |dialect: &str| format!("dialects = [\"{dialect}\"]\n");
    for (workspace, environment, line, keys, shown) in [
        (
            "",
            Some(variable),
            "init -p app",
            dialects("sqlite"),
            "sqlite://other.db, from the environment variable DATABASE_URL; the manifest names none",
        ),
        (
            "url-env = \"SHOP_DB\"\n",
            Some(("SHOP_DB", "sqlite://other.db?mode=rwc")),
            "init -p app",
            dialects("sqlite"),
            "sqlite://other.db?mode=rwc, from the environment variable SHOP_DB; the manifest names none",
        ),
        (
            "url-env = \"SHOP_DB\"\n",
            Some(variable),
            "init -p app",
            format!("url = \"sqlite://app.db\"\n{}", dialects("sqlite")),
            "sqlite://app/app.db",
        ),
        (
            "",
            Some(variable),
            "init -p app --url sqlite://app/own.db",
            format!("url = \"sqlite://own.db\"\n{}", dialects("sqlite")),
            "sqlite://other.db, from the environment variable DATABASE_URL; without it, \
             sqlite://app/own.db",
        ),
        (
            url,
            None,
            "init -p app",
            dialects("sqlite"),
            "sqlite://all.db, from [workspace.metadata.alembic]",
        ),
        (
            server,
            None,
            "init -p app",
            dialects("postgres"),
            "postgres://db.example/shop, from [workspace.metadata.alembic]",
        ),
        (
            url,
            None,
            "init -p app --url sqlite://own.db",
            format!("url = \"sqlite://../own.db\"\n{}", dialects("sqlite")),
            "sqlite://own.db",
        ),
    ] {
        let project = two_crates();
        if !workspace.is_empty() {
            let manifest = project.read("Cargo.toml");
            project.write(
                "Cargo.toml",
                format!("{manifest}\n{of_workspace}{workspace}"),
            );
        }
        let mut place = project.here();
        if let Some((name, value)) = environment {
            place = place.env(name, value);
        }
        let outcome = place.run(line).success();
        let status = format!("    Database {shown}\n");
        assert!(
            outcome.stderr.contains(&status),
            "{outcome}\nlacks {status}"
        );
        let manifest = project.read("app/Cargo.toml");
        let (_, table) = manifest.split_once("[package.metadata.alembic]\n").unwrap();
        assert_eq!(table, format!("{keys}lock = true\n"), "{line}");
    }
}

/// A relative path is relative to the current folder, and so is the file that is used.
#[test]
fn a_relative_url_names_one_file() {
    for (folder, package, url, written, file) in [
        ("", "app", "sqlite://all.db", "sqlite://../all.db", "all.db"),
        ("", "app", "sqlite:all.db", "sqlite://../all.db", "all.db"),
        ("", "app", "sqlite://app/a.db", "sqlite://a.db", "app/a.db"),
        ("app", "app", "sqlite://a.db", "sqlite://a.db", "app/a.db"),
        (
            "app/src",
            "my-store",
            "sqlite://a.db",
            "sqlite://../app/src/a.db",
            "app/src/a.db",
        ),
        (
            "app/src",
            "app",
            "sqlite://../../all.db?mode=rwc",
            "sqlite://../all.db?mode=rwc",
            "all.db",
        ),
        (
            "",
            "app",
            "sqlite://a%20b.db",
            "sqlite://../a%20b.db",
            "a b.db",
        ),
    ] {
        let project = two_crates();
        let place = project.at(folder);
        place
            .run(&format!("init -p {package} --url {url}"))
            .success();
        let manifest = project.read(format!("{package}/Cargo.toml"));
        assert!(
            manifest.contains(&format!("url = \"{written}\"\n")),
            "{url} in `{folder}`: {manifest}"
        );
        project.add_to(format!("{package}/migrations"), graph("aa01"));
        place.run(&format!("lock -p {package}")).success();
        place.run(&format!("upgrade -p {package}")).success();
        assert!(project.path(file).exists(), "{url} in `{folder}`");
    }
    // As if the other way around.
    let project = two_crates();
    let all = project.path("all.db");
    let url = format!("sqlite://{}", all.display());
    project.run(&format!("init -p app --url {url}")).success();
    let manifest = project.read("app/Cargo.toml");
    assert!(
        manifest.contains(&format!("url = \"{url}\"\n")),
        "{manifest}"
    );
    let outcome = project.at("my-store").run("init --url sqlite://../all.db");
    let shared = "my-store shares its database with app, so its version table is my_store_version";
    assert!(outcome.success().stderr.contains(shared));
}

/// The next command is for the crate and the manifest of this one.
#[test]
fn the_next_command() {
    let project = two_crates();
    let next = "Next `cargo alembic revision";
    for (folder, line, expected) in [("", "init -p app", "-p app -m"), ("my-store", "init", "-m")] {
        let outcome = project.at(folder).run(line).success();
        let expected = format!("{next} {expected} \"what it does\"`\n");
        assert!(outcome.stderr.contains(&expected), "{outcome}");
    }
    // Commands that are suggested for the chosen crates choose them, too.
    project.write("app/migrations/aa01.sql", "");
    let revision = "write the revision with `cargo alembic revision -p app`";
    let heads = "list the heads with `cargo alembic heads -p my-store`";
    let history = "list revisions with `cargo alembic history --workspace`";
    for (line, exit, stderr) in [
        ("heads", 5, revision),
        ("merge -p my-store", 6, heads),
        ("upgrade --workspace zz", 6, history),
    ] {
        let outcome = project.run(line);
        assert_eq!(outcome.status, exit, "{outcome}");
        assert!(outcome.stderr.contains(stderr), "{outcome}");
        std::fs::remove_file(project.path("app/migrations/aa01.sql")).unwrap_or_default();
    }
    let project = two_crates();
    let line = "init --manifest-path ../my-store/Cargo.toml";
    let outcome = project.at("app").run(line).success();
    let expected = "-m \"what it does\" --manifest-path ../my-store/Cargo.toml`\n";
    assert!(outcome.stderr.contains(expected), "{outcome}");
}

/// The file of the database is not for the repository.
#[test]
fn the_database_file_is_ignored_by_git() {
    for (before, line, after) in [
        (None, "init", Some("/shop.db\n/shop.db-*\n")),
        (
            Some("target"),
            "init",
            Some("target\n/shop.db\n/shop.db-*\n"),
        ),
        (
            Some("a\r\n"),
            "init",
            Some("a\r\n/shop.db\r\n/shop.db-*\r\n"),
        ),
        (Some("*.db\n"), "init", Some("*.db\n")),
        (
            None,
            "init --url sqlite://data/mine.db",
            Some("/data/mine.db\n/data/mine.db-*\n"),
        ),
        (None, "init --url sqlite:///tmp/elsewhere.db", None),
        (None, "init --url postgres://h/d", None),
    ] {
        let project = Project::new("shop");
        project.git("init -q");
        if let Some(before) = before {
            project.write(".gitignore", before);
        }
        project.run(line).success();
        let found = project
            .path(".gitignore")
            .exists()
            .then(|| project.read(".gitignore"));
        assert_eq!(found.as_deref(), after, "{before:?} {line}");
    }
    let project = Project::new("shop");
    project.run("init").success();
    assert!(!project.path(".gitignore").exists());
}
