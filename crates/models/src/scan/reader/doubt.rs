//! What makes it uncertain whether a struct exists.

use std::path::PathBuf;

use proc_macro2::{Ident, Span};

use crate::scan::attributes::Decided;
use crate::scan::fault::Fault;
use crate::scan::members::undecided;
use crate::scan::module_files::Here;

/// Something around what is read that makes it uncertain.
#[derive(Clone)]
pub(super) struct Doubt {
    pub(super) file: PathBuf,
    pub(super) span: Span,
    pub(super) cause: Cause,
}

#[derive(Clone, Copy)]
pub(super) enum Cause {
    /// A condition that cannot be decided.
    Condition,
    /// A macro or a function.
    Tokens,
}

impl Doubt {
    /// Returns the condition of an item, if it has one that cannot be decided.
    pub(super) fn of(decided: &Decided, here: &Here) -> Option<Self> {
        decided.undecided.map(|span| Self {
            file: here.file.clone(),
            span,
            cause: Cause::Condition,
        })
    }

    /// Returns the fault of a struct that may not be there.
    pub(super) fn fault(&self, name: &Ident) -> Fault {
        match self.cause {
            Cause::Condition => {
                let text = format!(
                    "whether `{name}` exists depends on a condition that cannot be decided"
                );
                undecided(&self.file, self.span, text)
            }
            Cause::Tokens => {
                let text = format!(
                    "whether `{name}` exists depends on a macro or function that cannot be read"
                );
                Fault::new(&self.file, self.span, text)
                    .with_help("declare the module outside of it, or state the table in SQL")
            }
        }
    }
}
