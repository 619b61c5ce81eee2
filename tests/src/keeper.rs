//! Servers that go when the process goes that has started them.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// How many ports are tried: somebody else may take one between its choice and its use.
pub(crate) const PORTS: usize = 5;

/// What the shell does; it is given its last command, and the folder.
///
/// It ignores that nobody reads its answers: that is when its last command is needed.
const SCRIPT: &str = r#"
trap '' PIPE
while read -r command; do
    (eval "$command") >>log 2>&1 </dev/null
    echo $?
done
(eval "$1") >>log 2>&1 </dev/null
cd / && rm -rf "$2"
"#;

/// A shell that runs commands in a temporary folder, as an ordinary user where this process is
/// root's, since servers refuse to be root.
///
/// When this process drops it, or is no more, whatever has ended it, the shell finishes the command
/// that it is at, runs its last one, and removes the folder.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    /// The end of this pipe is what the shell waits for.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Keeper {
    /// Makes a folder, and starts a shell in it that finds the programs in `programs`.
    pub(crate) fn new(programs: &Path, last: &str) -> io::Result<Self> {
        // A socket in it must not have a path of more than 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("alembic-")
            .tempdir_in(parent())?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [PathBuf::from(programs)]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "sh", last])
            .arg(folder.path())
            .current_dir(folder.path())
            .env_clear()
            .env(
                "PATH",
                std::env::join_paths(path).map_err(io::Error::other)?,
            )
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        set_apart(&mut command, folder.path())?;
        let mut shell = command.spawn()?;
        let no_pipe = || io::Error::other("the shell has no pipe");
        Ok(Self {
            commands: Some(shell.stdin.take().ok_or_else(no_pipe)?),
            answers: BufReader::new(shell.stdout.take().ok_or_else(no_pipe)?),
            shell,
            folder,
        })
    }

    /// Returns the folder in which the commands run.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in the folder.
    pub(crate) fn write(&self, path: &str, content: &str) -> Result<(), String> {
        fs::write(self.folder().join(path), content).map_err(|error| format!("{path}: {error}"))
    }

    /// Returns what the commands and the servers wrote.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.folder().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Runs a command of one line, and waits for it; an error tells what it wrote.
    pub(crate) fn run(&mut self, command: &str) -> Result<(), String> {
        let before = self.log().len();
        match self.ask(command) {
            Ok(status) if status == "0\n" => Ok(()),
            Ok(_) => {
                let log = self.log();
                let new = log.get(before..).unwrap_or(&log);
                Err(format!("`{command}` failed:\n{new}"))
            }
            Err(error) => Err(format!("`{command}`: {error}")),
        }
    }

    fn ask(&mut self, command: &str) -> io::Result<String> {
        let commands = self.commands.as_mut();
        let commands = commands.ok_or_else(|| io::Error::other("the shell has ended"))?;
        commands.write_all(format!("{command}\n").as_bytes())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.shell.wait();
    }
}

/// How many bytes must be free in memory for the files of servers: what a few clusters need, with
/// the logs that they keep.
const ROOM: u64 = 4 << 30;

/// Returns where the folders of servers are made: in memory, where there is room for them, unless a
/// variable names a place. Each `CREATE DATABASE` makes 300 files, which costs many file systems more
/// than everything else that a test asks for.
fn parent() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let is_named = std::env::var_os("TMPDIR").is_some();
    if !is_named && free(&memory).is_some_and(|free| free >= ROOM) {
        memory
    } else {
        std::env::temp_dir()
    }
}

/// Returns how many bytes are free in the file system of a folder.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail * system.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// Returns a TCP port that nobody listens at.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let address = address.map_err(|error| format!("there is no free port: {error}"))?;
    Ok(address.port())
}

/// Sees to it that a terminal's Ctrl-C does not reach a command, and that it is not root's.
#[cfg(unix)]
fn set_apart(command: &mut Command, folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    use std::os::unix::process::CommandExt;

    command.process_group(0);
    // This process has just made the folder.
    if fs::metadata(folder)?.uid() == 0 {
        let users = fs::read_to_string("/etc/passwd")?;
        let user = ids(&users, "postgres").or_else(|| ids(&users, "nobody"));
        let (user, group) = user.ok_or_else(|| io::Error::other("there is no user `nobody`"))?;
        chown(folder, Some(user), Some(group))?;
        command.uid(user).gid(group);
    }
    Ok(())
}

#[cfg(not(unix))]
fn set_apart(_: &mut Command, _: &Path) -> io::Result<()> {
    Err(io::Error::other("servers are started on unix only"))
}

/// Returns the ids of a user, and of the user's group, from /etc/passwd.
#[cfg(unix)]
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        found.then_some((user, group))
    })
}
