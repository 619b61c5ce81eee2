//! Texts of SQL that are split once.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::newer::find;
use crate::split::split_part;
use crate::{ByDialect, Dialect, FileStatement, NewerSql, Span, Split, SqliteVersion};

/// A text of SQL, or a part of a file's text, that is split once for each dialect, when its
/// statements are first read; clones share the result.
///
/// # Examples
///
/// ```
/// use alembic_sql::{Dialect, SqlText};
///
/// let schema = SqlText::new("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER);");
/// assert!(schema.split(Dialect::Sqlite).errors.is_empty());
/// let tables: Vec<&str> = schema
///     .statements(Dialect::Sqlite)
///     .filter_map(|statement| Some(statement.statement.kind.created_table()?.kept()))
///     .collect();
/// assert_eq!(tables, ["a", "b"]);
/// ```
#[derive(Clone)]
pub struct SqlText(Arc<Part>);

/// A part of a file, with its shared split.
struct Part {
    file: Arc<str>,
    span: Span,
    splits: ByDialect<OnceLock<Split>>,
}

impl SqlText {
    /// Creates a text from a whole file.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let file = text.into();
        let span = Span::new(0, file.len());
        Self::within(file, span)
    }

    /// Creates a text from the part of a file at `span`; the spans of its statements and errors
    /// count from the start of the file.
    #[must_use]
    pub fn within(file: Arc<str>, span: Span) -> Self {
        Self(Arc::new(Part {
            file,
            span,
            splits: ByDialect::default(),
        }))
    }

    /// Returns the text, without the rest of the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.span.text(&self.0.file)
    }

    /// Returns the split of the text.
    pub fn split(&self, dialect: Dialect) -> &Split {
        let Part { file, span, splits } = &*self.0;
        splits[dialect].get_or_init(|| split_part(file, *span, dialect))
    }

    /// Returns the statements of the text.
    pub fn statements(
        &self,
        dialect: Dialect,
    ) -> impl ExactSizeIterator<Item = FileStatement<'_>> + DoubleEndedIterator + Clone {
        let statements = self.split(dialect).statements.iter();
        statements.map(|statement| FileStatement {
            sql: statement.span.text(&self.0.file),
            statement,
        })
    }

    /// Returns what SQLite `version` does not understand yet in the statements of the text, if
    /// `dialect` is its own: of other dialects, no version is asked for.
    #[must_use]
    pub fn newer_sql(&self, dialect: Dialect, version: SqliteVersion) -> Vec<NewerSql> {
        let statements = self.split(dialect).statements.iter();
        statements
            .flat_map(|statement| find(&self.0.file, statement, dialect, version))
            .collect()
    }
}

impl<T: Into<Arc<str>>> From<T> for SqlText {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl PartialEq for SqlText {
    fn eq(&self, other: &Self) -> bool {
        self.0.span == other.0.span && self.as_str() == other.as_str()
    }
}

impl Eq for SqlText {}

impl fmt::Debug for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqlText").field(&self.as_str()).finish()
    }
}
