//! What the explanation of an error depends on, besides the error itself.

/// What a database is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Does this object exist, and does the version table name no revision?
    IsUntracked {
        /// The object's name, where the error does not say that it exists.
        object: Option<String>,
    },
    /// What may the user do in a schema?
    SchemaPrivileges {
        /// The schema; none for the connection's default.
        schema: Option<String>,
        /// The table there that the run was about to write, where it was one of its own.
        table: Option<String>,
    },
}

/// What a database answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing that a hint depends on.
    #[default]
    Nothing,
    /// The object exists, and the version table names no revision.
    Untracked,
    /// What the user may do in a schema.
    SchemaPrivileges(SchemaPrivileges),
}

/// What a user may do in a schema of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaPrivileges {
    /// The schema.
    pub(crate) schema: String,
    /// Whether the user may use what is in it.
    pub(crate) usage: bool,
    /// Whether the user may create objects in it.
    pub(crate) create: bool,
    /// Whether the table that was asked about exists.
    pub(crate) has_table: bool,
}
