//! The findings in revision files, each with a stable code.

use std::fmt;
use std::sync::Arc;

use crate::id::join;
use crate::{Chain, Code, GraphErrorKind, InvalidName, LockFinding, RevisionId, Span};
use alembic_sql::{NewerSql, SplitErrorKind};

/// Something wrong in a revision file, with its span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The span in the file.
    pub span: Span,
    /// The kind of the finding.
    pub kind: FindingKind,
}

impl Finding {
    pub(crate) const fn new(span: Span, kind: FindingKind) -> Self {
        Self { span, kind }
    }
}

/// The kinds of findings in a revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The file cannot be read; carries the reason.
    Unreadable(String),
    /// The file is not UTF-8 text.
    NotUtf8,
    /// The file is a revision of Python's Alembic, in a folder without revision files.
    PythonRevision,
    /// The file is empty.
    EmptyFile,
    /// The file holds a merge conflict of git.
    MergeConflict,
    /// The header lacks a key.
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// The header has a key twice.
    DuplicateKey {
        /// The key.
        key: &'static str,
        /// Its first span.
        first: Span,
    },
    /// A key that resembles one of the header's keys.
    UnknownKey {
        /// The key.
        key: String,
        /// The key that was probably meant.
        meant: Option<&'static str>,
    },
    /// A key of the header below the blank line that ends it.
    KeyOutsideHeader {
        /// The key.
        key: &'static str,
    },
    /// A text that cannot be a revision id.
    InvalidId {
        /// The text.
        name: String,
        /// The reason.
        why: InvalidName,
    },
    /// A text that cannot be a branch label.
    InvalidLabel {
        /// The text.
        name: String,
        /// The reason.
        why: InvalidName,
    },
    /// SQL before the first section.
    OutsideSection,
    /// The file has no upgrade section.
    NoUpgrade,
    /// A line that is nearly a section heading.
    MisspeltHeading,
    /// A heading that does not name a section.
    UnknownSection {
        /// The word in its place.
        section: String,
        /// The word that was probably meant.
        meant: Option<&'static str>,
    },
    /// A word in a heading that is neither a dialect nor a flag, or is in the wrong place.
    UnknownFlag {
        /// The word.
        flag: String,
        /// The word that was probably meant.
        meant: Option<&'static str>,
    },
    /// An upgrade section without statements, with nothing to say that this is on purpose.
    EmptyUpgrade,
    /// A section outside of transactions without statements.
    EmptyOutside,
    /// SQL below `empty`.
    SqlInEmpty,
    /// `irreversible:` on an upgrade.
    IrreversibleUpgrade,
    /// `irreversible:` without a reason.
    NoReason,
    /// SQL below `irreversible:`.
    SqlInIrreversible,
    /// SQL that cannot be split into statements.
    Sql(SplitErrorKind),
    /// A statement that would end the transaction of the run.
    TransactionControl {
        /// The statement, in short.
        statement: String,
    },
    /// SQL that only newer versions of SQLite than the oldest one that runs it understand.
    Newer(NewerSql),
    /// The revision does not fit into the history.
    Graph(GraphErrorKind),
    /// There are several heads where there must be one.
    MultipleHeads {
        /// The heads.
        heads: Vec<RevisionId>,
        /// The crate.
        package: String,
        /// The shape that the history must have.
        chain: Chain,
    },
    /// There are several bases where the history must be linear.
    MultipleBases {
        /// The bases.
        bases: Vec<RevisionId>,
    },
    /// The history branches where it must be linear.
    Branch {
        /// The branch point.
        id: RevisionId,
        /// The revisions that follow it.
        into: Vec<RevisionId>,
    },
    /// The lock file is missing or wrong, or the files differ from it.
    Lock {
        /// The crate.
        package: Arc<str>,
        /// What is wrong.
        finding: LockFinding,
    },
}

/// The setting that allows what a linear chain does not.
const MERGED_CHAIN: &str =
    "allow branches that are merged with `chain = \"merged\"` under [package.metadata.alembic]";

