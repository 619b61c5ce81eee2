//! What a command warns of: shown as it is found, and part of the answer for programs.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use alembic_history::{Code, Fault, Position};
use alembic_migrate::report::{Notice, NoticeOrigin, Severity};

use super::json::WarningJson;
use super::shell::Shell;

/// What a command has warned of so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Arc<Mutex<Vec<WarningJson>>>);

impl Warnings {
    /// Returns them, in the order in which they were found.
    pub(crate) fn list(&self) -> Vec<WarningJson> {
        self.kept().clone()
    }

    /// Shows a fault in a crate's files that does not keep the command from its work: its place, and
    /// `text`.
    pub(crate) fn fault(
        &self,
        shell: Shell,
        (verb, package): (&str, &str),
        fault: &Fault,
        text: impl Display,
    ) {
        let position = fault.position();
        shell.warning(
            verb,
            format_args!("{}:{position}: {text}", fault.path.display()),
        );
        let kind = &fault.finding.kind;
        let (code, message) = (kind.code(), kind.to_string());
        self.keep(package, (code, message), &fault.path, Some(position));
    }

    /// Shows what is to be known of a whole file, and does not keep the command from its work.
    pub(crate) fn file(
        &self,
        shell: Shell,
        (verb, package): (&str, &str),
        (code, path): (Code, &Path),
        text: impl Display,
    ) {
        shell.warning(verb, format_args!("{}: [{code}] {text}", path.display()));
        self.keep(package, (code, text.to_string()), path, None);
    }

    /// Keeps a warning about a place in a file, or about all of it.
    fn keep(
        &self,
        package: &str,
        (code, message): (Code, String),
        path: &Path,
        position: Option<Position>,
    ) {
        let warning = WarningJson {
            package: package.to_owned(),
            severity: Severity::Warning.to_string(),
            code: Some(code.to_string()),
            message,
            file: Some(path.display().to_string()),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            revision: None,
            statement: None,
            database_code: None,
        };
        self.kept().push(warning);
    }

    /// Keeps what a server has said about a statement, or at a commit.
    pub(super) fn notice(&self, package: &str, notice: &Notice, origin: Option<&NoticeOrigin>) {
        let warning = WarningJson {
            package: package.to_owned(),
            severity: notice.severity.to_string(),
            code: None,
            message: notice.to_string(),
            file: origin.map(|origin| origin.path.display().to_string()),
            line: origin.map(|origin| origin.position.line),
            column: origin.map(|origin| origin.position.column),
            revision: origin
                .and_then(|origin| origin.revision.as_ref())
                .map(ToString::to_string),
            statement: origin.map(|origin| origin.summary.clone()),
            database_code: notice.code.clone(),
        };
        self.kept().push(warning);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<WarningJson>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
