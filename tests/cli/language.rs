//! Servers whose messages are not English: what a command says next to the server's message does
//! not depend on its language.

use alembic_tests::postgres::Server;
use alembic_tests::{Outcome, revision};
use regex_lite::Regex;

use crate::bad_input::servers::with_parameter;
use crate::bad_input::{CC03, Row, databases, project_on, row, servers, upgrade};
use crate::chain;

/// Returns what a command said next to the server's messages: codes, places, notes, help and the
/// exit code.
fn guidance(outcome: &Outcome) -> String {
    let shown = outcome.to_string();
    let lines = shown.lines().filter_map(|line| {
        let is_kept = ["= note: ", "= help: ", "--> ", "--- exit code"];
        match line.split_once(": ") {
            Some((code, _)) if code.starts_with("error") => Some(code),
            _ => is_kept
                .iter()
                .any(|part| line.contains(part))
                .then_some(line),
        }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    // Each server has a port and a folder of its own.
    let port = Regex::new(r"(-p |:|port=)\d{4,5}\b").unwrap();
    let text = port.replace_all(&text, "${1}[port]");
    let folder = Regex::new(r"host=[^&\s]*").unwrap();
    folder.replace_all(&text, "host=[folder]").into_owned()
}

/// Returns the errors' texts.
fn messages(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.stderr.lines();
    lines.filter(|line| line.starts_with("error")).collect()
}

/// Runs a command on a server with English messages and on one with German ones; returns how what
/// it says differs, and whether the server's message did.
fn compare(what: &str, run: impl Fn(&Server) -> Outcome) -> (Option<String>, bool) {
    let [english, german] = [Server::shared(), Server::german()].map(run);
    let difference = format!("{what}\n--- English\n{english}\n--- German\n{german}");
    let differs = guidance(&english) != guidance(&german);
    let translated = messages(&english) != messages(&german);
    (differs.then_some(difference), translated)
}

/// Compares what a command says; it shows a message of the server's own.
#[track_caller]
fn check(what: &str, run: impl Fn(&Server) -> Outcome) {
    let (difference, translated) = compare(what, run);
    assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    assert!(translated, "{what}: not translated");
}

/// Compares all rows, of which that many show a message of the server's own, at least.
#[track_caller]
fn check_rows(rows: Vec<Row>, least: usize) {
    let mut differences = Vec::new();
    let mut translated = 0;
    for row in rows.into_iter().filter(Row::is_on_server) {
        let (difference, is_translated) =
            compare(&format!("{}: {}", row.what, row.line), |server| {
                let project = project_on(server);
                row.place(&project).run(row.line)
            });
        differences.extend(difference);
        translated += usize::from(is_translated);
    }
    let count = differences.len();
    let differences = differences.join("\n");
    assert!(count == 0, "{count} differ:\n{differences}");
    assert!(translated >= least, "only {translated} are translated");
}

#[test]
fn ways_to_a_server() {
    check_rows(servers::addresses(), 7);
}

#[test]
fn rights() {
    check_rows(servers::rights(), 15);
}

#[test]
fn what_only_servers_refuse() {
    check_rows(servers::servers(), 4);
}

#[test]
fn version_tables() {
    check_rows(databases::version_tables(), 0);
}

#[test]
fn statements() {
    check_rows(databases::statements(), 5);
}

#[test]
fn other_ways_to_a_server() {
    let mut rows = Vec::new();
    for line in ["upgrade", "current"] {
        let row = |what| row(what, line, 7, "").on_server();
        rows.extend([
            row("a role that does not exist")
                .address(with_parameter("options=-crole%3Dnobody_is_called_so")),
            row("a value that a setting does not have")
                .address(with_parameter("options=-cstatement_timeout%3Dlong")),
            row("a setting that cannot be set").address(with_parameter("options=-cport%3D1")),
        ]);
    }
    check_rows(rows, 6);
}

/// A socket asks for no password, so that the server names the role.
#[test]
fn users_that_do_not_exist() {
    if Server::shared().socket().is_none() {
        return;
    }
    check("a user that does not exist", |server| {
        let project = project_on(server);
        let database = project.database("shop.db");
        let folder = server.socket().unwrap().display().to_string();
        let url = database.url();
        let (_, port) = url.rsplit_once(':').unwrap();
        let (port, name) = port.split_once('/').unwrap();
        let url = format!("postgres:///{name}?host={folder}&port={port}&user=nobody_is_called_so");
        project.here().env("DATABASE_URL", url).run("upgrade")
    });
}

#[test]
fn timeouts_of_a_server() {
    let row = row("a statement that takes too long", "upgrade", 8, "").on_server();
    let row = row
        .address(with_parameter("options=-cstatement_timeout%3D200"))
        .file(CC03, upgrade("SELECT pg_sleep(600);"));
    check_rows(vec![row], 1);
}

#[test]
fn locks_of_others() {
    check("a reader", |server| {
        let project = chain().on_server(server);
        project.run("upgrade bb02").success();
        let third = revision("cc03").revises("bb02");
        project.add(third.upgrade("ALTER TABLE t_aa01 ADD COLUMN x INTEGER;"));
        let mut other = project.database("shop.db").server().open();
        let mut reading = other.transaction().unwrap();
        reading.batch_execute("SELECT FROM t_aa01").unwrap();
        project.run("upgrade --lock-timeout 0.2")
    });
}

#[test]
fn indexes_that_cannot_be_built() {
    let statements = "CREATE TABLE x (id INTEGER);\nINSERT INTO x VALUES (1), (1);\n\
                      -- alembic: upgrade no-transaction\n\
                      CREATE UNIQUE INDEX CONCURRENTLY x_id ON x (id);";
    check("an index that cannot be built", |server| {
        let project = chain().on_server(server);
        project.configure("dialects = [\"postgres\"]");
        project.add(revision("dd04").revises("cc03").upgrade(statements));
        project.run("upgrade")
    });
}

#[test]
fn schemas_that_fail() {
    check("a target schema with a mistake", |server| {
        let project = chain().on_server(server);
        project.configure("schema = \"schema.sql\"");
        project.write(
            "schema.sql",
            "CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id INTEGER);\n",
        );
        project.run("ensure")
    });
}

#[test]
fn trials_on_a_server() {
    check("a user who may not create databases", |server| {
        let project = chain().on_server(server);
        project.configure("dialects = [\"postgres\"]");
        let database = project.database("shop.db");
        let role = "may_not_create";
        database.execute(&format!(
            "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'may-not'"
        ));
        let url = database.url();
        let (_, address) = url.split_once('@').unwrap();
        let url = format!("postgres://{role}:may-not@{address}");
        let outcome = project.here().env("DATABASE_URL", url).run("test");
        database.execute(&format!("DROP ROLE {role}"));
        outcome
    });
}

#[test]
fn commands_that_succeed() {
    let statements = "DROP TABLE IF EXISTS missing;\nDO $$ BEGIN RAISE NOTICE 'x'; END $$;\n\
                      -- alembic: upgrade no-transaction\n\
                      CREATE INDEX CONCURRENTLY x ON t_aa01 (id);";
    let [english, german] = [Server::shared(), Server::german()].map(|server| {
        let project = chain().on_server(server);
        project.configure("dialects = [\"postgres\"]");
        let revision = revision("dd04").revises("cc03").upgrade(statements);
        project.add(revision.downgrade("DROP INDEX x;"));
        let lines = ["upgrade", "current -v", "downgrade aa01", "ensure", "test"];
        // What the server itself says of a statement is in its language.
        let is_ours = |line: &&str| !line.contains("Notice migrations/");
        lines.map(|line| {
            let shown = project.run(line).success().to_string();
            shown.lines().filter(is_ours).collect::<Vec<_>>().join("\n")
        })
    });
    assert_eq!(english, german);
}
