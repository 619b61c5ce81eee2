//! The statement that is being read, and where it may end.

use crate::{Span, SplitError, SplitErrorKind, Token, TokenKind};

/// What is known about a statement whose end is not reached.
pub(super) struct OpenStatement<'a> {
    sql: &'a str,
    start: usize,
    last: Span,
    form: Form,
    counts_parentheses: bool,
    /// The number of open parentheses, where they are counted.
    depth: usize,
    /// The outermost open parenthesis, if `depth` is not 0.
    parenthesis: usize,
}

impl<'a> OpenStatement<'a> {
    /// Begins before the first token of a statement, at `start`.
    pub(super) fn new(sql: &'a str, start: usize, form: Form, counts_parentheses: bool) -> Self {
        Self {
            sql,
            start,
            last: Span::new(start, start),
            form,
            counts_parentheses,
            depth: 0,
            parenthesis: 0,
        }
    }

    pub(super) fn push(&mut self, token: Token) {
        match token.kind {
            TokenKind::Symbol(b'(') if self.counts_parentheses => {
                if self.depth == 0 {
                    self.parenthesis = token.span.start;
                }
                self.depth += 1;
            }
            TokenKind::Symbol(b')') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let is = |span: Span, keyword: &str| span.text(self.sql).eq_ignore_ascii_case(keyword);
        match &mut self.form {
            Form::Trigger if is(token.span, "BEGIN") => {
                self.form = Form::body(token.span.start);
            }
            Form::Routine
                if self.depth == 0 && is(self.last, "BEGIN") && is(token.span, "ATOMIC") =>
            {
                self.form = Form::body(self.last.start);
            }
            Form::Body { place, .. } => {
                *place = if *place == Place::Start && is(token.span, "END") {
                    Place::Ended
                } else {
                    Place::Inside
                };
            }
            // The word after the first `FROM` decides, unless it is a name after a dot.
            Form::Copy if self.depth == 0 && is(self.last, "FROM") && !is(token.span, "FROM") => {
                // The grammar accepts STDOUT in place of STDIN.
                self.form = if is(token.span, "STDIN") || is(token.span, "STDOUT") {
                    Form::CopyFromStdin
                } else {
                    Form::Plain
                };
            }
            _ => {}
        }
        self.last = token.span;
    }

    /// Records a semicolon that does not end the statement.
    pub(super) fn push_semicolon(&mut self) {
        if let Form::Body { place, .. } = &mut self.form {
            *place = Place::Start;
        }
    }

    /// Returns whether a semicolon, or the end of the text, ends the statement here.
    pub(super) fn is_whole(&self) -> bool {
        self.depth == 0 && self.open_body().is_none()
    }

    /// Returns where the body began that does not end here.
    fn open_body(&self) -> Option<usize> {
        match self.form {
            Form::Body {
                begin,
                place: Place::Start | Place::Inside,
            } => Some(begin),
            Form::Body {
                place: Place::Ended,
                ..
            }
            | Form::Plain
            | Form::Trigger
            | Form::Routine
            | Form::Copy
            | Form::CopyFromStdin => None,
        }
    }

    /// Returns whether rows follow the semicolon of the statement.
    pub(super) fn is_followed_by_rows(&self) -> bool {
        self.form == Form::CopyFromStdin
    }

    /// Returns the bytes from the first to the last token.
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.last.end)
    }

    /// Returns what is wrong with the statement if it ends here, in a text that ends at `text_end`.
    pub(super) fn fault(&self, text_end: usize) -> Option<SplitError> {
        let to_text_end = |start| Span::new(start, text_end);
        let (kind, span) = if self.depth > 0 {
            let span = to_text_end(self.parenthesis);
            (SplitErrorKind::UnclosedParenthesis, span)
        } else if let Some(begin) = self.open_body() {
            (SplitErrorKind::UnterminatedBody, to_text_end(begin))
        } else if self.is_followed_by_rows() {
            (SplitErrorKind::CopyFromStdin, self.span())
        } else {
            return None;
        };
        Some(SplitError { kind, span })
    }
}

/// The forms of statements that differ in where they end or in how they are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One that ends at the first `;`.
    Plain,
    /// An SQLite `CREATE TRIGGER` before its `BEGIN`.
    Trigger,
    /// A PostgreSQL `CREATE FUNCTION` or `CREATE PROCEDURE` before a `BEGIN ATOMIC`.
    Routine,
    /// One of the two above, from its `BEGIN` on.
    Body { begin: usize, place: Place },
    /// A PostgreSQL `COPY` that may still turn out to read from STDIN.
    Copy,
    /// A `COPY ... FROM STDIN`.
    CopyFromStdin,
}

impl Form {
    fn body(begin: usize) -> Self {
        Self::Body {
            begin,
            place: Place::Start,
        }
    }
}

/// A place in a body, which ends at the tokens `; END ;`.
///
/// `END` may also be a column or close a `CASE`, but never begins an inner statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the start of an inner statement.
    Start,
    /// Inside an inner statement.
    Inside,
    /// After an `END` that closes the body if the statement ends here.
    Ended,
}
