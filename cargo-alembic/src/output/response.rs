//! The response of a command, and the one place that writes it.

use super::json::{self, AnswerJson};
use super::shell::{self, Shell};
use super::{Call, Diagnostic, Error, Exit, Format, Result, Warnings, printable};

/// The response of a command: its answers, and how it ended.
pub(crate) struct Response {
    /// The answer for each crate; `None` if the command has no answer.
    answers: Option<Vec<Answer>>,
    /// A text that is written as it is in every format; empty if there is none.
    document: String,
    layout: Layout,
    end: End,
}

/// The result of a command for one crate.
pub(crate) struct Answer {
    /// The crate.
    pub(crate) name: String,
    /// The answer for programs.
    pub(crate) json: AnswerJson,
    /// The answer for people; empty if status lines say it all.
    pub(crate) text: String,
}

/// How the answers for several crates are combined as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One after the other.
    Plain,
    /// Each below its crate's name.
    Sections,
    /// As SQL byte for byte, each below a comment if there are several.
    Scripts,
}

/// How a command ended.
enum End {
    Success,
    /// These crates are not at their heads; each with its number of pending revisions.
    NotAtHeads(Vec<(String, usize)>),
    /// The schemas of these crates differ; each with its number of changes.
    Differs(Vec<(String, usize)>),
    Failure(Error),
}

impl Response {
    /// The response of a command that succeeded and has no answer.
    pub(crate) const SILENT: Self = Self {
        answers: None,
        document: String::new(),
        layout: Layout::Plain,
        end: End::Success,
    };

    /// Creates the response of a command that prints a text which belongs to no crate.
    pub(crate) fn document(text: String) -> Self {
        Self {
            document: text,
            ..Self::SILENT
        }
    }

    pub(crate) fn new(answers: Vec<Answer>, layout: Layout) -> Self {
        Self {
            answers: Some(answers),
            layout,
            ..Self::SILENT
        }
    }

    /// Creates a response with one section per crate, if there are several crates.
    pub(crate) fn sections(answers: Vec<Answer>, crates: usize) -> Self {
        let layout = match crates {
            0 | 1 => Layout::Plain,
            _ => Layout::Sections,
        };
        Self::new(answers, layout)
    }

    /// Creates a response with one section per crate, if there are several crates, and if status lines have
    /// not said it all.
    pub(crate) fn findings(answers: Vec<Answer>, crates: usize) -> Self {
        match answers.iter().all(|answer| answer.text.is_empty()) {
            true => Self::new(answers, Layout::Plain),
            false => Self::sections(answers, crates),
        }
    }

    /// Records an error, if there is one.
    pub(crate) fn with_error(mut self, error: Option<Error>) -> Self {
        if let Some(error) = error {
            self.end = End::Failure(error);
        }
        self
    }

    /// Records the crates that are not at their heads, unless something failed.
    pub(crate) fn with_pending(mut self, crates: Vec<(String, usize)>) -> Self {
        if !crates.is_empty() && matches!(self.end, End::Success) {
            self.end = End::NotAtHeads(crates);
        }
        self
    }

    /// Records that some crates are not at their heads, as their answers say, unless something failed.
    pub(crate) fn not_at_heads(mut self) -> Self {
        if matches!(self.end, End::Success) {
            self.end = End::NotAtHeads(Vec::new());
        }
        self
    }

    /// Records the crates whose schemas differ, unless something failed.
    pub(crate) fn with_differing(mut self, crates: Vec<(String, usize)>) -> Self {
        if !crates.is_empty() && matches!(self.end, End::Success) {
            self.end = End::Differs(crates);
        }
        self
    }

    /// Returns the answers, or the failure that the command ended with.
    pub(crate) fn answers(self) -> Result<Vec<Answer>> {
        match self.end {
            End::Failure(error) => Err(error),
            End::Success | End::NotAtHeads(_) | End::Differs(_) => {
                Ok(self.answers.unwrap_or_default())
            }
        }
    }

    fn text(&self) -> String {
        let answers = self.answers.as_deref().unwrap_or_default();
        match self.layout {
            Layout::Plain => answers.iter().map(|answer| answer.text.as_str()).collect(),
            Layout::Sections => {
                let sections = answers.iter();
                let sections =
                    sections.map(|Answer { name, text, .. }| format!("[{name}]\n{text}"));
                sections.collect()
            }
            Layout::Scripts => {
                let scripts = answers
                    .iter()
                    .map(|Answer { name, text, .. }| match answers {
                        [_] => text.clone(),
                        _ => format!("-- crate `{name}`\n{text}"),
                    });
                scripts.collect::<Vec<String>>().join("\n")
            }
        }
    }
}

impl From<Error> for Response {
    /// Creates the response of a command that failed before it had an answer.
    fn from(error: Error) -> Self {
        Self::SILENT.with_error(Some(error))
    }
}

impl Answer {
    pub(crate) fn new(name: &str, json: AnswerJson, text: String) -> Self {
        Self {
            name: name.to_owned(),
            json,
            text: printable(&text),
        }
    }

    /// An answer of which each byte is written, with its colours or as a script.
    pub(crate) fn verbatim(name: &str, json: AnswerJson, text: String) -> Self {
        Self {
            name: name.to_owned(),
            json,
            text,
        }
    }
}

/// Writes a command's answers and errors, and returns its exit code.
pub(crate) fn finish(
    response: Response,
    format: Format,
    (shell, warnings): (Shell, &Warnings),
    call: &Call,
) -> Exit {
    let written = match (format, response.layout) {
        _ if !response.document.is_empty() => shell::answer_verbatim(&response.document),
        (Format::Text, Layout::Scripts) => shell::answer_verbatim(&response.text()),
        (Format::Text, Layout::Plain | Layout::Sections) => shell::answer(response.text()),
        (Format::Json, _) => {
            let errors = match &response.end {
                End::Failure(error) => Some(error.diagnostics.as_slice()),
                End::Success | End::NotAtHeads(_) | End::Differs(_) => None,
            };
            let warnings = warnings.list();
            match response.answers {
                None if errors.is_none() && warnings.is_empty() => Ok(()),
                answers => {
                    let answers = answers.unwrap_or_default().into_iter();
                    let answers = answers.map(|answer| (answer.name, answer.json));
                    shell::answer(json::document(answers, errors, warnings, call))
                }
            }
        }
    };
    let end = match written {
        Ok(()) => response.end,
        Err(error) => End::Failure(cannot_write(error)),
    };
    match end {
        End::Success => Exit::Success,
        End::NotAtHeads(crates) => {
            for (name, pending) in crates {
                let revisions = if pending == 1 {
                    "revision"
                } else {
                    "revisions"
                };
                let what = format_args!("{name}: {pending} {revisions} pending");
                shell.status("Behind", what);
            }
            Exit::NotAtHeads
        }
        End::Differs(crates) => {
            for (name, count) in crates {
                let changes = if count == 1 { "change" } else { "changes" };
                shell.status("Differs", format_args!("{name}: {count} {changes}"));
            }
            Exit::SchemasDiffer
        }
        End::Failure(error) => {
            shell::report(&error, call);
            (&error).into()
        }
    }
}

fn cannot_write(error: std::io::Error) -> Error {
    let title = format!("cannot write the result: {error}");
    Diagnostic::new(super::Cause::Unwritable(error), title).into()
}
