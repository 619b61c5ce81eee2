//! The servers that tests start: that they do what tests rely on, and that they go away.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that panics fails, as it should")]

mod going;
mod pooled;

use alembic_tests::postgres::{Database, Server, Shutdown};
use postgres::{Client, NoTls};

fn filled(sql: &str) -> Database {
    let database = Server::shared().database();
    database.execute(sql);
    database
}

#[test]
fn databases_are_apart() {
    let [one, other] = ["one", "other"].map(|name| {
        filled(&format!(
            "CREATE TABLE {name} (id int); CREATE TABLE alembic_version (version_num text); \
             INSERT INTO alembic_version VALUES ('b-{name}'), ('a-{name}'); \
             CREATE SCHEMA apart; CREATE TABLE apart.{name} (id int)"
        ))
    });
    assert_eq!(one.tables(), ["apart.one", "one"]);
    assert_eq!(one.versions(), ["a-one", "b-one"]);
    assert_eq!(other.tables(), ["apart.other", "other"]);
    assert_eq!(other.versions(), ["a-other", "b-other"]);
    let empty = Server::shared().database();
    assert!(empty.tables().is_empty() && empty.versions().is_empty());
}

#[test]
fn rows_are_texts() {
    let database = Server::shared().database();
    let values = "SELECT 1, NULL, 'a b', true, 2.50 UNION ALL SELECT 2, '', 'ü', false, 0";
    let expected = ["1|NULL|a b|t|2.50", "2||ü|f|0"];
    assert_eq!(database.query(values), expected);
}

#[test]
fn dumps_tell_what_differs() {
    let table = "CREATE TABLE account (id int PRIMARY KEY, name text); \
                 CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; ";
    let dump = |more: &str| filled(&format!("{table}{more}")).dump();
    let filled = dump("INSERT INTO account VALUES (1, 'a'), (2, NULL)");
    assert!(filled.starts_with("CREATE FUNCTION public.one()"));
    assert!(filled.contains("\nCREATE TABLE public.account (\n"));
    assert!(!filled.contains("\nSET ") && !filled.contains("--"));
    let same = dump("INSERT INTO account VALUES (2, NULL); INSERT INTO account VALUES (1, 'a')");
    assert_eq!(filled, same);
    for other in [
        "",
        "INSERT INTO account VALUES (1, 'a'), (2, '')",
        "INSERT INTO account VALUES (1, 'a'), (2, NULL); CREATE INDEX ON account (name)",
        "INSERT INTO account VALUES (1, 'a'), (2, NULL); CREATE SCHEMA apart",
    ] {
        assert_ne!(filled, dump(other), "{other}");
    }
}

#[test]
fn databases_go_while_somebody_is_connected() {
    let database = filled("CREATE TABLE account (id int)");
    let mut client = database.open();
    let url = database.url().to_owned();
    drop(database);
    assert!(client.batch_execute("SELECT 1").is_err());
    assert!(Client::connect(&url, NoTls).is_err());
}

#[test]
fn passwords_are_asked_for() {
    let server = Server::start();
    let database = server.database();
    let mut client = Client::connect(database.url(), NoTls).unwrap();
    client.batch_execute("SELECT 1").unwrap();
    let (user, host) = database.url().rsplit_once('@').unwrap();
    for wrong in [
        format!("{user}-wrong@{host}"),
        format!("postgres://alembic@{host}"),
    ] {
        assert!(Client::connect(&wrong, NoTls).is_err(), "{wrong}");
    }
    assert!(server.log().contains("password authentication failed"));
    let socket = server.socket().unwrap().display();
    let port = database.query("SHOW port").join("");
    let name = database.name();
    let local = format!("host={socket} port={port} user=alembic dbname={name}");
    Client::connect(&local, NoTls).unwrap();
}

#[test]
fn servers_stop_and_start_again() {
    let mut server = Server::start();
    let database = server.database();
    database.execute("CREATE TABLE account (id int); INSERT INTO account VALUES (1)");
    for shutdown in [Shutdown::Fast, Shutdown::Immediate] {
        let mut client = database.open();
        server.restart(shutdown);
        assert!(client.batch_execute("SELECT 1").is_err());
        assert_eq!(database.query("SELECT id FROM account"), ["1"]);
        server.stop(shutdown);
        assert!(Client::connect(database.url(), NoTls).is_err());
        server.start_again();
        assert_eq!(database.query("SELECT id FROM account"), ["1"]);
    }
}

#[test]
fn messages_can_be_german() {
    let database = Server::german().database();
    let mut client = database.open();
    let error = client.batch_execute("SELECT missing").unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.message(), "Spalte »missing« existiert nicht");
    // Everything else is as on an English server.
    let server = Server::start();
    let other = server.database();
    let settings = ["server_encoding", "lc_collate", "timezone", "datestyle"];
    for setting in settings.map(|setting| format!("SHOW {setting}")) {
        let other = other.query(&setting);
        assert_eq!(database.query(&setting), other, "{setting}");
    }
}
