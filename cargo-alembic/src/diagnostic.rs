//! What is shown when something is wrong.

use std::ops::Range;

use alembic_history::Code;
use alembic_migrate::DatabaseState;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::exit::Exit;
use crate::suggested::Repeated;

/// Why a command failed: everything that is wrong, and the exit code.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) exit: Exit,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self {
            exit,
            diagnostics: vec![diagnostic],
        }
    }

    /// Adds another error to those before it; the first one's exit code stays.
    pub(crate) fn add(errors: &mut Option<Self>, error: Self) {
        match errors {
            None => *errors = Some(error),
            Some(first) => first.diagnostics.extend(error.diagnostics),
        }
    }

    /// Says what is with the other crates of a command, where some of them `failed`: those that are
    /// `done` are committed, and stay so.
    pub(crate) fn among(mut self, done: &[&str], failed: &[&str], left: &[&str]) -> Self {
        let Some(last) = self.diagnostics.last_mut() else {
            return self;
        };
        let crates = |names: &[&str]| match names {
            [name] => format!("crate {name}"),
            names => format!("crates {}", names.join(", ")),
        };
        if !done.is_empty() {
            let stay = match done {
                [_] => "is done, and stays so",
                _ => "are done, and stay so",
            };
            let done = format!("{} {stay}", crates(done));
            let unchanged = DatabaseState::Unchanged.to_string();
            match last.notes.iter_mut().find(|note| **note == unchanged) {
                Some(note) => *note = format!("{done}; for {}, {unchanged}", crates(failed)),
                None => last.notes.push(done),
            }
        }
        if !left.is_empty() {
            last.notes.push(format!("not begun: {}", left.join(", ")));
        }
        self
    }

    /// Lets the commands that are suggested be about the databases and crates of this one.
    pub(crate) fn repeating(mut self, arguments: &Repeated) -> Self {
        for diagnostic in &mut self.diagnostics {
            let elsewhere = diagnostic.elsewhere;
            for text in diagnostic.notes.iter_mut().chain(&mut diagnostic.help) {
                *text = arguments.complete(text, elsewhere);
            }
        }
        self
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    pub(crate) title: String,
    pub(crate) code: Option<Code>,
    pub(crate) places: Vec<Place>,
    pub(crate) notes: Vec<String>,
    pub(crate) help: Vec<String>,
    /// Whether the commands in its texts are for another database than the one that `--url` names.
    pub(crate) elsewhere: bool,
}

/// A part of a file that has to do with a diagnostic; the first is the one at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    pub(crate) label: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    pub(crate) fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says whether the commands in its texts are for another database than the one that `--url`
    /// names.
    pub(crate) fn elsewhere(mut self, elsewhere: bool) -> Self {
        self.elsewhere = elsewhere;
        self
    }

    pub(crate) fn exit(self, exit: Exit) -> Error {
        Error::new(exit, self)
    }

    /// Draws the diagnostic in colour; who prints it takes the colour away where there is none.
    pub(crate) fn render(&self) -> String {
        let mut title = Level::ERROR.primary_title(self.title.as_str());
        if let Some(code) = self.code {
            title = title.id(code.as_str());
        }
        let mut group: Group<'_> = Group::with_title(title);
        for (index, place) in self.places.iter().enumerate() {
            let kind = if index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let mut annotation = kind.span(visible(&place.text, place.span.clone()));
            if let Some(label) = &place.label {
                annotation = annotation.label(label.as_str());
            }
            group = group.element(
                Snippet::source(place.text.as_str())
                    .path(place.path.as_str())
                    .annotation(annotation),
            );
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        Renderer::styled().render(&[group])
    }
}

/// Cuts a span to its first line, so that a literal that never ends does not fill the screen.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end.max(start));
    let (rest, span) = (&text[start..end], start..end);
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    span.start..span.start + line
}
