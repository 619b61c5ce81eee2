//! Finds the statements in the tokens of a text.

use std::cell::Cell;

use crate::cursor::Cursor;
use crate::rules::Rules;
use crate::{
    Dialect, Span, Split, SplitError, SplitErrorKind, Statement, StatementKind, Token, TokenKind,
    Tokens,
};

thread_local! {
    static SPLITS: Cell<usize> = const { Cell::new(0) };
}

/// Returns how many texts this thread has split; for tests that expect each text to be split once.
#[doc(hidden)]
#[must_use]
pub fn splits() -> usize {
    SPLITS.get()
}

/// Splits the part of `sql` at `span`; see [`crate::split`].
pub(crate) fn split(sql: &str, span: Span, dialect: Dialect) -> Split {
    SPLITS.set(SPLITS.get() + 1);
    let mut splitter = Splitter {
        sql,
        end: span.end,
        rules: dialect.rules(),
        tokens: Tokens::within(sql, span, span.start, dialect.rules()),
        pending: None,
        known: Vec::new(),
        split: Split::default(),
    };
    splitter.run();
    if let Some(offset) = span.text(sql).find('\0') {
        let nul = Span::new(offset, offset + 1).shifted(span.start);
        splitter.fault(SplitErrorKind::NulCharacter, nul);
    }
    let mut split = splitter.split;
    split.errors.sort_by_key(|error| error.span.start);
    split
}

/// The maximum number of tokens kept of a statement; later ones are read again where they matter.
const KNOWN_TOKENS: usize = 512;

struct Splitter<'a> {
    sql: &'a str,
    /// Where the text to split ends.
    end: usize,
    rules: &'static Rules,
    tokens: Tokens<'a>,
    /// The statement being read, from its first token on.
    pending: Option<OpenStatement<'a>>,
    /// Its first tokens, which its kind is read from.
    known: Vec<Token>,
    split: Split,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(token) = self.tokens.next_significant() {
            match token.kind {
                TokenKind::Unterminated(kind) => {
                    self.pending = None;
                    self.fault(kind, token.span);
                }
                TokenKind::Symbol(b';') => self.semicolon(token),
                TokenKind::Symbol(symbol)
                    if (self.rules.begins_client_command)(symbol, self.pending.is_none()) =>
                {
                    self.client_command(token);
                }
                _ => self.push(token),
            }
        }
        self.finish();
    }

    fn push(&mut self, token: Token) {
        let pending = self.pending.get_or_insert_with(|| {
            self.known.clear();
            let span = Span::new(token.span.start, self.end);
            let known = [token];
            let words = Cursor::new(self.sql, span, &known, self.rules);
            OpenStatement {
                sql: self.sql,
                start: token.span.start,
                last: Span::new(token.span.start, token.span.start),
                form: (self.rules.read_form)(words),
                counts_parentheses: self.rules.semicolons_in_parentheses,
                depth: 0,
                parenthesis: 0,
            }
        });
        pending.push(token);
        self.keep(token);
    }

    /// Keeps a token of the statement being read, unless there are many: the first tokens of most
    /// statements are enough.
    fn keep(&mut self, token: Token) {
        if self.known.len() < KNOWN_TOKENS {
            self.known.push(token);
        }
    }

    fn semicolon(&mut self, token: Token) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if pending.is_whole() {
            if pending.form == Form::CopyFromStdin {
                self.tokens.skip_copy_data();
            }
            self.finish();
        } else {
            pending.push_semicolon();
            self.keep(token);
        }
    }

    /// Skips the line of a command, which psql allows after and within a statement.
    fn client_command(&mut self, token: Token) {
        let end = self.tokens.skip_line();
        self.fault(
            SplitErrorKind::ClientCommand,
            Span::new(token.span.start, end),
        );
        if self.pending.as_ref().is_some_and(OpenStatement::is_whole) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let span = Span::new(pending.start, pending.last.end);
        let to_text_end = |start| Span::new(start, self.end);
        if pending.depth > 0 {
            let span = to_text_end(pending.parenthesis);
            self.fault(SplitErrorKind::UnclosedParenthesis, span);
        } else if let Form::Body { begin, .. } = pending.form
            && !pending.is_whole()
        {
            let span = to_text_end(begin);
            self.fault(SplitErrorKind::UnterminatedBody, span);
        } else if pending.form == Form::CopyFromStdin {
            self.fault(SplitErrorKind::CopyFromStdin, span);
        } else {
            let words = Cursor::new(self.sql, span, &self.known, self.rules);
            let kind = StatementKind::read(words.clone());
            let may_set_search_path = (self.rules.may_set_search_path)(words, &kind);
            self.split.statements.push(Statement {
                span,
                kind,
                may_set_search_path,
            });
        }
    }

    fn fault(&mut self, kind: SplitErrorKind, span: Span) {
        self.split.errors.push(SplitError { kind, span });
    }
}

/// The state of a statement whose end is not reached.
struct OpenStatement<'a> {
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

impl OpenStatement<'_> {
    fn push(&mut self, token: Token) {
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
    fn push_semicolon(&mut self) {
        if let Form::Body { place, .. } = &mut self.form {
            *place = Place::Start;
        }
    }

    /// Returns whether a semicolon, or the end of the text, ends the statement here.
    fn is_whole(&self) -> bool {
        let in_body = matches!(
            self.form,
            Form::Body {
                place: Place::Start | Place::Inside,
                ..
            }
        );
        self.depth == 0 && !in_body
    }
}

/// The forms of statements that differ in where they end or in how they are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
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
pub(crate) enum Place {
    /// At the start of an inner statement.
    Start,
    /// Inside an inner statement.
    Inside,
    /// After an `END` that closes the body if the statement ends here.
    Ended,
}