/// The way to a linear chain.
const MOVE_REVISIONS: &str = "or put your own revisions on top of the others with `cargo alembic \
                              rebase`";

/// The ways to one head: what stands before, between and after the commands `rebase` and `merge`.
/// Each says what it means for databases, because the version table only records the last revision.
pub struct WaysToOneHead;

impl WaysToOneHead {
    /// Precedes `rebase`.
    pub const REBASE: &str = "put your own revisions on top of the others with ";
    /// Follows `rebase`, and precedes `merge`.
    pub const MERGE: &str = ", which takes the database at hand down through them and up again; other \
                             databases that have applied them must go down before; or merge them with ";

    /// Follows `merge`.
    #[must_use]
    pub fn after_merge(chain: Chain) -> String {
        let databases = ": a database that has applied one of them then applies the other";
        match chain {
            Chain::Linear => format!("{databases}; for that, {MERGED_CHAIN}"),
            Chain::Merged => databases.to_owned(),
        }
    }
}

impl FindingKind {
    /// Returns the code that names this kind of finding in output and documentation.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unreadable(_) => Code::UnreadableFile,
            Self::NotUtf8 => Code::NotUtf8,
            Self::PythonRevision => Code::PythonRevision,
            Self::EmptyFile => Code::EmptyFile,
            Self::MergeConflict => Code::MergeConflict,
            Self::MissingKey { .. } => Code::MissingKey,
            Self::DuplicateKey { .. } => Code::DuplicateKey,
            Self::UnknownKey { .. } => Code::UnknownKey,
            Self::KeyOutsideHeader { .. } => Code::KeyOutsideHeader,
            Self::InvalidId { .. } => Code::InvalidId,
            Self::InvalidLabel { .. } => Code::InvalidLabel,
            Self::OutsideSection => Code::OutsideSection,
            Self::NoUpgrade => Code::NoUpgrade,
            Self::MisspeltHeading => Code::MisspeltHeading,
            Self::UnknownSection { .. } => Code::UnknownSection,
            Self::UnknownFlag { .. } => Code::UnknownFlag,
            Self::EmptyUpgrade => Code::EmptyUpgrade,
            Self::EmptyOutside => Code::EmptyOutside,
            Self::SqlInEmpty => Code::SqlInEmpty,
            Self::IrreversibleUpgrade => Code::IrreversibleUpgrade,
            Self::NoReason => Code::NoReason,
            Self::SqlInIrreversible => Code::SqlInIrreversible,
            Self::Sql(_) => Code::UnsplittableSql,
            Self::TransactionControl { .. } => Code::TransactionControl,
            Self::Newer(_) => Code::NewerSqlite,
            Self::Graph(kind) => match kind {
                GraphErrorKind::DuplicateId { .. } => Code::DuplicateId,
                GraphErrorKind::MissingParent { .. } => Code::MissingParent,
                GraphErrorKind::MissingDependency { .. } => Code::MissingDependency,
                GraphErrorKind::DuplicateLabel { .. } => Code::DuplicateLabel,
                GraphErrorKind::SelfLoop { .. } => Code::SelfLoop,
                GraphErrorKind::DependencySelfLoop { .. } => Code::DependencySelfLoop,
                GraphErrorKind::Cycle { .. } => Code::Cycle,
                GraphErrorKind::DependencyCycle { .. } => Code::DependencyCycle,
            },
            Self::MultipleHeads { .. } => Code::MultipleHeads,
            Self::MultipleBases { .. } => Code::MultipleBases,
            Self::Branch { .. } => Code::Branch,
            Self::Lock { finding, .. } => finding.code(),
        }
    }

    /// Returns how to correct it.
    #[must_use]
    pub fn help(&self) -> String {
        let meant = |meant: &Option<&str>, otherwise: &str| match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => otherwise.to_owned(),
        };
        match self {
            Self::Unreadable(_) => "make the file readable, or move it out of the folder".into(),
            Self::NotUtf8 => "save the file as UTF-8".into(),
            Self::PythonRevision => {
                "write each of them as a `.sql` file with the same `Revision ID` and `Revises` in its \
                 header and its SQL below; docs/alembic.md has an example"
                    .into()
            }
            Self::EmptyFile => {
                "delete the file, or write the revision with `cargo alembic revision`".into()
            }
            Self::MergeConflict => {
                "keep one of the two sides, and delete the lines that begin with `<<<<<<<`, `|||||||`, \
                 `=======` and `>>>>>>>`; two different revisions are two files"
                    .into()
            }
            Self::MissingKey { key } => match *key {
                "Revises" => "add `-- Revises: <id>`, or `-- Revises:` for a first revision".into(),
                key => format!("add a line `-- {key}: ...` to the comment at the top of the file"),
            },
            Self::DuplicateKey { .. } => "keep one; several values are separated by commas".into(),
            Self::UnknownKey { meant: key, .. } => meant(key, "remove the line"),
            Self::KeyOutsideHeader { .. } => {
                "move the line up into the comment at the top of the file".into()
            }
            Self::InvalidId { .. } | Self::InvalidLabel { .. } => {
                "use none of @ + - : , quotes, white space and invisible characters".into()
            }
            Self::OutsideSection => {
                "put the SQL below a line `-- alembic: upgrade` or `-- alembic: downgrade`".into()
            }
            Self::NoUpgrade => "add a line `-- alembic: upgrade`, with the SQL below it".into(),
            Self::MisspeltHeading => {
                "begin the line with `-- alembic: upgrade` or `-- alembic: downgrade`".into()
            }
            Self::UnknownSection { meant: section, .. } => {
                meant(section, "sections are `upgrade` and `downgrade`")
            }
            Self::UnknownFlag { meant: flag, .. } => meant(
                flag,
                "write `upgrade|downgrade [sqlite|postgres] [no-transaction | empty]`, or \
                 `downgrade [sqlite|postgres] irreversible: REASON`",
            ),
            Self::EmptyUpgrade => {
                "write the SQL below the heading: what is added after the revision is applied never \
                 runs there; if it is meant to do nothing, add `empty` to the heading"
                    .into()
            }
            Self::EmptyOutside => {
                "remove the heading: a section that runs outside of transactions commits what \
                 precedes it, but only to run its own statements"
                    .into()
            }
            Self::SqlInEmpty => {
                "remove the SQL, or the word `empty` from the heading".into()
            }
            Self::IrreversibleUpgrade => {
                "write `-- alembic: downgrade irreversible: REASON` below the upgrade".into()
            }
            Self::NoReason => "say why after `irreversible:`".into(),
            Self::SqlInIrreversible => {
                "remove the SQL, or the word `irreversible:` from the heading".into()
            }
            Self::Sql(kind) => match kind {
                SplitErrorKind::CopyFromStdin => "write the rows as INSERT statements".into(),
                SplitErrorKind::ClientCommand => {
                    "commands of a database client are not SQL; replace them with SQL".into()
                }
                _ => "close it where it should end; a section ends at the next `-- alembic:` line"
                    .into(),
            },
            Self::TransactionControl { .. } => {
                "remove it: a run is one transaction, or one per revision on request".into()
            }
            Self::Newer(newer) => format!(
                "write it in another way, or declare `sqlite-version = \"{}\"` under \
                 [package.metadata.alembic] if no older SQLite runs it",
                newer.since
            ),
            Self::MultipleHeads {
                heads,
                package,
                chain,
            } => format!(
                "{}`cargo alembic rebase -p {package}`{}`cargo alembic merge -p {package} {}`{}",
                WaysToOneHead::REBASE,
                WaysToOneHead::MERGE,
                join(heads, " "),
                WaysToOneHead::after_merge(*chain)
            ),
            Self::MultipleBases { .. } => format!("{MERGED_CHAIN}; {MOVE_REVISIONS}"),
            Self::Branch { into, .. } => format!(
                "{MERGED_CHAIN}, and merge {}; {MOVE_REVISIONS}",
                join(into, " and ")
            ),
            Self::Lock { package, finding } => {
                let (before, after) = finding.help();
                format!("{before}`cargo alembic lock -p {package}`{after}")
            }
            Self::Graph(kind) => match kind {
                GraphErrorKind::DuplicateId { .. } => {
                    "give one of the two a new id, and use it in the `Revises` of its followers"
                        .into()
                }
                GraphErrorKind::MissingParent { .. } => {
                    "restore the file that declares it, or correct `Revises`".into()
                }
                GraphErrorKind::MissingDependency { .. } => {
                    "restore the file that declares it, or correct `Depends On`".into()
                }
                GraphErrorKind::DuplicateLabel { .. } => "choose another label".into(),
                GraphErrorKind::SelfLoop { .. } | GraphErrorKind::Cycle { .. } => {
                    "correct `Revises` in one of them".into()
                }
                GraphErrorKind::DependencySelfLoop { .. }
                | GraphErrorKind::DependencyCycle { .. } => {
                    "correct `Depends On` in one of them".into()
                }
            },
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot read the file: {why}"),
            Self::NotUtf8 => f.write_str("the file is not UTF-8"),
            Self::PythonRevision => f.write_str(
                "the folder holds revisions of Python's Alembic, and none in `.sql` files",
            ),
            Self::EmptyFile => f.write_str("the file is empty"),
            Self::MergeConflict => f.write_str("unresolved merge conflict"),
            Self::MissingKey { key } => write!(f, "the header has no `{key}`"),
            Self::DuplicateKey { key, .. } => write!(f, "the header has `{key}` twice"),
            Self::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Self::KeyOutsideHeader { key } => {
                write!(f, "the key `{key}` is outside the header")
            }
            Self::InvalidId { name, why } => {
                write!(f, "invalid revision id '{}': {why}", name.escape_debug())
            }
            Self::InvalidLabel { name, why } => {
                write!(f, "invalid branch label '{}': {why}", name.escape_debug())
            }
            Self::OutsideSection => f.write_str("SQL before the first section"),
            Self::NoUpgrade => f.write_str("no upgrade section"),
            Self::MisspeltHeading => f.write_str("misspelt section heading"),
            Self::UnknownSection { section, .. } if section.is_empty() => {
                f.write_str("the heading names no section")
            }
            Self::UnknownSection { section, .. } => write!(f, "unknown section `{section}`"),
            Self::UnknownFlag { flag, .. } => write!(f, "unknown flag `{flag}`"),
            Self::EmptyUpgrade => f.write_str("the upgrade section has no statements"),
            Self::EmptyOutside => f.write_str("the `no-transaction` section has no statements"),
            Self::SqlInEmpty => f.write_str("SQL in a section that declares itself empty"),
            Self::IrreversibleUpgrade => f.write_str("an upgrade cannot be irreversible"),
            Self::NoReason => f.write_str("`irreversible:` gives no reason"),
            Self::SqlInIrreversible => {
                f.write_str("SQL in a section that declares the downgrade irreversible")
            }
            Self::Sql(kind) => kind.fmt(f),
            Self::TransactionControl { statement } => {
                write!(f, "`{statement}` would end the transaction of the run")
            }
            Self::Newer(newer) => newer.fmt(f),
            Self::Graph(kind) => kind.fmt(f),
            Self::MultipleHeads { heads, .. } => write!(f, "multiple heads: {}", join(heads, ", ")),
            Self::MultipleBases { bases } => write!(f, "multiple bases: {}", join(bases, ", ")),
            Self::Branch { id, into } => {
                write!(f, "the history branches at {id} into {}", join(into, ", "))
            }
            Self::Lock { finding, .. } => finding.fmt(f),
        }
    }
}
