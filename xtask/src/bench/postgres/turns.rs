//! Counts round trips: a program between client and server, which passes on what they say.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

use crate::Result;

/// How long to wait for what is under way when the client is done.
const REST: Duration = Duration::from_millis(100);

/// What counts how often the server answers, on all connections together.
pub(super) struct Turns {
    port: u16,
    answers: Arc<AtomicUsize>,
}

impl Turns {
    /// Listens, and passes everything on to the server at `port` of this machine.
    pub(super) fn before(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let turns = Self {
            port: listener.local_addr()?.port(),
            answers: Arc::default(),
        };
        let answers = Arc::clone(&turns.answers);
        spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Whoever is connected notices when this fails.
                let _ = pass_on(client, port, &answers);
            }
        });
        Ok(turns)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Returns how often the server answered meanwhile.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<usize> {
        let before = self.answers.load(Ordering::SeqCst);
        work()?;
        sleep(REST);
        Ok(self.answers.load(Ordering::SeqCst) - before)
    }
}

fn pass_on(client: TcpStream, port: u16, answers: &Arc<AtomicUsize>) -> std::io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // Whether the client has spoken since the server did.
    let asked = Arc::new(AtomicBool::new(false));
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    let speaks = Arc::clone(&asked);
    spawn(move || copy(from, to, || speaks.store(true, Ordering::SeqCst)));
    let answers = Arc::clone(answers);
    spawn(move || {
        copy(server, client, || {
            // An answer in many pieces is one.
            if asked.swap(false, Ordering::SeqCst) {
                answers.fetch_add(1, Ordering::SeqCst);
            }
        });
    });
    Ok(())
}

/// Passes bytes on until there are no more, and tells before each piece.
fn copy(mut from: TcpStream, mut to: TcpStream, tell: impl Fn()) {
    let mut piece = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        tell();
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
