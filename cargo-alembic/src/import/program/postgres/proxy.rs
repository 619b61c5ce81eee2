//! Stands between a program and a PostgreSQL server, and notes what the program sends.
//!
//! It needs no right on the server and none of its files, as its log would.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use sqlx::postgres::PgConnectOptions;

use super::wire::{Sent, Wire};

/// A listener that forwards its connections to a server.
pub(in crate::import) struct Proxy {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
    is_over: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

/// Where a server listens.
#[derive(Clone, Debug)]
enum Target {
    Tcp(String, u16),
    #[cfg(unix)]
    Socket(std::path::PathBuf),
}

/// Requests of a client before its first message, which ask for encryption.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

impl Proxy {
    /// Listens for programs that connect to the server of these options.
    pub(in crate::import) fn start(options: &PgConnectOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (sent, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let target = Target::of(options);
        let shared = (Arc::clone(&sent), Arc::clone(&is_over));
        let accepting = std::thread::spawn(move || {
            let (sent, is_over) = shared;
            for client in listener.incoming().flatten() {
                if is_over.load(Ordering::Acquire) {
                    return;
                }
                let (target, sent) = (target.clone(), Arc::clone(&sent));
                // The client sees why by its connection that ends.
                std::thread::spawn(move || target.serve(client, &sent));
            }
        });
        Ok(Self {
            address,
            sent,
            is_over,
            accepting,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens no more, and returns what was sent: all of it, once the program has ended, as it is noted before
    /// the server and the program get it.
    pub(super) fn finish(self) -> Vec<Sent> {
        self.is_over.store(true, Ordering::Release);
        if TcpStream::connect(self.address).is_ok() {
            let _ = self.accepting.join();
        }
        std::mem::take(&mut lock(&self.sent))
    }
}

impl Target {
    fn of(options: &PgConnectOptions) -> Self {
        let port = options.get_port();
        #[cfg(unix)]
        {
            let host = options.get_host();
            let own = || {
                host.starts_with('/')
                    .then(|| std::path::PathBuf::from(host))
            };
            let folder = options.get_socket().cloned().or_else(own);
            if let Some(folder) = folder {
                return Self::Socket(folder.join(format!(".s.PGSQL.{port}")));
            }
        }
        Self::Tcp(options.get_host().to_owned(), port)
    }

    /// Forwards a connection until one side ends it.
    fn serve(&self, client: TcpStream, sent: &Arc<Mutex<Vec<Sent>>>) -> std::io::Result<()> {
        match self {
            Self::Tcp(host, port) => {
                let server = TcpStream::connect((host.as_str(), *port))?;
                server.set_nodelay(true)?;
                let other = server.try_clone()?;
                forward(client, (server, other), sent, |server| {
                    let _ = server.shutdown(Shutdown::Both);
                })
            }
            #[cfg(unix)]
            Self::Socket(path) => {
                let server = std::os::unix::net::UnixStream::connect(path)?;
                let other = server.try_clone()?;
                forward(client, (server, other), sent, |server| {
                    let _ = server.shutdown(Shutdown::Both);
                })
            }
        }
    }
}

/// Forwards in both directions; `end` ends the connection to the server.
fn forward<S: Read + Write + Send + 'static>(
    mut client: TcpStream,
    (mut server, mut to_server): (S, S),
    sent: &Arc<Mutex<Vec<Sent>>>,
    end: impl Fn(&S),
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    to_server.write_all(&first_message(&mut client)?)?;
    let wire = Arc::new(Mutex::new(Wire::default()));
    let mut to_client = client.try_clone()?;
    let shared = (Arc::clone(&wire), Arc::clone(sent));
    let answering = std::thread::spawn(move || {
        let (wire, sent) = shared;
        copy(&mut server, &mut to_client, |bytes| {
            lock(&wire).read_server(bytes, &mut lock(&sent));
        });
        let _ = to_client.shutdown(Shutdown::Both);
    });
    copy(&mut client, &mut to_server, |bytes| {
        lock(&wire).read_client(bytes, &mut lock(sent));
    });
    end(&to_server);
    let _ = answering.join();
    Ok(())
}

/// Returns the message by which a client starts; encryption is refused before it.
fn first_message(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let count = usize::try_from(u32::from_be_bytes(length)).unwrap_or_default();
        // As the server has it.
        const MOST: usize = 10_000;
        if !(8..=MOST).contains(&count) {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let mut message = vec![0; count];
        message[..4].copy_from_slice(&length);
        client.read_exact(&mut message[4..])?;
        let code = [message[4], message[5], message[6], message[7]];
        if !ENCRYPTION.contains(&u32::from_be_bytes(code)) {
            return Ok(message);
        }
        client.write_all(b"N")?;
    }
}

/// Copies until one side ends; `note` sees the bytes before they are passed on.
fn copy(from: &mut impl Read, to: &mut impl Write, mut note: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                note(&buffer[..count]);
                if to.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
