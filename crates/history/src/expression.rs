//! The text of a revision expression and its syntax tree.
//!
//! An expression names revisions: `head`, `ae10+2`, `shop@-1`, `base`. This module only knows the
//! grammar; `resolve` finds the revisions in a graph.

use std::fmt;
use std::str::FromStr;

use crate::Span;

/// A parsed revision expression: `[BRANCH@][SYMBOL][+N|-N]`, not empty.
///
/// ```
/// use alembic_history::{Expression, Symbol};
///
/// let expression: Expression = "shop@head-2".parse().unwrap();
/// assert_eq!(expression.branch.as_deref(), Some("shop"));
/// assert_eq!(expression.symbol, Some(Symbol::Head));
/// assert_eq!(expression.offset, Some(-2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The label or revision whose line the expression is confined to.
    pub branch: Option<String>,
    /// Where the expression starts; without it, an offset counts from the version table's rows.
    pub symbol: Option<Symbol>,
    /// How many revisions to walk, up when positive.
    pub offset: Option<i64>,
    text: String,
}

/// The part of an expression that names a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// `head`: the one head.
    Head,
    /// `heads`: every head.
    Heads,
    /// `base`: before the first revision.
    Base,
    /// `current`: the rows of the version table.
    Current,
    /// An id, the beginning of an id, or a branch label.
    Name(String),
}

impl Expression {
    /// Returns `heads`, or `branch@heads`.
    #[must_use]
    pub fn heads(branch: Option<&str>) -> Self {
        Self {
            branch: branch.map(ToOwned::to_owned),
            symbol: Some(Symbol::Heads),
            offset: None,
            text: branch.map_or_else(|| "heads".to_owned(), |branch| format!("{branch}@heads")),
        }
    }

    /// Returns whether the expression names a revision or a branch, and not only keywords.
    #[must_use]
    pub fn has_name(&self) -> bool {
        self.branch.is_some() || matches!(self.symbol, Some(Symbol::Name(_)))
    }

    /// Returns the expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The error of reading an [`Expression`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The text that is not an expression.
    pub text: String,
    /// The part of it that is wrong.
    pub span: Span,
    /// The kind of the error.
    pub kind: SyntaxErrorKind,
}

/// The kinds of errors in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// The text is empty.
    Empty,
    /// The branch before `@` is empty.
    EmptyBranch,
    /// The revision after `@` is missing.
    EmptyAfterBranch,
    /// A second `@`.
    SecondBranch,
    /// `+` or `-` is followed by something other than a number.
    Offset,
    /// A range, where one revision is expected.
    Range,
    /// A second `:` in a range.
    SecondColon,
    /// No `:`, where a range is expected.
    NoRange,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match self.kind {
            SyntaxErrorKind::Empty => write!(f, "empty revision expression"),
            SyntaxErrorKind::EmptyBranch => write!(f, "no branch before '@' in '{text}'"),
            SyntaxErrorKind::EmptyAfterBranch => write!(f, "no revision after '@' in '{text}'"),
            SyntaxErrorKind::SecondBranch => write!(f, "more than one '@' in '{text}'"),
            SyntaxErrorKind::Offset => write!(
                f,
                "'{}' in '{text}' is not a number of revisions",
                self.span.text(text)
            ),
            SyntaxErrorKind::Range => write!(f, "range '{text}' is not allowed here"),
            SyntaxErrorKind::SecondColon => write!(f, "more than one ':' in range '{text}'"),
            SyntaxErrorKind::NoRange => {
                write!(f, "'{text}' is not a range, which is written [START]:[END]")
            }
        }
    }
}

impl std::error::Error for SyntaxError {}

impl FromStr for Expression {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let error = |start, end, kind| {
            Err(SyntaxError {
                text: text.to_owned(),
                span: Span::new(start, end),
                kind,
            })
        };
        if text.trim().is_empty() {
            return error(0, text.len(), SyntaxErrorKind::Empty);
        }
        if let Some(colon) = text.find(':') {
            return error(colon, colon + 1, SyntaxErrorKind::Range);
        }
        let (branch, start) = match text.find('@') {
            Some(0) => return error(0, 1, SyntaxErrorKind::EmptyBranch),
            Some(at) => (Some(text[..at].to_owned()), at + 1),
            None => (None, 0),
        };
        let rest = &text[start..];
        if rest.is_empty() {
            return error(start - 1, start, SyntaxErrorKind::EmptyAfterBranch);
        }
        if let Some(at) = rest.find('@') {
            return error(start + at, start + at + 1, SyntaxErrorKind::SecondBranch);
        }
        let (symbol, offset) = match rest.find(['+', '-']) {
            None => (rest, None),
            Some(sign) => {
                let digits = &rest[sign + 1..];
                let number = digits.bytes().all(|byte| byte.is_ascii_digit());
                match rest[sign..].parse() {
                    Ok(offset) if number => (&rest[..sign], Some(offset)),
                    _ => return error(start + sign, text.len(), SyntaxErrorKind::Offset),
                }
            }
        };
        let symbol = match symbol {
            "" => None,
            "head" => Some(Symbol::Head),
            "heads" => Some(Symbol::Heads),
            "base" => Some(Symbol::Base),
            "current" => Some(Symbol::Current),
            name => Some(Symbol::Name(name.to_owned())),
        };
        Ok(Self {
            branch,
            symbol,
            offset,
            text: text.to_owned(),
        })
    }
}

