//! Who applies revisions, for the log.

/// Who applies revisions, as the log records it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The user of the machine; a server records its own user instead.
    pub user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The program.
    pub application: Option<String>,
}
