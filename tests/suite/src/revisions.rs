//! Histories for tests, each written in a line.

use alembic_migrate::history::{History, SourceFile};
use alembic_migrate::{Dialect, Migrations};

/// Reads revisions that follow each other, called `r1`, `r2` and so on, from their sections.
#[must_use]
pub fn chain<S: AsRef<str>>(dialect: Dialect, sections: &[S]) -> Migrations {
    let files = sections.iter().enumerate().map(|(index, sections)| {
        let below = if index > 0 {
            format!("r{index}")
        } else {
            String::new()
        };
        let sections = sections.as_ref();
        let id = index + 1;
        let text =
            format!("-- Number {id}\n-- Revision ID: r{id}\n-- Revises: {below}\n\n{sections}\n");
        file(&format!("r{id}.sql"), text)
    });
    Migrations::new(History::new(files, &[dialect]).unwrap())
}

/// Reads one revision, called `r1`, that only goes up.
#[must_use]
pub fn single(dialect: Dialect, statements: &str) -> Migrations {
    chain(dialect, &[format!("-- alembic: upgrade\n{statements}")])
}

/// Returns a revision file.
#[must_use]
pub fn file(path: &str, text: impl Into<Vec<u8>>) -> SourceFile {
    SourceFile {
        path: path.into(),
        content: Ok(text.into()),
    }
}
