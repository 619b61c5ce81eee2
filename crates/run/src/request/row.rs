//! The rows of a database's answer.

use std::str::FromStr;

use crate::database_error::{DatabaseError, DatabaseErrorKind};

/// A row that a query returned: its cells as text, NULL as `None`.
///
/// ```
/// use alembic_run::Row;
///
/// let row = Row::new(vec![Some("7".to_owned()), None]);
/// assert_eq!(row.number::<u64>(0).unwrap(), 7);
/// assert_eq!(row.cell(1), None);
/// assert!(row.text(1).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(Vec<Option<String>>);

impl Row {
    /// Creates a row of cells; values of other types are given as text.
    #[must_use]
    pub fn new(cells: Vec<Option<String>>) -> Self {
        Self(cells)
    }

    /// Returns a cell, counted from 0; `None` if it is NULL or missing.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// Returns a cell that holds text.
    ///
    /// # Errors
    ///
    /// When the cell is NULL or missing.
    pub fn text(&self, column: usize) -> Result<&str, DatabaseError> {
        self.cell(column)
            .ok_or_else(|| unexpected_cell(column, "nothing"))
    }

    /// Returns a cell that holds a number.
    ///
    /// # Errors
    ///
    /// When the cell does not hold one.
    pub fn number<N: FromStr>(&self, column: usize) -> Result<N, DatabaseError> {
        let text = self.text(column)?;
        text.parse().map_err(|_| unexpected_cell(column, text))
    }

    /// Returns whether a cell is true: `t`, `true` or `1`.
    #[must_use]
    pub fn is_true(&self, column: usize) -> bool {
        matches!(self.cell(column), Some("t" | "true" | "1"))
    }
}

impl From<Row> for Vec<Option<String>> {
    fn from(row: Row) -> Self {
        row.0
    }
}

/// Returns a time without the parts of a second.
pub(crate) fn whole_seconds(time: &str) -> String {
    time.chars().take(19).collect()
}

fn unexpected_cell(column: usize, found: &str) -> DatabaseError {
    let column = column + 1;
    let source = format!("the answer holds an unexpected {found:?} in column {column}");
    DatabaseError::new(DatabaseErrorKind::Other, source)
}
