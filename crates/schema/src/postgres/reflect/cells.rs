//! Reads the cells of a row, from the left.

use std::str::FromStr;

use super::place::{Catalog, Place};
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

    /// Returns a cell that is a number.
    pub(super) fn number<N: FromStr>(&mut self) -> Result<N, ReflectError> {
        let text = self.text()?;
        self.parsed(text)
    }

    /// Returns a cell that is a number or NULL.
    pub(super) fn optional_number<N: FromStr>(&mut self) -> Result<Option<N>, ReflectError> {
        let text = self.optional()?;
        text.map(|text| self.parsed(text)).transpose()
    }

    /// Returns the row of the catalog that the next cells name, and the number of a column of it.
    pub(super) fn place(&mut self) -> Result<Place, ReflectError> {
        Ok(Place::of_column(
            self.catalog()?,
            self.number()?,
            self.number()?,
        ))
    }

    /// Returns a cell that is the number of a table of the catalog.
    pub(super) fn catalog(&mut self) -> Result<Catalog, ReflectError> {
        Ok(Catalog(self.number()?))
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

    /// Returns the number that a text of the row is.
    pub(super) fn parsed<N: FromStr>(&self, text: &str) -> Result<N, ReflectError> {
        let number = text.parse();
        number.map_err(|_| self.error(format!("{text} where a number is expected")))
    }

    /// Returns an error about the query.
    pub(super) fn error(&self, what: impl Into<String>) -> ReflectError {
        ReflectError {
            query: self.query,
            what: what.into(),
        }
    }
}
