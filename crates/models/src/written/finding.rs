//! What is wrong with a struct or its attributes.

use proc_macro2::Span;

/// Something that is wrong with a struct, and where.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where it is.
    pub span: Span,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Everything that is wrong, in the order in which it was found.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, span: Span, text: impl Into<String>) {
        self.push(span, text.into(), None);
    }

    pub(crate) fn add_with_help(
        &mut self,
        span: Span,
        text: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(span, text.into(), Some(help.into()));
    }

    fn push(&mut self, span: Span, text: String, help: Option<String>) {
        self.0.push(Finding { span, text, help });
    }

    /// Adds the errors of the parser.
    pub(crate) fn add_syntax(&mut self, error: syn::Error) {
        for error in error {
            self.add(error.span(), error.to_string());
        }
    }

    /// Returns a value, if nothing is wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Vec<Finding>> {
        match self.0.is_empty() {
            true => Ok(value),
            false => Err(self.0),
        }
    }
}
