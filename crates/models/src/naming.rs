//! What tables, constraints and indexes are called that are given no name.

use crate::fault::ModelFault;
use crate::model::{Naming, Text};

/// How many bytes of a name PostgreSQL keeps.
pub(crate) const LONGEST_NAME: usize = 63;

/// The placeholders of a template.
#[cfg(feature = "source")]
pub(crate) const PLACEHOLDERS: [&str; 4] = ["{table}", "{column}", "{columns}", "{referenced}"];

/// Returns the name of a struct's table: its own in snake case, each capital after a small letter
/// or before one beginning a word.
///
/// ```
/// use alembic_models::table_name;
///
/// assert_eq!(table_name("UserPreference"), "user_preference");
/// assert_eq!(table_name("HTTPRequest2"), "http_request2");
/// ```
#[must_use]
pub fn table_name(name: &str) -> String {
    let name: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in name.iter().enumerate() {
        let follows_small = index > 0 && !name[index - 1].is_uppercase() && name[index - 1] != '_';
        let precedes_small = index > 0
            && name[index - 1] != '_'
            && name.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (follows_small || precedes_small) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// What is given a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    PrimaryKey,
    Unique,
    Check,
    ForeignKey,
}

/// The names that belong to a table.
pub(crate) struct Names<'k> {
    pub(crate) table: &'k str,
    pub(crate) naming: &'k Naming,
}

impl Names<'_> {
    /// Returns what a constraint is called, unless the engine names it.
    pub(crate) fn constraint(
        &self,
        kind: NameKind,
        columns: &[&str],
        referenced: &str,
    ) -> Result<Option<Text>, ModelFault> {
        let template = match kind {
            NameKind::PrimaryKey => &self.naming.primary_key,
            NameKind::Unique => &self.naming.unique,
            NameKind::Check => &self.naming.check,
            NameKind::ForeignKey => &self.naming.foreign_key,
        };
        let template = template.as_deref();
        let name = template.map(|template| self.fill(template, columns, referenced));
        name.transpose()
    }

    /// Returns what an index is called.
    pub(crate) fn index(&self, columns: &[&str]) -> Result<Text, ModelFault> {
        self.fill(&self.naming.index, columns, "")
    }

    fn fill(&self, template: &str, columns: &[&str], referenced: &str) -> Result<Text, ModelFault> {
        if columns.is_empty() && template.contains("{column") {
            return Err(
                ModelFault::new("a check of the whole table is not named by its column")
                    .with_help("give it a `name`"),
            );
        }
        let mut name = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            name.push_str(before);
            let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
            match placeholder {
                "table" => name.push_str(self.table),
                "column" => name.push_str(columns[0]),
                "columns" => name.push_str(&columns.join("_")),
                _ => name.push_str(referenced),
            }
            rest = after;
        }
        name.push_str(rest);
        if name.len() > LONGEST_NAME {
            let text = format!("the name `{name}` is longer than {LONGEST_NAME} bytes");
            return Err(ModelFault::new(text).with_help("give a shorter `name`"));
        }
        Ok(name.into())
    }
}
