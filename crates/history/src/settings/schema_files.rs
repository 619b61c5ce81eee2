//! The files that create a schema.

use super::Value;
use super::kind::{Kind, quoted, text};
use crate::Dialect;

/// The files of SQL that create a schema: one for every dialect, or one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaFiles {
    /// One file, for every dialect.
    Shared(String),
    /// A file for each of these dialects, in the order of the dialects.
    Each(Vec<(Dialect, String)>),
}

impl SchemaFiles {
    /// Returns the file of a dialect, relative to the crate.
    #[must_use]
    pub fn of(&self, dialect: Dialect) -> Option<&str> {
        match self {
            Self::Shared(file) => Some(file),
            Self::Each(files) => {
                let mut files = files.iter();
                let file = files.find(|(known, _)| *known == dialect);
                file.map(|(_, file)| file.as_str())
            }
        }
    }

    /// Returns each file once, in order, with those of the dialects that it is for.
    #[must_use]
    pub fn by_file(&self, dialects: &[Dialect]) -> Vec<(&str, Vec<Dialect>)> {
        let mut files: Vec<(&str, Vec<Dialect>)> = Vec::new();
        for dialect in dialects {
            let Some(file) = self.of(*dialect) else {
                continue;
            };
            match files.iter_mut().find(|(known, _)| *known == file) {
                Some((_, users)) => users.push(*dialect),
                None => files.push((file, vec![*dialect])),
            }
        }
        files
    }
}

impl Kind for SchemaFiles {
    fn read(value: &Value) -> Result<Self, String> {
        let Value::Table(entries) = value else {
            return text(value).map(Self::Shared);
        };
        if entries.is_empty() {
            return Err("it names no file".to_owned());
        }
        let mut files = Vec::new();
        for (name, value) in entries {
            let dialect: Dialect = name.parse().map_err(|error| format!("{error}"))?;
            let file = text(value).map_err(|why| format!("`{name}`: {why}"))?;
            if files.iter().any(|(known, _)| *known == dialect) {
                return Err(format!("it names two files for {dialect}"));
            }
            files.push((dialect, file));
        }
        files.sort();
        Ok(Self::Each(files))
    }

    #[inline]
    fn description() -> String {
        "a string, or a table such as `{ sqlite = \"a.sql\", postgres = \"b.sql\" }`".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        match self {
            Self::Shared(file) => quoted(file),
            Self::Each(files) => {
                let files = files.iter();
                let files = files.map(|(dialect, file)| format!("{dialect} = {}", quoted(file)));
                let files: Vec<String> = files.collect();
                format!("{{ {} }}", files.join(", "))
            }
        }
    }
}
