//! Servers and poolers that refuse a connection, at once or at its first statement.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::spawn;

use alembic_migrate::driver::DatabaseErrorKind;
use alembic_suite::Handle;
use alembic_suite::answer::failure;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{Open, Via, chain};

/// When a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Instead of the login.
    Login,
    /// Instead of the first answer, as poolers do that connect to the server only then.
    Statement,
}

/// Reads one message, whose length has `skipped` bytes before it.
fn read(client: &mut TcpStream, skipped: usize) -> io::Result<()> {
    let mut head = vec![0; skipped + 4];
    client.read_exact(&mut head)?;
    let length = u32::from_be_bytes(*head.last_chunk().unwrap()) as usize;
    client.read_exact(&mut vec![0; length - 4])
}

/// Writes one message.
fn write(client: &mut TcpStream, letter: u8, content: &[u8]) -> io::Result<()> {
    let length = (content.len() as u32 + 4).to_be_bytes();
    client.write_all(&[&[letter], &length[..], content].concat())
}

/// Answers a client until it is refused.
fn serve(mut client: TcpStream, moment: Moment, code: &str) -> io::Result<()> {
    read(&mut client, 0)?;
    if moment == Moment::Statement {
        write(&mut client, b'R', &0_u32.to_be_bytes())?;
        write(&mut client, b'Z', b"I")?;
        read(&mut client, 1)?;
    }
    let error = format!("SFATAL\0VFATAL\0C{code}\0Mgo away\0\0");
    write(&mut client, b'E', error.as_bytes())
}

/// Starts what refuses every connection with a code.
fn start(moment: Moment, code: &'static str) -> PgConnectOptions {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(move || {
        for client in listener.incoming() {
            let _ = serve(client.unwrap(), moment, code);
        }
    });
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username("user")
        .ssl_mode(PgSslMode::Disable)
}

#[test]
fn a_refused_connection_is_not_a_lost_one() {
    use DatabaseErrorKind::{CannotOpen, ConnectionLost, TooManyConnections};
    for (moment, code, kind) in [
        (Moment::Login, "08P01", CannotOpen),
        (Moment::Login, "28000", CannotOpen),
        (Moment::Login, "28P01", CannotOpen),
        (Moment::Login, "3D000", CannotOpen),
        (Moment::Login, "42501", CannotOpen),
        (Moment::Login, "53300", TooManyConnections),
        (Moment::Login, "57P03", CannotOpen),
        (Moment::Login, "XX000", CannotOpen),
        (Moment::Statement, "08P01", CannotOpen),
        (Moment::Statement, "3D000", CannotOpen),
        (Moment::Statement, "53300", TooManyConnections),
        (Moment::Statement, "57P03", CannotOpen),
        // An administrator has ended it.
        (Moment::Statement, "57P01", ConnectionLost),
    ] {
        let options = start(moment, code);
        let vias = match moment {
            Moment::Login => vec![Via::Options],
            Moment::Statement => vec![Via::Options, Via::Connection],
        };
        for via in vias {
            let context = format!("{via:?}, {moment:?}, {code}");
            let mut database = Open::with(via, options.clone());
            let migrations = chain(&["-- alembic: upgrade\nSELECT 1;"]);
            let error = database.upgrade(&migrations, "heads").unwrap_err();
            let found = error.database_error().unwrap();
            assert_eq!(found.kind(), kind, "{context}: {error}");
            assert_eq!(found.code(), Some(code), "{context}: {error}");
            let message = failure(&error);
            assert!(message.ends_with(": go away"), "{context}: {message}");
            let is_refusal = message.starts_with("cannot connect: ");
            assert_eq!(is_refusal, kind != ConnectionLost, "{context}: {message}");
        }
    }
}

/// An application prints an error as it is.
#[test]
fn errors_name_the_crate_and_the_database() {
    let migrations = chain(&["-- alembic: upgrade\nSELECT 1;"]).package("shop");
    let options = start(Moment::Login, "28P01")
        .password("secret")
        .database("orders");
    let port = options.get_port();
    for via in [Via::Pool, Via::Options] {
        let error = Open::with(via, options.clone()).upgrade(&migrations, "heads");
        let text = error.unwrap_err().to_string();
        let place = format!("crate `shop` on 127.0.0.1:{port}/orders: ");
        assert!(text.starts_with(&place), "{via:?}: {text}");
        assert!(!text.contains("secret"), "{via:?}: {text}");
    }
}
