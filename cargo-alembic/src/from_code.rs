//! New revisions from code.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::commands::AloneCli;
use crate::context::Context;
use crate::output::json::AnswerJson;
use crate::output::{Exit, Program};

/// A new revision that a program writes, as `cargo alembic revision` does.
///
/// ```no_run
/// use cargo_alembic::NewRevision;
///
/// # fn main() -> Result<(), cargo_alembic::RevisionError> {
/// let written = NewRevision::new("crates/shop/Cargo.toml", "Add orders").autogenerate().write()?;
/// match written {
///     Some(path) => println!("review {}", path.display()),
///     None => println!("the revisions already make the target schema"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct NewRevision {
    arguments: Vec<OsString>,
}

/// A revision was not written, and nothing else was changed.
#[derive(Debug)]
pub struct RevisionError {
    exit: Exit,
    message: String,
}

impl NewRevision {
    /// Describes a revision of the crate with this manifest; `message` is what it does.
    #[must_use]
    pub fn new(manifest: impl AsRef<Path>, message: &str) -> Self {
        let manifest = manifest.as_ref().as_os_str();
        let arguments = ["cargo-alembic", "revision", "--quiet", "--message"];
        let arguments = arguments.into_iter().map(OsString::from);
        let given = [message.into(), "--manifest-path".into(), manifest.into()];
        Self {
            arguments: arguments.chain(given).collect(),
        }
    }

    /// Writes what makes the target schema of the schema that the revisions make, instead of sections
    /// to be filled in.
    #[must_use]
    pub fn autogenerate(self) -> Self {
        self.argument("--autogenerate")
    }

    /// Adds an argument of `cargo alembic revision`, such as `--rename` and then what was renamed.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Writes the revision, and returns its file; `None` if nothing had to be generated.
    ///
    /// # Errors
    ///
    /// What the command would report, as it would.
    pub fn write(&self) -> Result<Option<PathBuf>, RevisionError> {
        let parsed = AloneCli::try_parse_from(&self.arguments);
        let AloneCli { cli } = parsed.map_err(|error| RevisionError {
            exit: Exit::Usage,
            message: error.render().to_string(),
        })?;
        let context = Context::new(Program::Cargo, cli.global, None);
        let response = cli.command.run(&context);
        let answers = response.and_then(|response| response.answers());
        let answers = answers.map_err(|error| RevisionError {
            exit: (&error).into(),
            message: error.text(&context.call),
        })?;
        let mut paths = answers.into_iter().filter_map(|answer| match answer.json {
            AnswerJson::NewRevision(new) => Some(new.path),
            AnswerJson::Autogenerate(generated) => generated.path,
            _ => None,
        });
        Ok(paths.next().map(PathBuf::from))
    }
}

impl RevisionError {
    /// Returns the exit code that the command would have.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim_end())
    }
}

impl std::error::Error for RevisionError {}
