//! Processes of the real binary.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use alembic_tests::Project;

/// For how long a process may run before it is taken for stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that works on a database. It is killed with this value.
pub(crate) struct Starter {
    line: String,
    child: Child,
    /// What it writes to stderr, line by line, until it ends.
    lines: Receiver<String>,
    said: Vec<String>,
    begin: Instant,
}

/// What came of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    line: String,
    /// None, where a signal ended it.
    pub(crate) status: Option<i32>,
    /// What it has written to stderr.
    pub(crate) said: String,
    pub(crate) took: Duration,
}

impl Starter {
    /// Runs `cargo alembic` with the arguments in `line` on the database at `url`.
    pub(crate) fn new(project: &Project, url: &str, line: &str) -> Self {
        let words = line.split(' ').chain(["--url", url]);
        let words: Vec<String> = words.map(str::to_owned).collect();
        let mut command = project.here().command(&words);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut lines = stderr.lines().map_while(Result::ok);
            lines.all(|line| sender.send(line).is_ok())
        });
        Self {
            line: line.to_owned(),
            child,
            lines,
            said: Vec::new(),
            begin: Instant::now(),
        }
    }

    /// Waits until it has said something so many times; returns whether it did before it ended.
    pub(crate) fn says(&mut self, what: &str, times: usize) -> bool {
        let says = |line: &&String| line.contains(what);
        while self.said.iter().filter(says).count() < times {
            let left = PATIENCE.saturating_sub(self.begin.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => self.stuck(),
            }
        }
        true
    }

    /// Kills it, so that it can tidy up nothing; returns whether it was still running.
    pub(crate) fn kill(mut self) -> bool {
        let running = self.is_running();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        running
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Stops it in its tracks.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status();
        assert!(status.unwrap().success(), "kill {name} {id}");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        // All that it says, and then nothing more.
        self.says("\0", 1);
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if self.begin.elapsed() > PATIENCE => self.stuck(),
                None => sleep(Duration::from_millis(1)),
            }
        };
        Ended {
            line: self.line.clone(),
            status: status.code(),
            said: self.said.join("\n"),
            took: self.begin.elapsed(),
        }
    }

    fn stuck(&self) -> ! {
        let (line, said) = (&self.line, self.said.join("\n"));
        panic!("`{line}` has no end after {PATIENCE:?}:\n{said}");
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Fails unless it did what it was to do.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert_eq!(self.status, Some(0), "{self}");
        self
    }

    /// Fails unless it ended with an exit code, and said something.
    #[track_caller]
    pub(crate) fn failure(self, status: i32, what: &str) -> Self {
        let as_wanted = self.status == Some(status) && self.said.contains(what);
        assert!(as_wanted, "not {status} with `{what}`: {self}");
        self
    }

    /// Returns how many revisions it says that it has applied.
    pub(crate) fn revisions(&self) -> usize {
        let finished = self.said.lines().filter(|line| line.contains("Finished"));
        let counts = finished.filter_map(|line| {
            let (before, _) = line
                .split_once(" revisions in ")
                .or_else(|| line.split_once(" revision in "))?;
            before.rsplit(' ').next()?.parse::<usize>().ok()
        });
        counts.sum()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A run of hundreds of revisions has as many lines.
        let lines: Vec<&str> = self.said.lines().collect();
        let last = &lines[lines.len().saturating_sub(30)..];
        let (line, status, took) = (&self.line, self.status, self.took);
        write!(
            f,
            "`{line}` ended with {status:?} after {took:.1?}:\n{}",
            last.join("\n")
        )
    }
}

/// Waits for all of these, each of which must succeed, and returns how many revisions they have
/// applied together.
#[track_caller]
pub(crate) fn applied(starters: Vec<Starter>) -> usize {
    let ended: Vec<Ended> = starters
        .into_iter()
        .map(|starter| starter.end().success())
        .collect();
    ended.iter().map(Ended::revisions).sum()
}
