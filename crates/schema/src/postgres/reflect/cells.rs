//! Reads the cells of a row, from the left.

use crate::answers::ReflectError;

/// The cells of a row that are left to read.
#[derive(Clone)]
pub(super) struct Cells<'a> {
    query: &'static str,
    cells: std::slice::Iter<'a, Option<String>>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(query: &'static str, row: &'a [Option<String>]) -> Self {
        Self {
            query,
            cells: row.iter(),
        }
    }

    /// Returns a cell further on that may be NULL.
    pub(super) fn peek(&self, at: usize) -> Option<&'a str> {
        self.cells.as_slice().get(at)?.as_deref()
    }

    /// Returns a cell that may be NULL.
    pub(super) fn optional(&mut self) -> Result<Option<&'a str>, ReflectError> {
        let cell = self.cells.next();
        cell.map(Option::as_deref)
            .ok_or_else(|| self.error("a row is too short"))
    }

    /// Returns a cell that is not NULL.
    pub(super) fn text(&mut self) -> Result<&'a str, ReflectError> {
        let cell = self.optional()?;
        cell.ok_or_else(|| self.error("NULL where a value is expected"))
    }

    /// Returns a cell that may be NULL, as a text of its own.
    pub(super) fn owned(&mut self) -> Result<Option<String>, ReflectError> {
        Ok(self.optional()?.map(str::to_owned))
    }

    /// Returns whether a cell is true.
    pub(super) fn flag(&mut self) -> Result<bool, ReflectError> {
        match self.text()? {
            "t" | "true" => Ok(true),
            "f" | "false" => Ok(false),
            other => Err(self.error(format!("{other} where true or false is expected"))),
        }
    }

    /// Returns the lines of a cell that may be NULL.
    pub(super) fn lines(&mut self) -> Result<Vec<String>, ReflectError> {
        let lines = self.optional()?.unwrap_or_default().lines();
        Ok(lines.map(str::to_owned).collect())
    }

    /// Returns an error about the query.
    pub(super) fn error(&self, what: impl Into<String>) -> ReflectError {
        ReflectError {
            query: self.query,
            what: what.into(),
        }
    }
}
