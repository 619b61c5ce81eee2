//! Diagnostics: what is displayed when something is wrong.

use alembic_history::{Code, Position};
use std::fmt;

use alembic_migrate::DatabaseState;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use terminal_size::{Width, terminal_size_of};

use super::{Call, Cause, Excerpt, Hint, printable};

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
    /// The crates that it is about.
    packages: Vec<String>,
    excerpts: Vec<Excerpt>,
    notes: Vec<Note>,
    help: Vec<Hint>,
}

/// A note below a diagnostic.
#[derive(Debug, PartialEq, Eq)]
enum Note {
    Text(String),
    /// The database, and the crates whose database it is.
    Database(Vec<String>, String),
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
    /// Renders the diagnostics, one below the other, in colour.
    pub(crate) fn render(&self, call: &Call) -> String {
        let diagnostics = self.diagnostics.iter();
        let diagnostics = diagnostics.map(|diagnostic| diagnostic.render(call) + "\n");
        diagnostics.collect::<Vec<String>>().join("\n")
    }

    /// Renders the diagnostics without colour.
    pub(crate) fn text(&self, call: &Call) -> String {
        anstream::adapter::strip_str(&self.render(call)).to_string()
    }

    /// Adds an error to the earlier ones. What is wrong with several crates alike is told once.
    pub(crate) fn add(errors: &mut Option<Self>, error: Self) {
        let Some(earlier) = errors else {
            *errors = Some(error);
            return;
        };
        for diagnostic in error.diagnostics {
            let mut all = earlier.diagnostics.iter_mut();
            match all.find(|earlier| earlier.is_same(&diagnostic)) {
                Some(same) => same.join(diagnostic),
                None => earlier.diagnostics.push(diagnostic),
            }
        }
    }

    /// Names the crate that this is about, unless it is known.
    #[must_use]
    pub(crate) fn about(mut self, package: &str) -> Self {
        for diagnostic in &mut self.diagnostics {
            if diagnostic.packages.is_empty() {
                diagnostic.packages.push(package.to_owned());
            }
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
            packages: Vec::new(),
            excerpts: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    pub(crate) fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Returns the crates that it is about.
    pub(super) fn packages(&self) -> &[String] {
        &self.packages
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
            Note::Text(_) | Note::Database(..) => None,
        })
    }

    /// Returns the other notes.
    pub(super) fn notes(&self) -> Vec<String> {
        let notes = self.notes.iter().filter_map(|note| match note {
            Note::State(_) => None,
            Note::Text(_) | Note::Database(..) => Some(note.to_string()),
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

    /// Adds the database that it is about, which is a crate's.
    pub(crate) fn database(mut self, package: &str, url: impl Into<String>) -> Self {
        let packages = vec![package.to_owned()];
        self.notes.push(Note::Database(packages, url.into()));
        self
    }

    /// Returns whether another one says the same of another crate.
    fn is_same(&self, other: &Self) -> bool {
        let is_same_note = |(own, other): (&Note, &Note)| match (own, other) {
            (Note::Database(_, own), Note::Database(_, other)) => own == other,
            (own, other) => own == other,
        };
        self.title == other.title
            && self.code == other.code
            && self.excerpts == other.excerpts
            && self.help == other.help
            && self.notes.len() == other.notes.len()
            && self.notes.iter().zip(&other.notes).all(is_same_note)
    }

    /// Adds the crates of another one that says the same.
    fn join(&mut self, other: Self) {
        join(&mut self.packages, other.packages);
        for (own, other) in self.notes.iter_mut().zip(other.notes) {
            if let (Note::Database(own, _), Note::Database(other, _)) = (own, other) {
                join(own, other);
            }
        }
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
        let size = terminal_size_of(std::io::stderr());
        let columns = size.map(|(Width(columns), _)| usize::from(columns));
        let excerpts = self.excerpts.iter();
        let excerpts: Vec<Excerpt> = excerpts.map(|excerpt| excerpt.fitted(columns)).collect();
        for (index, excerpt) in excerpts.iter().enumerate() {
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
        let renderer = Renderer::styled();
        let renderer = match columns {
            Some(columns) => renderer.term_width(columns),
            None => renderer,
        };
        renderer.render(&[group])
    }
}

fn join(names: &mut Vec<String>, others: Vec<String>) {
    let new = others.into_iter().filter(|other| !names.contains(other));
    names.extend(new.collect::<Vec<String>>());
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
            Note::Database(packages, url) => {
                let crates = if packages.len() == 1 {
                    "crate"
                } else {
                    "crates"
                };
                write!(f, "{crates} `{}`, database {url}", packages.join("`, `"))
            }
            Note::State(state) => state.fmt(f),
        }
    }
}