/// A range of revisions, `[START]:[END]`; either side may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The older end.
    pub start: Option<Expression>,
    /// The newer end.
    pub end: Option<Expression>,
}

impl FromStr for Range {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let error = |span, kind| SyntaxError {
            text: text.to_owned(),
            span,
            kind,
        };
        let Some((start, end)) = text.split_once(':') else {
            let whole = Span::new(0, text.len());
            return Err(error(whole, SyntaxErrorKind::NoRange));
        };
        if let Some(second) = end.find(':') {
            let span = Span::new(second, second + 1).shifted(start.len() + 1);
            return Err(error(span, SyntaxErrorKind::SecondColon));
        }
        let side = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some),
        };
        Ok(Self {
            start: side(start)?,
            end: side(end)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (Option<String>, Option<Symbol>, Option<i64>);

    fn parts(text: &str) -> Result<Parts, SyntaxErrorKind> {
        let parsed: Result<Expression, _> = text.parse();
        parsed
            .map(|expression| (expression.branch, expression.symbol, expression.offset))
            .map_err(|error| error.kind)
    }

    #[test]
    fn every_form_of_the_grammar_is_read() {
        let name = |name: &str| Some(Symbol::Name(name.to_owned()));
        let branch = |branch: &str| Some(branch.to_owned());
        for (text, expected) in [
            ("head", (None, Some(Symbol::Head), None)),
            ("heads", (None, Some(Symbol::Heads), None)),
            ("base", (None, Some(Symbol::Base), None)),
            ("current", (None, Some(Symbol::Current), None)),
            ("ae10", (None, name("ae10"), None)),
            ("header", (None, name("header"), None)),
            ("+2", (None, None, Some(2))),
            ("-1", (None, None, Some(-1))),
            ("+0", (None, None, Some(0))),
            ("ae10+2", (None, name("ae10"), Some(2))),
            ("head-1", (None, Some(Symbol::Head), Some(-1))),
            ("shop@head", (branch("shop"), Some(Symbol::Head), None)),
            ("shop@+2", (branch("shop"), None, Some(2))),
            ("shop@base+2", (branch("shop"), Some(Symbol::Base), Some(2))),
            ("a.b@ü_1", (branch("a.b"), name("ü_1"), None)),
        ] {
            assert_eq!(parts(text), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_an_expression_says_why() {
        for (text, kind) in [
            ("", SyntaxErrorKind::Empty),
            ("  ", SyntaxErrorKind::Empty),
            ("@head", SyntaxErrorKind::EmptyBranch),
            ("shop@", SyntaxErrorKind::EmptyAfterBranch),
            ("a@b@c", SyntaxErrorKind::SecondBranch),
            ("a:b", SyntaxErrorKind::Range),
            ("head+", SyntaxErrorKind::Offset),
            ("head+x", SyntaxErrorKind::Offset),
            ("head+1x", SyntaxErrorKind::Offset),
            ("a-b", SyntaxErrorKind::Offset),
            ("+-1", SyntaxErrorKind::Offset),
            ("+99999999999999999999", SyntaxErrorKind::Offset),
        ] {
            assert_eq!(parts(text), Err(kind), "{text:?}");
        }
    }

    #[test]
    fn ranges_have_two_optional_sides() {
        let sides = |text: &str| {
            let range: Result<Range, SyntaxError> = text.parse();
            let side = |side: Option<Expression>| side.map(|side| side.as_str().to_owned());
            range
                .map(|range| (side(range.start), side(range.end)))
                .map_err(|error| (error.kind, error.span))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(sides("a:b"), Ok((some("a"), some("b"))));
        assert_eq!(sides(":b"), Ok((None, some("b"))));
        assert_eq!(sides("-3:current"), Ok((some("-3"), some("current"))));
        assert_eq!(sides(":"), Ok((None, None)));
        assert_eq!(sides("a"), Err((SyntaxErrorKind::NoRange, Span::new(0, 1))));
        assert_eq!(
            sides("a:b:c"),
            Err((SyntaxErrorKind::SecondColon, Span::new(3, 4)))
        );
    }
}
