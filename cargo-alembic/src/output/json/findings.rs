//! What is wrong, and what a command warns of.

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Call, Diagnostic};

/// One thing that is wrong.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Error"))]
pub(super) struct ErrorJson {
    /// The crate; absent if it is about no one crate.
    #[serde(rename = "crate", skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    /// The code of this kind of error, as in docs/diagnostics.md; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What is wrong.
    message: String,
    /// The file that is at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// The revision whose statement failed, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    /// The number of the statement among those of its revision in this direction, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    statement_number: Option<usize>,
    /// The statement, in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
    /// The database's own code, if it gave one: a SQLSTATE such as `42501` on PostgreSQL, the
    /// extended result code as a decimal number on SQLite.
    #[serde(skip_serializing_if = "Option::is_none")]
    database_code: Option<String>,
    /// The state that the database is in; absent if nothing was begun there.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// What else there is to know.
    notes: Vec<String>,
    /// What can be done next.
    help: Vec<String>,
}

impl ErrorJson {
    /// Returns what is wrong, once for each crate that it is about.
    pub(super) fn of(diagnostic: &Diagnostic, call: &Call) -> Vec<Self> {
        match diagnostic.packages() {
            [] => vec![Self::new(diagnostic, None, call)],
            packages => {
                let packages = packages.iter();
                let new = |package: &String| Self::new(diagnostic, Some(package.clone()), call);
                packages.map(new).collect()
            }
        }
    }

    fn new(diagnostic: &Diagnostic, package: Option<String>, call: &Call) -> Self {
        let place = diagnostic.place();
        let location = diagnostic.cause.location();
        Self {
            package,
            code: diagnostic.code.map(|code| code.to_string()),
            message: diagnostic.title.clone(),
            file: place.map(|(path, _)| path.to_owned()),
            line: place.map(|(_, position)| position.line),
            column: place.map(|(_, position)| position.column),
            revision: location.map(|location| location.revision.to_string()),
            statement_number: location.map(|location| location.statement),
            statement: location.map(|location| location.summary.clone()),
            database_code: diagnostic.cause.database_code(),
            state: diagnostic.database_state(),
            notes: diagnostic.notes(),
            help: diagnostic.help_for(call),
        }
    }
}

/// One thing that a command warns of, or that a server has said.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Warning"))]
pub(crate) struct WarningJson {
    /// The crate.
    #[serde(rename = "crate")]
    pub(crate) package: String,
    /// `warning`, or of what a server says, `notice` or `info`.
    pub(crate) severity: String,
    /// The code of this kind of warning, as in docs/diagnostics.md; absent if a server says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The text.
    pub(crate) message: String,
    /// The file that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// The line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<usize>,
    /// The revision whose statement a server has said it of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<String>,
    /// That statement, in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) statement: Option<String>,
    /// The server's own code, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database_code: Option<String>,
}
