//! Revision files as a test writes them.

use std::fmt;

/// The text of a revision file.
#[derive(Clone, Debug)]
pub struct RevisionText {
    pub(crate) id: String,
    revises: String,
    message: String,
    labels: String,
    depends_on: String,
    upgrade: String,
    downgrade: Option<String>,
}

/// Begins a revision file: a base without statements on purpose, and with nothing to revert.
#[must_use]
pub fn revision(id: &str) -> RevisionText {
    RevisionText {
        id: id.to_owned(),
        revises: String::new(),
        message: format!("Revision {id}"),
        labels: String::new(),
        depends_on: String::new(),
        upgrade: String::new(),
        downgrade: Some(String::new()),
    }
}

impl RevisionText {
    /// Sets what it follows: ids, separated by commas.
    #[must_use]
    pub fn revises(mut self, ids: &str) -> Self {
        self.revises = ids.to_owned();
        self
    }

    /// Sets the first paragraph of its header.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.message = message.to_owned();
        self
    }

    /// Sets its branch labels, separated by commas.
    #[must_use]
    pub fn labels(mut self, labels: &str) -> Self {
        self.labels = labels.to_owned();
        self
    }

    /// Sets what it depends on, separated by commas.
    #[must_use]
    pub fn depends_on(mut self, names: &str) -> Self {
        self.depends_on = names.to_owned();
        self
    }

    /// Sets its upgrade section.
    #[must_use]
    pub fn upgrade(mut self, sql: impl Into<String>) -> Self {
        self.upgrade = sql.into();
        self
    }

    /// Sets its downgrade section.
    #[must_use]
    pub fn downgrade(mut self, sql: impl Into<String>) -> Self {
        self.downgrade = Some(sql.into());
        self
    }

    /// Takes its downgrade section away.
    #[must_use]
    pub fn without_downgrade(mut self) -> Self {
        self.downgrade = None;
        self
    }
}

impl fmt::Display for RevisionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "-- {}\n--\n-- Revision ID: {}", self.message, self.id)?;
        writeln!(f, "{}", format!("-- Revises: {}", self.revises).trim_end())?;
        writeln!(f, "-- Create Date: 2025-01-28 10:00:00+00:00")?;
        for (key, value) in [
            ("Branch Labels", &self.labels),
            ("Depends On", &self.depends_on),
        ] {
            if !value.is_empty() {
                writeln!(f, "-- {key}: {value}")?;
            }
        }
        let heading = match self.upgrade.as_str() {
            "" => "upgrade empty",
            _ => "upgrade",
        };
        writeln!(f, "\n-- alembic: {heading}\n{}", self.upgrade)?;
        if let Some(downgrade) = &self.downgrade {
            writeln!(f, "\n-- alembic: downgrade\n{downgrade}")?;
        }
        Ok(())
    }
}
