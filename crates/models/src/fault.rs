//! What is wrong with a model that consists of several structs.

use std::error::Error;
use std::fmt;

/// What is wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFault {
    /// The field that it is about.
    pub field: Option<String>,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ModelFault {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            field: None,
            text: text.into(),
            help: None,
        }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn at(mut self, field: &str) -> Self {
        self.field.get_or_insert_with(|| field.to_owned());
        self
    }
}

/// The error of writing tables as SQL: a table, and what is wrong with its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    /// The schema of the table.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// Everything that is wrong with it.
    pub faults: Vec<ModelFault>,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "table `{schema}.{}`", self.table)?,
            None => write!(f, "table `{}`", self.table)?,
        }
        for (index, fault) in self.faults.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            if let Some(field) = &fault.field {
                write!(f, "field `{field}`: ")?;
            }
            f.write_str(&fault.text)?;
        }
        Ok(())
    }
}

impl Error for ModelError {}
