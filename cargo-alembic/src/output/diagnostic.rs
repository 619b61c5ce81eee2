//! Diagnostics: what is displayed when something is wrong.

use alembic_history::Code;
use std::fmt;
use std::ops::Range;

use alembic_migrate::DatabaseState;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Call, Cause, Hint, printable};

/// Why a command failed: one diagnostic for each thing that is wrong.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// One thing that is wrong.
#[derive(Debug)]
pub(crate) struct Diagnostic {
    pub(crate) cause: Cause,
    pub(crate) title: String,
    pub(crate) code: Option<Code>,
    excerpts: Vec<Excerpt>,
    notes: Vec<Note>,
    help: Vec<Hint>,
}

/// A part of a file that a diagnostic points to; the first one is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    pub(crate) label: Option<String>,
}

/// A note below a diagnostic.
#[derive(Debug)]
enum Note {
    Text(String),
    /// The state that the database is in.
    State(DatabaseState),
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
        }
    }
}

impl From<Vec<Diagnostic>> for Error {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics }
    }
}

impl Error {
    /// Adds an error to the earlier ones.
    pub(crate) fn add(errors: &mut Option<Self>, error: Self) {
        match errors {
            None => *errors = Some(error),
            Some(first) => first.diagnostics.extend(error.diagnostics),
        }
    }

    /// Adds what became of the other crates of the command when some `failed`: the ones in `done`
    /// stay committed, and those in `left` were not started.
    pub(crate) fn with_other_crates(
        mut self,
        done: &[&str],
        failed: &[&str],
        left: &[&str],
    ) -> Self {
        let Some(last) = self.diagnostics.last_mut() else {
            return self;
        };
        let crates = |names: &[&str]| match names {
            [name] => format!("crate {name}"),
            names => format!("crates {}", names.join(", ")),
        };
        if !done.is_empty() {
            let stay = match done {
                [_] => "is done and stays committed",
                _ => "are done and stay committed",
            };
            let done = format!("{} {stay}", crates(done));
            let unchanged = DatabaseState::Unchanged;
            let mut notes = last.notes.iter_mut();
            match notes.find(|note| matches!(note, Note::State(DatabaseState::Unchanged))) {
                Some(note) => {
                    let failed = crates(failed);
                    *note = Note::Text(format!("{done}; for {failed}, {unchanged}"));
                }
                None => last.notes.push(Note::Text(done)),
            }
        }
        if !left.is_empty() {
            let left = format!("not started: {}", left.join(", "));
            last.notes.push(Note::Text(left));
        }
        self
    }
}

impl Diagnostic {
    pub(crate) fn new(cause: Cause, title: impl Into<String>) -> Self {
        Self {
            cause,
            title: title.into(),
            code: None,
            excerpts: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    pub(crate) fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn excerpt(mut self, excerpt: Excerpt) -> Self {
        self.excerpts.push(excerpt);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(Note::Text(note.into()));
        self
    }

    /// Adds the state that the database is in.
    pub(crate) fn state(mut self, state: DatabaseState) -> Self {
        self.notes.push(Note::State(state));
        self
    }

    pub(crate) fn help(mut self, hint: impl Into<Hint>) -> Self {
        self.help.push(hint.into());
        self
    }

    /// Turns the diagnostic into the failure of a check of `cargo alembic test`.
    pub(crate) fn into_check_failure(mut self) -> Self {
        self.cause = Cause::CheckCausedBy(Box::new(self.cause));
        self
    }

    /// Renders the diagnostic in colour; the stream strips the colour if it is not wanted.
    pub(crate) fn render(&self, call: &Call) -> String {
        let mut title = Level::ERROR.primary_title(self.title.as_str());
        if let Some(code) = self.code {
            title = title.id(code.as_str());
        }
        let mut group: Group<'_> = Group::with_title(title);
        for (index, excerpt) in self.excerpts.iter().enumerate() {
            let kind = if index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let mut annotation = kind.span(visible(&excerpt.text, excerpt.span.clone()));
            if let Some(label) = &excerpt.label {
                annotation = annotation.label(label.as_str());
            }
            group = group.element(
                Snippet::source(excerpt.text.as_str())
                    .path(printable(&excerpt.path))
                    .annotation(annotation),
            );
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(printable(&note.to_string())));
        }
        for hint in &self.help {
            group = group.element(Level::HELP.message(printable(&hint.render(call))));
        }
        Renderer::styled().render(&[group])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Diagnostic {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Text(text) => f.write_str(text),
            Note::State(state) => state.fmt(f),
        }
    }
}

/// Cuts a span to its first line, so that an unterminated literal does not fill the screen.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end.max(start));
    let (rest, span) = (&text[start..end], start..end);
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    span.start..span.start + line
}
