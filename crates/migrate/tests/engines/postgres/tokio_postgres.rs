//! A client of tokio-postgres, as a driver under test.

use std::time::Duration;

use alembic_suite::{Database, Handle, Subject, commands};
use sqlx::postgres::PgConnectOptions;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::database::Lent;
use super::drivers::{block_on, options};
use super::{Scratch, Via, chain, locks};

/// `&mut tokio_postgres::Client`.
pub(crate) struct TokioPostgres;

impl Subject for TokioPostgres {
    type Database = Lent;
    type Handle = Open;
    type Reference = super::Pool;

    fn open(address: &str) -> Open {
        Open::with(&options(address), "")
    }

    fn open_read_only(address: &str) -> Open {
        Open::with(&options(address), "-c default_transaction_read_only=on")
    }
}

/// An open client.
pub(crate) struct Open(Client);

impl Open {
    fn with(options: &PgConnectOptions, parameters: &str) -> Self {
        let mut config = Config::new();
        match options.get_socket() {
            Some(folder) => config.host_path(folder),
            None => config.host(options.get_host()),
        };
        config
            .port(options.get_port())
            .user(options.get_username())
            .dbname(options.get_database().unwrap_or_default())
            .options(parameters);
        let client = block_on(async {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        });
        Self(client)
    }

    /// Returns the one cell of a query; none if the connection is lost.
    fn cell(&self, query: &str) -> Option<String> {
        let messages = block_on(self.0.simple_query(query)).ok()?;
        messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
            _ => None,
        })
    }
}

impl Handle for Open {
    commands! { block_on; Open(client) => &mut *client }

    fn is_idle(&mut self) -> bool {
        let query = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";
        self.cell(query).is_none_or(|is_open| is_open == "f")
    }

    fn settings(&mut self) -> Option<String> {
        self.cell(
            "SELECT concat_ws(' ', current_setting('search_path'), current_user, \
             current_setting('statement_timeout'))",
        )
    }

    fn execute(&mut self, sql: &str) {
        block_on(self.0.batch_execute(sql)).unwrap();
    }
}

#[test]
fn a_run_that_is_dropped_is_rolled_back() {
    let scratch = Scratch::new(Via::Connection, "CREATE TABLE a (x int)");
    let mut other = scratch.client();
    other.batch_execute("BEGIN; LOCK TABLE a").unwrap();
    let Open(mut client) = TokioPostgres::open(&scratch.address());
    let migrations = chain(&["-- alembic: upgrade\nCREATE TABLE b (x int);\nLOCK TABLE a;"]);
    let dropped = block_on(async {
        let run = migrations.upgrade(&mut client, "heads");
        tokio::time::timeout(Duration::from_millis(300), run).await
    });
    assert!(dropped.is_err());
    let mut database = Open(client);
    assert!(database.is_idle());
    assert_eq!(locks(&scratch), "");
    drop(other);
    database.upgrade(&migrations, "heads").unwrap();
}
