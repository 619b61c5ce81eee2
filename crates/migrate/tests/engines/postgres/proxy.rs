//! What stands between a run and the server, and ends a connection at one of its messages, or lets
//! nothing through any more.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::spawn;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Which message is the last one of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// The number of the connection, in the order in which they come, from 0: the one that
    /// migrates, and the one that keeps others away.
    pub(crate) connection: usize,
    /// The number of the statement, from 1.
    pub(crate) statement: usize,
    /// Whether the server gets it, and only the answer is lost.
    pub(crate) arrives: bool,
}

/// How a connection was lost.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Its last statement.
    pub(crate) sql: String,
    /// How many commits the connection that migrates had sent by then.
    pub(crate) commits: usize,
}

/// A port that leads to the server.
pub(crate) struct Proxy {
    address: SocketAddr,
    /// How many statements each connection has sent.
    statements: Arc<[AtomicUsize; 2]>,
    /// How many commits the connection that migrates has sent.
    commits: Arc<AtomicUsize>,
    lost: Arc<OnceLock<Lost>>,
    is_silent: Arc<AtomicBool>,
}

impl Proxy {
    /// Takes two connections.
    pub(crate) fn start(options: &PgConnectOptions, cut: Option<Cut>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            statements: Arc::default(),
            commits: Arc::default(),
            lost: Arc::default(),
            is_silent: Arc::default(),
        };
        let is_silent = Arc::clone(&proxy.is_silent);
        let statements = Arc::clone(&proxy.statements);
        let commits = Arc::clone(&proxy.commits);
        let lost = Arc::clone(&proxy.lost);
        let options = options.clone();
        spawn(move || {
            for number in 0..statements.len() {
                let (client, _) = listener.accept().unwrap();
                let server = Stream::connect(&options).unwrap();
                let (answers, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let silence = Arc::clone(&is_silent);
                spawn(move || copy(answers, &to, &silence));
                let silence = Arc::clone(&is_silent);
                let statements = Arc::clone(&statements);
                let (commits, lost) = (Arc::clone(&commits), Arc::clone(&lost));
                spawn(move || {
                    let last = cut.filter(|cut| cut.connection == number);
                    let counted = |sql: &str| {
                        let is_commit = number == 0 && sql == "COMMIT";
                        commits.fetch_add(usize::from(is_commit), Ordering::SeqCst);
                        statements[number].fetch_add(1, Ordering::SeqCst) + 1
                    };
                    let is_lost = |sql: String| {
                        let commits = commits.load(Ordering::SeqCst);
                        lost.set(Lost { sql, commits }).unwrap();
                    };
                    let cut = last.map(|cut| (cut, is_lost));
                    // Either end may go at any time.
                    let _ = forward(&client, &server, counted, cut, &silence);
                    let _ = client.shutdown(Shutdown::Both);
                    // The server reads what has arrived before it comes to the end.
                    let _ = server.shutdown(Shutdown::Write);
                });
            }
        });
        proxy
    }

    /// Returns options that lead here, where they led to the server.
    pub(crate) fn options(&self, options: &PgConnectOptions) -> PgConnectOptions {
        let here = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.address.port())
            .ssl_mode(PgSslMode::Disable)
            .username(options.get_username());
        match options.get_database() {
            Some(database) => here.database(database),
            None => here,
        }
    }

    /// Lets nothing through any more; the connections stay open.
    pub(crate) fn fall_silent(&self) {
        self.is_silent.store(true, Ordering::SeqCst);
    }

    /// Returns how many statements a connection has sent.
    pub(crate) fn statements(&self, connection: usize) -> usize {
        self.statements[connection].load(Ordering::SeqCst)
    }

    /// Returns how the connection was lost, if it came to that.
    pub(crate) fn lost(&self) -> Option<&Lost> {
        self.lost.get()
    }

    /// Returns how many commits the connection that migrates has sent.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }
}

/// Passes on what a client says, up to the message at which its connection is cut: before anyone could
/// answer that.
fn forward(
    mut client: &TcpStream,
    server: &Stream,
    counted: impl Fn(&str) -> usize,
    cut: Option<(Cut, impl Fn(String))>,
    is_silent: &AtomicBool,
) -> io::Result<()> {
    let mut first = true;
    loop {
        // The first message has no letter in front of its length.
        let mut head = vec![0; if first { 4 } else { 5 }];
        client.read_exact(&mut head)?;
        let length = u32::from_be_bytes(*head.last_chunk().unwrap());
        let mut message = head;
        let is_statement = !first && message[0] == b'Q';
        let begin = message.len();
        message.resize(begin + length as usize - 4, 0);
        client.read_exact(&mut message[begin..])?;
        first = false;
        if is_statement {
            let sql = message[begin..].strip_suffix(b"\0").unwrap();
            let sql = String::from_utf8_lossy(sql).into_owned();
            let number = counted(&sql);
            if let Some((cut, is_lost)) = &cut
                && cut.statement == number
            {
                is_lost(sql);
                client.shutdown(Shutdown::Both)?;
                return match cut.arrives {
                    true => server.write(&message),
                    false => Ok(()),
                };
            }
        }
        if !is_silent.load(Ordering::SeqCst) {
            server.write(&message)?;
        }
    }
}

/// Passes on what the server says.
fn copy(mut server: Stream, mut client: &TcpStream, is_silent: &AtomicBool) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        if is_silent.load(Ordering::SeqCst) {
            continue;
        }
        if client.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// A connection to the server.
enum Stream {
    Socket(UnixStream),
    Port(TcpStream),
}

impl Stream {
    fn connect(options: &PgConnectOptions) -> io::Result<Self> {
        let port = options.get_port();
        match options.get_socket() {
            Some(folder) => {
                let socket = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}")));
                socket.map(Self::Socket)
            }
            None => TcpStream::connect((options.get_host(), port)).map(Self::Port),
        }
    }

    fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Socket(stream) => stream.try_clone().map(Self::Socket),
            Self::Port(stream) => stream.try_clone().map(Self::Port),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Socket(stream) => stream.read(buffer),
            Self::Port(stream) => stream.read(buffer),
        }
    }

    fn write(&self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Socket(stream) => (&*stream).write_all(message),
            Self::Port(stream) => (&*stream).write_all(message),
        }
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Socket(stream) => stream.shutdown(how),
            Self::Port(stream) => stream.shutdown(how),
        }
    }
}
