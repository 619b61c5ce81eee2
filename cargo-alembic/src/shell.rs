//! What goes to the two streams: answers to stdout, everything else to stderr.

use std::fmt::{self, Display};
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::diagnostic::{Diagnostic, Error, Result};
use crate::exit::Exit;

/// How much a command says beside its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
}

/// Writes to the two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell {
    pub(crate) verbosity: Verbosity,
}

impl Shell {
    /// Says what is being done, in cargo's manner: a verb on the right of twelve columns.
    pub(crate) fn status(self, verb: &str, what: impl Display) {
        if self.verbosity == Verbosity::Normal {
            let line = status_line(verb, what);
            // Nobody is left to be told that stderr is closed.
            let _ = writeln!(anstream::stderr(), "{line}");
        }
    }
}

pub(crate) fn status_line(verb: &str, what: impl Display) -> String {
    let style: Style = AnsiColor::Green.on_default().bold();
    format!("{style}{verb:>12}{style:#} {what}")
}

/// Writes an answer to stdout.
///
/// A reader that has seen enough and closed the pipe is no error.
pub(crate) fn answer(text: impl Display) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    check_written(write!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes an answer to stdout of which nothing is taken for colour.
pub(crate) fn answer_exactly(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    check_written(
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush()),
    )
}

fn check_written(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Diagnostic::new(format!("cannot write the answer: {error}")).exit(Exit::Failure))
        }
        _ => Ok(()),
    }
}

/// Shows an error, and returns its exit code.
pub(crate) fn report(error: &Error) -> Exit {
    let mut stderr = anstream::stderr().lock();
    for (index, diagnostic) in error.diagnostics.iter().enumerate() {
        let separator = if index > 0 { "\n" } else { "" };
        let _ = writeln!(stderr, "{separator}{}", diagnostic.render());
    }
    error.exit
}

/// A duration as people read it.
pub(crate) struct Took(pub(crate) std::time::Duration);

impl Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 1.0 {
            write!(f, "{:.1} ms", seconds * 1e3)
        } else {
            write!(f, "{seconds:.2} s")
        }
    }
}
