//! Writes to the two streams: answers to stdout, everything else to stderr.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Call, Error, printable};

/// How much a command prints besides its answer.
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
    /// Prints a status line in cargo's style: a verb, right-aligned in twelve columns.
    pub(crate) fn status(self, verb: &str, what: impl Display) {
        if self.verbosity == Verbosity::Normal {
            let line = status_line(verb, what);
            write_line(&line);
        }
    }

    /// Returns whether only the result is wanted.
    pub(crate) fn is_quiet(self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Prints the line of a warning, unless only the result is wanted.
    pub(crate) fn warning(self, verb: &str, what: impl Display) {
        if self.verbosity == Verbosity::Normal {
            write_line(&warning_line(verb, what));
        }
    }
}

/// Writes a line to stderr; if that is closed, there is nowhere left to report it.
pub(super) fn write_line(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Returns a status line, safe for a terminal.
pub(crate) fn status_line(verb: &str, what: impl Display) -> String {
    line(AnsiColor::Green, verb, what)
}

/// Returns the line of a warning, safe for a terminal.
pub(crate) fn warning_line(verb: &str, what: impl Display) -> String {
    line(AnsiColor::Yellow, verb, what)
}

fn line(color: AnsiColor, verb: &str, what: impl Display) -> String {
    let what = printable(&what.to_string());
    let style: Style = color.on_default().bold();
    format!("{style}{verb:>12}{style:#} {what}")
}

/// Writes an answer to stdout.
///
/// It is not an error if the reader has closed the pipe.
pub(crate) fn answer(text: impl Display) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    ignore_broken_pipe(write!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes an answer to stdout byte for byte, escape sequences included.
pub(crate) fn answer_verbatim(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    ignore_broken_pipe(written.and_then(|()| stdout.flush()))
}

fn ignore_broken_pipe(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints an error to stderr.
pub(crate) fn report(error: &Error, call: &Call) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{}", error.render(call));
}
