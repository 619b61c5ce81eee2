//! What can be wrong, and what is said about it. Whatever it is, nothing changes: neither the
//! project nor the database.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use alembic_history::{Code, Dialect};
use alembic_tests::postgres::Server;
use alembic_tests::{Database, Outcome, Place, Project, graph, revision};

use crate::workspace;

mod arguments;
mod configuration;
pub(crate) mod databases;
mod revision_files;
pub(crate) mod servers;

/// What stands between the texts of which all must be on stderr.
const SEPARATOR: &str = " | ";

type Prepare = Box<dyn Fn(&Project)>;

/// What an environment variable holds, as it depends on the database.
type Value = dyn Fn(&Database) -> String;

/// One thing put wrong, and what a command says about it.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    dialects: &'static [Dialect],
    prepare: Vec<Prepare>,
    /// The environment variables, as they come from the database.
    variables: Vec<(&'static str, Box<Value>)>,
    pub(crate) line: &'static str,
    exit: i32,
    stderr: &'static str,
}

pub(crate) fn row(what: &'static str, line: &'static str, exit: i32, stderr: &'static str) -> Row {
    Row {
        what,
        dialects: &[Dialect::Sqlite],
        prepare: Vec::new(),
        variables: Vec::new(),
        line,
        exit,
        stderr,
    }
}

impl Row {
    /// Goes wrong in the same way on every engine.
    fn on_both(mut self) -> Self {
        self.dialects = Dialect::ALL;
        self
    }

    /// Goes wrong on PostgreSQL.
    pub(crate) fn on_server(mut self) -> Self {
        self.dialects = &[Dialect::Postgres];
        self
    }

    /// Sets an environment variable.
    fn env(mut self, name: &'static str, value: impl Fn(&Database) -> String + 'static) -> Self {
        self.variables.push((name, Box::new(value)));
        self
    }

    /// Names the database by another URL, which is made from its own.
    pub(crate) fn address(self, address: impl Fn(&str) -> String + 'static) -> Self {
        self.env("DATABASE_URL", move |database| address(&database.url()))
    }

    /// Puts a file into the project.
    pub(crate) fn file(self, path: &'static str, content: impl AsRef<[u8]> + 'static) -> Self {
        self.with(move |project| {
            project.write(path, &content);
        })
    }

    /// Puts lines into the configuration.
    fn configure(self, lines: &'static str) -> Self {
        self.with(move |project| {
            project.configure(lines);
        })
    }

    /// Puts another URL into the configuration.
    fn url(self, url: &'static str) -> Self {
        self.with(move |project| {
            project.replace("Cargo.toml", "sqlite://shop.db", url);
        })
    }

    /// Executes statements in the database.
    pub(crate) fn sql(self, sql: &'static str) -> Self {
        self.with(move |project| project.database("shop.db").execute(sql))
    }

    /// Does anything else to the project.
    pub(crate) fn with(mut self, prepare: impl Fn(&Project) + 'static) -> Self {
        self.prepare.push(Box::new(prepare));
        self
    }

    /// Tells whether it goes wrong on PostgreSQL.
    pub(crate) fn is_on_server(&self) -> bool {
        self.dialects.contains(&Dialect::Postgres)
    }

    /// Puts it wrong in a project, and returns where to run the command.
    pub(crate) fn place<'p>(&self, project: &'p Project) -> Place<'p> {
        for prepare in &self.prepare {
            prepare(project);
        }
        let database = project.database("shop.db");
        let place = project.here();
        let variables = self.variables.iter();
        variables.fold(place, |place, (name, value)| {
            place.env(name, value(&database))
        })
    }
}

/// A crate of two revisions, with a database at the first.
fn project(dialect: Dialect) -> Project {
    match dialect {
        Dialect::Sqlite => filled(Project::with_crate("shop")),
        Dialect::Postgres => project_on(Server::shared()),
    }
}

