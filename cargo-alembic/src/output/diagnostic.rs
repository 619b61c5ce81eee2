//! Diagnostics: what is displayed when something is wrong.

use alembic_history::{Code, Position};
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
    /// The crate that it is about.
    pub(crate) package: Option<String>,
    excerpts: Vec<Excerpt>,
    notes: Vec<Note>,
    help: Vec<Hint>,
}

/// A part of a file that a diagnostic points to; the first one is at fault.
///
/// It holds a single line, not the text: a file may be a dump of many megabytes, with many faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    path: String,
    line: String,
    /// The number of the line, from 1.
    number: usize,
    /// The span in the line.
    span: Range<usize>,
    label: Option<String>,
}

/// How many bytes of a line are kept behind the span, which is more than is shown.
const LINE_REST: usize = 1_000;

impl Excerpt {
    /// Returns the part of `text` at `span`, up to the end of its first line, so that an unterminated
    /// literal does not fill the screen.
    pub(crate) fn new(path: impl Into<String>, text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |before| before + 1);
        let is_line_end = ['\n', '\r'];
        let length = text[start..end].find(is_line_end).unwrap_or(end - start);
        let rest = text[start..].find(is_line_end);
        let line_end = rest.map_or(text.len(), |rest| start + rest);
        let line_end = line_end.min(text.floor_char_boundary(start + length + LINE_REST));
        Self {
            path: path.into(),
            line: text[line_start..line_end].to_owned(),
            number: text[..line_start].matches('\n').count() + 1,
            span: start - line_start..start - line_start + length,
            label: None,
        }
    }

    /// Adds what is written at the span.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
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

    /// Names the crate that this is about, unless it is known.
    #[must_use]
    pub(crate) fn about(mut self, package: &str) -> Self {
        for diagnostic in &mut self.diagnostics {
            diagnostic.package.get_or_insert_with(|| package.to_owned());
        }
        self
    }

    /// Adds a note to the last thing that is wrong.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        self.map_last(|last| last.note(note))
    }

    /// Adds a hint to the last thing that is wrong.
    pub(crate) fn help(self, hint: impl Into<Hint>) -> Self {
        self.map_last(|last| last.help(hint))
    }

    fn map_last(mut self, change: impl FnOnce(Diagnostic) -> Diagnostic) -> Self {
        let last = self.diagnostics.pop().map(change);
        self.diagnostics.extend(last);
        self
    }

    /// Adds what the command had done before to the state that its last run leaves: the database is as
    /// it was before that run, and not as before the command.
    pub(crate) fn after(self, done: impl Into<String>) -> Self {
        let done = done.into();
        self.map_last(|mut last| {
            let mut notes = last.notes.iter_mut();
            match notes.find(|note| matches!(note, Note::State(DatabaseState::Unchanged))) {
                Some(note) => {
                    *note = Note::Text(format!("{done}; nothing else was changed in the database"));
                }
                None => last.notes.push(Note::Text(done)),
            }
            last
        })
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
            package: None,
            excerpts: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    pub(crate) fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Returns the file and the place in it that is at fault.
    pub(super) fn place(&self) -> Option<(&str, Position)> {
        let excerpt = self.excerpts.first()?;
        let column = excerpt.line[..excerpt.span.start].chars().count() + 1;
        let line = excerpt.number;
        Some((&excerpt.path, Position { line, column }))
    }

    /// Returns the state that the database is in.
    pub(super) fn database_state(&self) -> Option<String> {
        self.notes.iter().find_map(|note| match note {
            Note::State(state) => Some(state.to_string()),
            Note::Text(_) => None,
        })
    }

    /// Returns the other notes.
    pub(super) fn notes(&self) -> Vec<String> {
        let notes = self.notes.iter().filter_map(|note| match note {
            Note::State(_) => None,
            Note::Text(text) => Some(text.clone()),
        });
        notes.collect()
    }

    /// Returns what can be done next.
    pub(super) fn help_for(&self, call: &Call) -> Vec<String> {
        self.help.iter().map(|hint| hint.render(call)).collect()
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
            let mut annotation = kind.span(excerpt.span.clone());
            if let Some(label) = &excerpt.label {
                annotation = annotation.label(label.as_str());
            }
            group = group.element(
                Snippet::source(excerpt.line.as_str())
                    .line_start(excerpt.number)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_hold_the_line_and_nothing_else() {
        let long = format!("{}{}", "é".repeat(100), "x".repeat(10_000));
        for (text, span, line, number, within) in [
            ("", 0..0, "", 1, 0..0),
            ("one\ntwo\n", 0..3, "one", 1, 0..3),
            ("one\ntwo\n", 4..7, "two", 2, 0..3),
            ("one\r\ntwo three\r\n", 9..14, "two three", 2, 4..9),
            // A span of several lines ends with the first of them.
            ("one\ntwo three\nfour", 8..18, "two three", 2, 4..9),
            ("one\n", 4..4, "", 2, 0..0),
            ("one", 3..3, "one", 1, 3..3),
            ("né", 2..3, "né", 1, 1..3),
            (&long, 200..201, &long[..200 + 1 + LINE_REST], 1, 200..201),
        ] {
            let excerpt = Excerpt::new("a.sql", text, span.clone());
            let found = (excerpt.line.as_str(), excerpt.number, excerpt.span);
            let end = text.floor_char_boundary(span.end);
            assert_eq!(found.0, line, "{span:?}");
            assert_eq!(found.1, number, "{span:?}");
            if text.is_char_boundary(span.start) && end == span.end {
                assert_eq!(found.2, within, "{span:?}");
            }
        }
    }
}
