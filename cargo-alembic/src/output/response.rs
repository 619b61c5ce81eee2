//! What a command answers and how it ended, written in one place.

use super::json::{self, AnswerJson};
use super::shell::{self, Shell};
use super::{Call, Diagnostic, Error, Exit, Format};

/// What a command answers, and how it ended.
pub(crate) struct Response {
    /// What is answered for each crate; nothing where the command has no answer.
    answers: Option<Vec<Answer>>,
    layout: Layout,
    end: End,
}

/// What a command answers for one crate.
pub(crate) struct Answer {
    /// The crate.
    pub(crate) name: String,
    /// The answer for programs.
    pub(crate) json: AnswerJson,
    /// The answer for people; empty where status lines have said it.
    pub(crate) text: String,
}

/// How the answers for several crates are put together as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One after the other.
    Plain,
    /// Each below its crate's name.
    Sections,
    /// As SQL to the last byte, each below a comment where there are several.
    Scripts,
}

/// How a command ended.
enum End {
    Success,
    /// These crates, each with the number of revisions that are pending, are not at their heads.
    NotAtHeads(Vec<(String, usize)>),
    Failure(Error),
}

impl Response {
    /// A command that has no answer, and succeeded.
    pub(crate) const SILENT: Self = Self {
        answers: None,
        layout: Layout::Plain,
        end: End::Success,
    };

    pub(crate) fn new(answers: Vec<Answer>, layout: Layout) -> Self {
        Self {
            answers: Some(answers),
            layout,
            end: End::Success,
        }
    }

    /// Answers for several crates in sections.
    pub(crate) fn sections(answers: Vec<Answer>, crates: usize) -> Self {
        let layout = match crates {
            0 | 1 => Layout::Plain,
            _ => Layout::Sections,
        };
        Self::new(answers, layout)
    }

    /// Says what failed, where something did.
    pub(crate) fn with_error(mut self, error: Option<Error>) -> Self {
        if let Some(error) = error {
            self.end = End::Failure(error);
        }
        self
    }

    /// Says which crates are not at their heads, unless something failed.
    pub(crate) fn with_pending(mut self, crates: Vec<(String, usize)>) -> Self {
        if !crates.is_empty() && matches!(self.end, End::Success) {
            self.end = End::NotAtHeads(crates);
        }
        self
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
    /// A command that failed before it had anything to answer.
    fn from(error: Error) -> Self {
        Self::SILENT.with_error(Some(error))
    }
}

impl Answer {
    pub(crate) fn new(name: &str, json: AnswerJson, text: String) -> Self {
        Self {
            name: name.to_owned(),
            json,
            text,
        }
    }
}

/// Writes what a command answers and what is wrong, and returns its exit code.
pub(crate) fn finish(response: Response, format: Format, shell: Shell, call: &Call) -> Exit {
    let written = match (format, response.layout) {
        (Format::Text, Layout::Scripts) => shell::answer_verbatim(&response.text()),
        (Format::Text, Layout::Plain | Layout::Sections) => shell::answer(response.text()),
        (Format::Json, _) => {
            let errors = match &response.end {
                End::Failure(error) => Some(error.diagnostics.as_slice()),
                End::Success | End::NotAtHeads(_) => None,
            };
            match response.answers {
                None if errors.is_none() => Ok(()),
                answers => {
                    let answers = answers.unwrap_or_default().into_iter();
                    let answers = answers.map(|answer| (answer.name, answer.json));
                    shell::answer(json::document(answers, errors))
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
        End::Failure(error) => {
            shell::report(&error, call);
            (&error).into()
        }
    }
}

fn cannot_write(error: std::io::Error) -> Error {
    let title = format!("cannot write the answer: {error}");
    Diagnostic::new(super::Cause::Unwritable(error), title).into()
}
