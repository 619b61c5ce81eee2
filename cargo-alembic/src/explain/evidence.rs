//! The facts that the explanation of an error depends on, besides the error itself.

/// A question for a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Does this object exist, while the version table names no revision, or after a stamp said that
    /// the revision that creates it is not applied?
    ExistsAlready {
        /// The object's name, if the error does not imply that it exists.
        object: Option<String>,
        /// The revision that would create it.
        revision: String,
    },
    /// What is the user allowed to do in a schema?
    SchemaPrivileges {
        /// The schema; `None` for the connection's default.
        schema: Option<String>,
        /// The run's own table there that it was about to write, if any.
        table: Option<String>,
    },
}

/// A database's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing that a hint depends on.
    #[default]
    Nothing,
    /// The object exists, and the version table names no revision.
    Untracked,
    /// The object exists, and the version table was stamped below the revision that creates it.
    StampedBelow {
        /// When, in UTC.
        since: String,
    },
    /// What the user is allowed to do in a schema.
    SchemaPrivileges(SchemaPrivileges),
}

/// The privileges of a user in a schema of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaPrivileges {
    /// The schema.
    pub(crate) schema: String,
    /// Whether the user has `USAGE`.
    pub(crate) usage: bool,
    /// Whether the user has `CREATE`.
    pub(crate) create: bool,
    /// Whether the table that was asked about exists.
    pub(crate) has_table: bool,
}
