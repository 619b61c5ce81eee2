//! Clients of a PgBouncer.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread::scope;

use alembic_tests::PgBouncer;
use alembic_tests::postgres::Server;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};

const CLIENTS: usize = 40;

/// How many connections the server has for them.
const POOL: usize = 5;

const TRANSACTIONS: usize = 4;

/// Returns the process of the server that a transaction runs in, which is the same at its end.
fn process(client: &mut Client) -> String {
    let id = "SELECT pg_backend_pid()";
    let query = format!("BEGIN; {id}; SELECT pg_sleep(0.01); {id}; COMMIT");
    let messages = client.simple_query(&query).unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows[0], rows[2]);
    rows[0].to_owned()
}

#[test]
fn clients_share_connections() {
    let server = Server::start();
    let bouncer = PgBouncer::with_pool(&server, POOL);
    let database = server.database();
    let url = bouncer.url(&database);
    let connected = Barrier::new(CLIENTS);
    let processes: Vec<Vec<String>> = scope(|scope| {
        let client = || {
            let mut client = Client::connect(&url, NoTls).unwrap();
            connected.wait();
            (0..TRANSACTIONS).map(|_| process(&mut client)).collect()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let done = clients.into_iter().map(|client| client.join().unwrap());
        done.collect()
    });
    let all: BTreeSet<&String> = processes.iter().flatten().collect();
    assert!((2..=POOL).contains(&all.len()), "{all:?}");
    let moved = |own: &&Vec<String>| own.iter().any(|process| *process != own[0]);
    assert!(processes.iter().filter(moved).count() > 0, "{processes:?}");
}

#[test]
fn parameters_of_clients() {
    let server = Server::shared();
    let bouncer = PgBouncer::start(server);
    let database = server.database();
    let config: Config = bouncer.url(&database).parse().unwrap();
    let mut client = config
        .clone()
        .application_name("shop")
        .connect(NoTls)
        .unwrap();
    let name = client.simple_query("SHOW application_name").unwrap();
    assert!(
        matches!(&name[..], [_, SimpleQueryMessage::Row(row), _] if row.get(0) == Some("shop")),
        "{name:?}"
    );
    let refused = config.clone().options("-c lock_timeout=1s").connect(NoTls);
    assert!(refused.is_err() && bouncer.log().contains("options"));
    assert!(config.clone().password("wrong").connect(NoTls).is_err());
}
