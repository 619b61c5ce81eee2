//! What is left of servers when the process that started them is no more.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write, stdout};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_tests::PgBouncer;
use alembic_tests::postgres::Server;

/// How this process is to end, when it is one that the test started.
const END: &str = "ALEMBIC_TEST_SERVERS_END";

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts this program to start servers in a folder.
fn start(end: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "going::nothing_is_left", "--nocapture"])
        .env(END, end)
        .env("TMPDIR", folder)
        .env_remove("TEST_POSTGRES_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the started process does: it tells where its servers are, and ends.
fn serve(end: &str) {
    let server = Server::shared();
    let bouncer = PgBouncer::start(server);
    let database = server.database();
    for url in [database.url(), &bouncer.url(&database)] {
        let (_, place) = url.rsplit_once('@').unwrap();
        let (address, _) = place.split_once('/').unwrap();
        // Straight to the pipe: what the test harness prints may be kept back.
        let line = format!("-> {address}\n");
        stdout().write_all(line.as_bytes()).unwrap();
    }
    match end {
        // The bouncer is dropped, the server is not.
        "return" => {}
        "panic" => panic!("as the test wants"),
        "abort" => std::process::abort(),
        _ => sleep(PATIENCE),
    }
}

/// Waits until something holds.
fn wait_until(holds: impl Fn() -> bool, what: &str) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(20));
    }
}

/// Returns a folder in which everybody may make files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    folder
}

fn is_empty(folder: &Path) -> bool {
    folder.read_dir().unwrap().next().is_none()
}

#[test]
fn nothing_is_left() {
    if let Ok(end) = std::env::var(END) {
        return serve(&end);
    }
    for end in ["return", "panic", "abort", "kill"] {
        let folder = folder();
        let mut child = start(end, folder.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines = lines.map_while(Result::ok);
        let told = lines.filter_map(|line| Some(line.split_once("-> ")?.1.to_owned()));
        let addresses: Vec<String> = told.take(2).collect();
        assert_eq!(addresses.len(), 2, "{end}: no servers");
        if end == "kill" {
            assert!(!is_empty(folder.path()));
            for address in &addresses {
                assert!(TcpStream::connect(address).is_ok(), "{address}");
            }
            // SIGKILL: nothing can be tidied up.
            child.kill().unwrap();
        }
        child.wait().unwrap();
        wait_until(
            || is_empty(folder.path()),
            &format!("{end}: files are left"),
        );
        for address in &addresses {
            assert!(TcpStream::connect(address).is_err(), "{end}: {address}");
        }
    }
}

#[test]
fn nothing_is_left_of_a_start() {
    for after in [0, 200, 400, 600].map(Duration::from_millis) {
        let folder = folder();
        let mut child = start("kill", folder.path());
        let begun = || {
            let mut entries = folder.path().read_dir().unwrap();
            entries.any(|entry| entry.unwrap().path().join("log").exists())
        };
        wait_until(begun, "no server begins to start");
        sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until(
            || is_empty(folder.path()),
            &format!("{after:?}: files are left"),
        );
    }
}
