//! Where a revision was imported from, as a line of its header.
//!
//! The line stays with the revision, so that any database can be taken over later: without the folder
//! of the other tool, and after a revision has got another name.

use std::fmt;

use crate::{Checksum, Key, Tool};

/// Where a revision was imported from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The tool.
    pub tool: Tool,
    /// What the tool calls the migration in its table.
    pub key: Key,
    /// The checksum that the tool records, if it records any.
    pub checksum: Option<Checksum>,
    /// The file, below the folder of the tool.
    pub file: String,
}

const START: &str = "Imported from ";
const CHECKSUM: &str = ", checksum ";
const FILE: &str = ", file ";

impl Origin {
    /// Reads the line in the text of a header that says where the revision was imported from.
    #[must_use]
    pub fn find(doc: &str) -> Option<Self> {
        doc.lines().find_map(Self::parse)
    }

    fn parse(line: &str) -> Option<Self> {
        let (tool, rest) = line.trim().strip_prefix(START)?.split_once(' ')?;
        let tool = tool.parse().ok()?;
        // A version has neither blanks nor commas; a file may have both.
        let (kind, rest) = rest.split_once(' ')?;
        let (rest, file) = rest.split_once(FILE)?;
        let (name, checksum) = match rest.split_once(CHECKSUM) {
            Some((name, checksum)) => (name, Some(Checksum::parse(checksum))),
            None => (rest, None),
        };
        let key = match kind {
            "version" => Key::Version(name.to_owned()),
            "repeatable" => Key::Repeatable(name.to_owned()),
            "table" => Key::Table(name.to_owned()),
            _ => return None,
        };
        Some(Self {
            tool,
            key,
            checksum,
            file: file.to_owned(),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{START}{} {}", self.tool.name(), self.key)?;
        if let Some(checksum) = &self.checksum {
            write!(f, "{CHECKSUM}{checksum}")?;
        }
        write!(f, "{FILE}{}", self.file)
    }
}