/// Like [`project`], with a database on a server.
pub(crate) fn project_on(server: &Server) -> Project {
    filled(Project::with_crate("shop").on_server(server))
}

fn filled(project: Project) -> Project {
    project.add_to("migrations", graph("aa01; bb02<-aa01"));
    project.database("shop.db").execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); \
         INSERT INTO alembic_version VALUES ('aa01'); CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY)",
    );
    project
}

/// Runs a command, and checks what it says and that it changes nothing.
#[track_caller]
pub(crate) fn check_in(project: &Project, what: &str, line: &str, exit: i32, stderr: &str) {
    let faults = faults_in(project, what, line, exit, stderr);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn faults_in(project: &Project, what: &str, line: &str, exit: i32, stderr: &str) -> Vec<String> {
    faults_at(project, &project.here(), what, line, exit, stderr)
}

fn faults_at(
    project: &Project,
    place: &Place<'_>,
    what: &str,
    line: &str,
    exit: i32,
    stderr: &str,
) -> Vec<String> {
    let before = project.tree();
    let outcome = place.run(line);
    let mut faults = faults(&outcome, what, line, exit, stderr);
    for change in before.changes(&project.tree()) {
        faults.push(format!("{what}: {line}: {change}\n{outcome}"));
    }
    faults
}

fn faults(outcome: &Outcome, what: &str, line: &str, exit: i32, stderr: &str) -> Vec<String> {
    let shown = outcome.to_string();
    let mut wrong: Vec<String> = Vec::new();
    if outcome.status != exit {
        wrong.push(format!("not exit code {exit}"));
    }
    if !outcome.stdout.is_empty() {
        wrong.push("something on stdout".to_owned());
    }
    for text in stderr.split(SEPARATOR).filter(|text| !shown.contains(text)) {
        wrong.push(format!("no {text:?}"));
    }
    for never in ["secret", "panicked"] {
        if shown.contains(never) {
            wrong.push(format!("{never:?} is shown"));
        }
    }
    let wrong = wrong.into_iter();
    wrong
        .map(|wrong| format!("{what}: {line}: {wrong} in\n{shown}"))
        .collect()
}

#[track_caller]
pub(crate) fn check_outcome(outcome: &Outcome, what: &str, line: &str, exit: i32, stderr: &str) {
    let faults = faults(outcome, what, line, exit, stderr);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn check(rows: Vec<Row>) {
    let mut faults = Vec::new();
    for row in rows {
        for dialect in row.dialects {
            let project = project(*dialect);
            let place = row.place(&project);
            let what = format!("{} on {dialect}", row.what);
            let found = faults_at(&project, &place, &what, row.line, row.exit, row.stderr);
            faults.extend(found);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The text of a third revision, with something done to it.
fn third(change: impl Fn(String) -> String) -> String {
    change(upgrade("SELECT 1;"))
}

/// The text of a third revision that upgrades with these statements.
pub(crate) fn upgrade(sql: &str) -> String {
    revision("cc03").revises("bb02").upgrade(sql).to_string()
}

pub(crate) const CC03: &str = "migrations/cc03.sql";

macro_rules! groups {
    ($($file:ident: $($group:ident)*,)*) => {
        mod groups {
            $($(
                #[test]
                fn $group() {
                    super::check(super::$file::$group());
                }
            )*)*
        }
    };
}

groups! {
    revision_files: headers sections graphs revision_files,
    configuration: configuration urls,
    databases: files version_tables migrations statements scripts,
    servers: addresses ids rights servers,
    arguments: expressions arguments foreign_words revisions,
}

#[test]
fn not_in_a_project() {
    let project = Project::empty();
    for line in ["upgrade", "init", "revision -m x", "heads"] {
        let stderr = "could not find `Cargo.toml` | --manifest-path";
        check_in(&project, "no project", line, 4, stderr);
    }
}

#[test]
fn every_crate_is_heard() {
    let project = workspace();
    project.write("app/migrations/bad.sql", "");
    project.write("store/migrations/bad.sql", "SELECT 1;\n");
    for line in ["upgrade", "heads", "current", "stamp head"] {
        let stderr = "error[empty-file]: the file is empty | app/migrations/bad.sql:1:1 | error[missing-key] | store/migrations/bad.sql:1:1";
        check_in(&project, "broken files in two crates", line, 5, stderr);
    }
    let project = workspace();
    for name in ["app", "store"] {
        project.replace(format!("{name}/Cargo.toml"), "url", "ulr");
    }
    let stderr = "app/Cargo.toml:7:1 | store/Cargo.toml:7:1 | did you mean `url`?";
    check_in(
        &project,
        "wrong configuration of two crates",
        "upgrade",
        4,
        stderr,
    );
}

#[test]
fn crates_with_one_version_table() {
    let project = workspace();
    project.replace(
        "app/Cargo.toml",
        "sqlite://app.db",
        "sqlite://../store/./store.db",
    );
    for line in [
        "upgrade",
        "current",
        "stamp head",
        "downgrade base",
        "ensure-version",
    ] {
        let stderr = "error[shared-version-table] | `store` | `app` | give one of them another `version-table`";
        check_in(&project, "one database", line, 4, stderr);
    }
    let server = "postgres://u:secret@127.0.0.1:1/never";
    for (app, store, stderr) in [
        (
            "sqlite:///tmp/never.db",
            "sqlite:/tmp/never.db",
            "error[shared-version-table] | sqlite:",
        ),
        (
            server,
            "postgresql://v:secret@127.0.0.1:1/never?sslmode=disable",
            "error[shared-version-table] | :***@127.0.0.1:1/never",
        ),
    ] {
        let place = project.here().env("APP_DATABASE_URL", app);
        let outcome = place.env("STORE_DATABASE_URL", store).run("upgrade");
        check_outcome(&outcome, "one database for all", "upgrade", 4, stderr);
    }
    for line in ["upgrade", "current", "stamp head", "ensure"] {
        let line = format!("{line} --url sqlite://x.db");
        let stderr = "error[shared-version-table] | `store` | `app` | the table is alembic_version in sqlite://x.db";
        check_in(&project, "one URL", &line, 4, stderr);
    }
    let stderr = "error[shared-version-table] | `store` | `app`";
    check_in(&project, "one of them alone", "upgrade -p app", 4, stderr);
    let place = project.here().env("APP_DATABASE_URL", "sqlite://own.db");
    place.run("upgrade -p app").success();
}

/// Only the server knows which schema a name without one is in.
#[test]
fn one_version_table_with_and_without_its_schema() {
    let project = workspace().on(Dialect::Postgres);
    let manifest = "app/Cargo.toml";
    project.replace(
        manifest,
        "url = ",
        "version-table-schema = \"public\"\nurl = ",
    );
    let url = project.database("app/app.db").url();
    for command in ["upgrade", "ensure", "stamp head"] {
        let line = format!("{command} --url {url}");
        let stderr = "error[shared-version-table] | `store` | `app`";
        check_in(&project, "one table", &line, 4, stderr);
    }
    project
        .database("app/app.db")
        .execute("CREATE SCHEMA other");
    project.replace(manifest, "\"public\"", "\"other\"");
    project.run(&format!("upgrade --url {url}")).success();
}

#[test]
fn a_name_that_several_crates_know() {
    let project = workspace();
    project.add_to("app/migrations", graph("zz<-bb02"));
    project.add_to("store/migrations", graph("zz<-dd04"));
    for line in [
        "upgrade zz",
        "stamp zz",
        "show zz",
        "edit zz",
        "history -r :zz",
    ] {
        let stderr = "several crates have 'zz' | store, app | choose one with `-p <crate>`";
        check_in(&project, "an id of two crates", line, 6, stderr);
    }
}

#[test]
fn a_lock_of_somebody_else() {
    let project = project(Dialect::Sqlite);
    let before = project.tree();
    let other = project.database("shop.db").open();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for line in [
        "upgrade --lock-timeout 0.2",
        "downgrade base --lock-timeout 0",
        "stamp head --lock-timeout 0.2",
    ] {
        let stderr = "error[database-busy] | sqlite://shop.db | the database is as it was before | another process holds a lock";
        // Reading the file in this process would release its lock: POSIX wants it so.
        check_outcome(&project.run(line), "a write lock", line, 7, stderr);
    }
    // Reading, and finding nothing to do, need no lock.
    project.run("current").success();
    project.run("history -i").success();
    project.run("upgrade aa01 --lock-timeout 0").success();
    other.execute_batch("ROLLBACK; BEGIN EXCLUSIVE").unwrap();
    for line in ["current --lock-timeout 0.2", "upgrade --lock-timeout 0.2"] {
        let stderr = "error[database-busy] | another process holds a lock";
        let start = Instant::now();
        let outcome = project.run(line);
        check_outcome(&outcome, "an exclusive lock", line, 7, stderr);
        assert!(start.elapsed() < Duration::from_secs(4), "{line} waited");
    }
    drop(other);
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

/// A waiting process says so, and goes on when the lock is released.
#[test]
fn a_lock_that_is_released() {
    let project = project(Dialect::Sqlite);
    let other = project.database("shop.db").open();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut command = project.here().command(&["upgrade".to_owned()]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Waiting for the database lock")));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(lines.any(|line| line.contains("Finished shop at bb02")));
    assert!(child.wait().unwrap().success());
}

/// A failed first run leaves nothing behind. The file stays, empty: another process may have opened
/// it meanwhile.
#[test]
fn a_failure_on_a_new_database() {
    for sql in ["SELEC 1;", "CREATE TABLE a (id);\nSELEC 1;"] {
        let project = Project::with_crate("shop");
        project.add(revision("aa01").upgrade(sql));
        let before = project.tree();
        let outcome = project.run("upgrade");
        check_outcome(
            &outcome,
            "a new database",
            "upgrade",
            8,
            "error[migration-failed]",
        );
        assert_eq!(before.changes(&project.tree()), ["+ shop.db"], "{outcome}");
        assert_eq!(fs::read(project.path("shop.db")).unwrap(), b"");
        project.run("current").success();
    }
}

/// Each code is one that a test shows.
#[test]
fn every_code_is_shown() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    // All that the tests of this binary hold: rows, and snapshots.
    let mut shown = String::new();
    read_all(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cli")),
        &mut shown,
    );
    let shown: BTreeSet<&str> = shown
        .split("error[")
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(code, _)| code)
        .filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .collect();
    // Only a build script says so, or an application that has one connection alone: the tests beside
    // these hold them.
    let elsewhere = BTreeSet::from([
        // `alembic-schema` holds it: the objects of a database have an order.
        "circle-of-objects",
        // Nothing that is known leads to it: what a comparison writes makes the target.
        "revision-not-proved",
        // A line of what is left out: `autogenerate_on_servers::changes_that_cannot_be_written`.
        "change-not-written",
        // A warning of builds, whose test is in `alembic-build`.
        "stale-schema",
        // A warning, whose test is `upgrade::sql_of_newer_versions_of_sqlite_is_reported`.
        "newer-sqlite",
        "no-revisions",
        "no-second-connection",
        "unknown-baseline",
        "unreadable-manifest",
        // Another run comes between; every driver is tried.
        "way-back-moved",
    ]);
    let missing: Vec<&&str> = codes.difference(&shown).collect();
    let missing: Vec<_> = missing
        .into_iter()
        .filter(|code| !elsewhere.contains(*code))
        .collect();
    assert!(missing.is_empty(), "no test shows {missing:?}");
    let unknown: Vec<_> = shown.difference(&codes).collect();
    assert!(unknown.is_empty(), "no code is called {unknown:?}");
}

fn read_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
