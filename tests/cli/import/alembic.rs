//! `cargo alembic import alembic`: by a stand-in for Python whose answers are recorded, and, where
//! `cargo xtask handover` has installed one, by Alembic itself.

use std::path::Path;
use std::process::Command;

use alembic_history::Dialect;
use alembic_tests::{Database, Outcome, Project, fixtures};
use insta::assert_snapshot;

use super::{failed, outcome_of, revisions};
use crate::{on_both, program_of};

/// What two revisions of a project execute, as the program in Python reports it.
const RECORDED: &str = r#"{"history": [{"id": "a1", "parents": [], "labels": ["shop"], "depends_on": [], "doc": "create account\n\nRevision ID: a1\nRevises: \nCreate Date: 2026-01-02 03:04:05.000000\n\n", "file": "a1_create_account.py"}, {"id": "b2", "parents": ["a1"], "labels": [], "depends_on": [], "doc": "", "file": "b2.py"}]}
{"id": "a1", "upgrade": [{"sql": "\nCREATE TABLE account (\n\tid INTEGER NOT NULL, \n\tPRIMARY KEY (id)\n)\n\n", "deliberate": false, "outside": false}]}
{"id": "a1", "downgrade": [{"sql": "\nDROP TABLE account", "deliberate": false, "outside": false}], "raised": null}
{"id": "b2", "upgrade": [{"sql": "SELECT id FROM account", "deliberate": false, "outside": false}, {"sql": "INSERT INTO account (id) VALUES (7)", "deliberate": false, "outside": false}]}
{"id": "b2", "downgrade": [], "raised": null}
{"done": {"name": "versions", "schema": null, "per_revision": true}}
"#;

const UPGRADED: &str = "CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY);";
const REVERTED: &str = "DROP TABLE account;";
const DONE: &str = r#"{"done": {"name": "versions", "schema": null, "per_revision": true}}"#;

/// A crate with a project of Alembic in `py`, whose Python answers this.
fn recorded(answers: &str) -> Project {
    let project = Project::new("shop");
    for (file, text) in [
        ("alembic.ini", "[alembic]\n"),
        ("recorded.jsonl", answers),
        ("upgraded.sql", UPGRADED),
        ("reverted.sql", REVERTED),
        ("reverted.jsonl", DONE),
    ] {
        project.write(format!("py/{file}"), text);
    }
    project
}

/// Imports with the stand-in for Python.
fn line() -> String {
    let python = fixtures().join("alembic/recorded/python");
    format!(
        "import alembic py --dialect sqlite --python {}",
        python.display()
    )
}

fn import(project: &Project) -> (Outcome, Vec<String>) {
    outcome_of(project, &line())
}

#[cfg(unix)]
#[test]
fn a_recorded_project() {
    let project = recorded(RECORDED);
    let (dry, changes) = outcome_of(&project, &format!("{} --dry-run", line()));
    assert_eq!((dry.success().status, changes), (0, Vec::new()));
    let (outcome, changes) = import(&project);
    let outcome = outcome.success();
    assert_snapshot!(format!(
        "{}{}\n# changes\n{}\n\n# Cargo.toml\n{}\n{}",
        outcome.stdout,
        outcome.stderr,
        changes.join("\n"),
        project.read("Cargo.toml"),
        revisions(&project, "revisions")
    ));
    let json = recorded(RECORDED).run(&format!("{} --format json", line()));
    assert_snapshot!(json.success().stdout);
}

/// A history that makes another schema than Alembic is not written.
#[cfg(unix)]
#[test]
fn what_is_not_proved_is_not_written() {
    for (file, sql, phrase) in [
        (
            "upgraded.sql",
            "CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY, name TEXT);",
            "make another schema than Alembic's",
        ),
        ("reverted.sql", "", "leave another schema than Alembic's"),
    ] {
        let project = recorded(RECORDED);
        project.write(format!("py/{file}"), sql);
        let (outcome, changes) = import(&project);
        let outcome = failed(outcome);
        for phrase in ["error[revision-not-proved]", phrase, "left: ", "account"] {
            assert!(outcome.stderr.contains(phrase), "{phrase}: {outcome}");
        }
        assert_eq!(changes, Vec::<String>::new());
    }
}

