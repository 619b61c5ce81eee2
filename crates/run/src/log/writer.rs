//! Roles that could have written to the log.

use std::fmt;

use crate::request::Row;

/// A role, other than the user, that could have written to the log: what it wrote there would run as
/// the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogWriter {
    /// The owner of the table.
    Owner {
        /// The role.
        role: String,
    },
    /// A role that was granted the privilege.
    Grantee {
        /// What it was granted to, as it is written in SQL: the role, a role that it is a member of, or
        /// `PUBLIC`.
        grantee: String,
        /// The role.
        role: String,
    },
    /// A role that may write to every table.
    Any {
        /// The role.
        role: String,
    },
}

impl LogWriter {
    /// Reads a row of the database's answer.
    pub(crate) fn read(row: &Row) -> Option<Self> {
        let role = row.cell(2)?.to_owned();
        Some(match (row.is_true(0), row.cell(1)) {
            (true, _) => Self::Owner { role },
            (false, Some(grantee)) => Self::Grantee {
                grantee: grantee.to_owned(),
                role,
            },
            (false, None) => Self::Any { role },
        })
    }
}

impl fmt::Display for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner { role } => write!(f, "{role}, which owns it"),
            Self::Grantee { grantee, role } if grantee.trim_matches('"') == role => {
                f.write_str(role)
            }
            Self::Grantee { grantee, role } => {
                write!(f, "{role}, by the privileges of {grantee}")
            }
            Self::Any { role } => write!(f, "{role}, which may write to every table"),
        }
    }
}