/// What the program in Python says when it cannot record, the code and phrases.
#[cfg(unix)]
#[test]
fn projects_that_are_refused() {
    let error = |kind: &str| {
        format!(
            r#"{{"error": {{"kind": "{kind}", "message": "said\u001b[31m", "revision": "a1"}}}}"#
        )
    };
    for (answers, code, phrase) in [
        (
            error("no-alembic"),
            "error[no-alembic]",
            "has no Alembic: said␛",
        ),
        (
            error("no-driver"),
            "error[no-alembic]",
            "cannot reach the scratch database",
        ),
        (
            error("project"),
            "error[alembic-project]",
            "py/alembic.ini cannot be run: said␛",
        ),
        (
            error("foreign"),
            "error[alembic-project]",
            "opens another database",
        ),
        (
            error("several"),
            "error[alembic-project]",
            "has several databases",
        ),
        (
            error("failed"),
            "error[not-imported]",
            "revision a1 failed on an empty database",
        ),
        (
            String::new(),
            "error[no-alembic]",
            "could not record: boom␛",
        ),
        (
            "{}".to_owned(),
            "error[no-alembic]",
            "could not record: boom␛",
        ),
        (
            "{\"history\": []}\n{\"again\": 0}".to_owned(),
            "error[not-imported]",
            "has no revisions",
        ),
        (
            RECORDED.lines().next().unwrap().to_owned(),
            "error[no-alembic]",
            "it ended before it had recorded all",
        ),
        (
            RECORDED.replace(r#""id": "b2""#, r#""id": "b-2""#),
            "error[not-imported]",
            "b2.py: no revision can be named after version \"b-2\"",
        ),
        (
            RECORDED.replace(
                r#"{"sql": "SELECT id FROM account", "deliberate": false, "outside": false}"#,
                r#"{"unwritten": "SELECT ?", "why": "a text holds a NUL"}"#,
            ),
            "error[not-imported]",
            "b2.py: `SELECT ?` cannot be written with its parameters: a text holds a NUL",
        ),
    ] {
        let project = recorded(&answers);
        project.write("py/said", "Traceback\nboom\u{1b}[31m\n");
        let (outcome, changes) = import(&project);
        let outcome = failed(outcome);
        assert!(outcome.stderr.contains(code), "{answers}: {outcome}");
        assert!(outcome.stderr.contains(phrase), "{answers}: {outcome}");
        assert!(!outcome.stderr.contains('\u{1b}'), "{answers}: {outcome}");
        assert_eq!(changes, Vec::<String>::new(), "{answers}");
    }
}

#[test]
fn arguments_that_are_refused() {
    for (line, code, phrase) in [
        (
            "import alembic py --dialect sqlite --python nowhere/python",
            "error[no-alembic]",
            "cannot run Python: nowhere/python",
        ),
        (
            "import alembic src --dialect sqlite",
            "error[unknown-tool]",
            "src has no project of Alembic",
        ),
        (
            "import alembic --dialect sqlite",
            "error[unknown-tool]: . has no project of Alembic",
            "import alembic path/to/project",
        ),
        ("import alembic py", "", "name it with `--dialect sqlite`"),
        ("import alembic --database", "", "need not be taken over"),
        (
            "import sqlx py --python python3",
            "",
            "leave `--python` out",
        ),
        (
            "import alembics py",
            "error[unknown-tool]",
            "did you mean `alembic`?",
        ),
    ] {
        let project = recorded("");
        let (outcome, changes) = outcome_of(&project, line);
        let outcome = failed(outcome);
        assert!(outcome.stderr.contains(code), "{line}: {outcome}");
        assert!(outcome.stderr.contains(phrase), "{line}: {outcome}");
        assert_eq!(changes, Vec::<String>::new(), "{line}");
    }
}

/// Runs Alembic itself.
fn alembic(program: &Path, database: &Database, line: &str) {
    let url = match database.dialect() {
        Dialect::Sqlite => format!("sqlite:///{}", database.path().display()),
        Dialect::Postgres => {
            let url = database.url();
            url.replace("postgres://", "postgresql+psycopg://")
        }
    };
    let output = Command::new(program)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg("-c")
        .arg(fixtures().join("alembic/project/alembic.ini"))
        .args(["-x", &format!("url={url}")])
        .args(line.split(' '))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {errors}");
}

/// A project of Alembic's with everything that is hard to import, by synchronous and by asynchronous
/// engines: a database that Alembic has half migrated goes on with the imported revisions, and ends with
/// the tables and the rows that Alembic makes.
#[test]
#[ignore = "needs Alembic: `cargo xtask handover` installs it"]
fn a_project_of_alembic_itself() {
    let program = program_of("ALEMBIC");
    let python = program.with_file_name(format!("python{}", std::env::consts::EXE_SUFFIX));
    for file in ["alembic.ini", "async.ini"] {
        on_both(|dialect| {
            let context = format!("{file} on {dialect}");
            let project = Project::new("shop").on(dialect);
            let database = project.database("shop.db");
            let server = Database::new(Dialect::Postgres);
            let line = format!(
                "import alembic {} --python {} --dialect {dialect} --scratch-url {}",
                fixtures().join("alembic/project").join(file).display(),
                python.display(),
                server.url(),
            );
            let outcome = project.run(&line).success();
            let found = outcome.stdout.matches("8 revisions imported").count();
            assert_eq!(found, 1, "{context}: {outcome}");
            project.configure(&format!("url = \"{}\"", database.url()));

            alembic(&program, &database, "upgrade a10000000004");
            project.run("upgrade heads").success();
            let theirs = Database::new(dialect);
            alembic(&program, &theirs, "upgrade heads");
            let mut versions = database.versions();
            versions.sort();
            let mut expected = theirs.versions();
            expected.sort();
            assert_eq!(versions, expected, "{context}");
            assert_eq!(database.tables(), theirs.tables(), "{context}");
            for table in theirs.tables() {
                let rows = format!("SELECT * FROM {table} ORDER BY 1");
                assert_eq!(database.query(&rows), theirs.query(&rows), "{context}");
            }
            let refused = failed(project.run("downgrade b10000000002"));
            assert!(refused.stderr.contains("[irreversible]"), "{refused}");
            // Alembic goes on where ours has stopped.
            project.run("downgrade a10000000005@-1").success();
            alembic(&program, &database, "upgrade heads");
            project.run("current --check-heads").success();
        });
    }
}

/// What `env.py` may do that leads elsewhere, or nowhere: nothing is executed on another database.
#[test]
#[ignore = "needs Alembic: `cargo xtask handover` installs it"]
fn environments_that_lead_elsewhere() {
    let program = program_of("ALEMBIC");
    let python = program.with_file_name(format!("python{}", std::env::consts::EXE_SUFFIX));
    for (env, phrase) in [
        (
            "import sqlite3\nfrom sqlalchemy import create_engine, event\n\
             from sqlalchemy.engine import Engine\nfrom alembic import context\n\
             @event.listens_for(Engine, 'do_connect')\n\
             def elsewhere(*_):\n    return sqlite3.connect('elsewhere.db')\n\
             with create_engine('sqlite://').connect() as connection:\n\
             \x20   context.configure(connection=connection)\n    context.run_migrations()\n",
            "opens another database",
        ),
        (
            "import nowhere\n",
            "env.py:1: ModuleNotFoundError: No module named 'nowhere'",
        ),
        ("", "it must call context.run_migrations()"),
    ] {
        let project = Project::new("shop");
        project.write("py/env.py", env);
        project.write(
            "py/versions/a1.py",
            "revision = 'a1'\ndown_revision = None\n",
        );
        project.write("py/elsewhere.db", "");
        let line = format!(
            "import alembic py --dialect sqlite --python {}",
            python.display()
        );
        let (outcome, changes) = outcome_of(&project, &line);
        let outcome = failed(outcome);
        assert!(
            outcome.stderr.contains("error[alembic-project]"),
            "{outcome}"
        );
        assert!(outcome.stderr.contains(phrase), "{outcome}");
        assert_eq!(changes, Vec::<String>::new());
    }
}
