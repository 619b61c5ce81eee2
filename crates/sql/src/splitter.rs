//! Finds the statements in the tokens of a text.

use super::lexer::{Cursor, Lexer, Token, TokenKind};
use super::{Split, SplitError, SplitErrorKind, Statement};
use crate::{Dialect, Span};

/// Splits `sql`; see [`super::split`].
pub(super) fn run(sql: &str, dialect: Dialect) -> Split {
    let mut splitter = Splitter {
        sql,
        dialect,
        lexer: Lexer::new(sql, dialect),
        pending: None,
        split: Split::default(),
    };
    splitter.run();
    if let Some(offset) = sql.find('\0') {
        splitter.fault(SplitErrorKind::NulCharacter, Span::new(offset, offset + 1));
    }
    let mut split = splitter.split;
    split.errors.sort_by_key(|error| error.span.start);
    split
}

struct Splitter<'a> {
    sql: &'a str,
    dialect: Dialect,
    lexer: Lexer<'a>,
    /// The statement being read, from its first token on.
    pending: Option<Pending<'a>>,
    split: Split,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(token) = self.lexer.next() {
            match (token.kind, self.dialect) {
                (TokenKind::Unterminated(kind), _) => {
                    self.pending = None;
                    self.fault(kind, token.span);
                }
                (TokenKind::Symbol(b';'), _) => self.semicolon(),
                (TokenKind::Symbol(b'\\'), Dialect::Postgres) => self.client_command(token),
                (TokenKind::Symbol(b'.'), Dialect::Sqlite) if self.pending.is_none() => {
                    self.client_command(token);
                }
                _ => self
                    .pending
                    .get_or_insert_with(|| Pending::new(self.sql, self.dialect, token))
                    .push(token),
            }
        }
        self.finish();
    }

    fn semicolon(&mut self) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if pending.is_whole() {
            if pending.form == Form::CopyFromStdin {
                self.lexer.skip_copy_data();
            }
            self.finish();
        } else {
            pending.push_semicolon();
        }
    }

    /// Skips the line of a command, which psql allows behind and within a statement.
    fn client_command(&mut self, token: Token) {
        let end = self.lexer.skip_line();
        self.fault(
            SplitErrorKind::ClientCommand,
            Span::new(token.span.start, end),
        );
        if self.pending.as_ref().is_some_and(Pending::is_whole) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let span = Span::new(pending.start, pending.last.end);
        let to_text_end = |start| Span::new(start, self.sql.len());
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
            self.split.statements.push(Statement { span });
        }
    }

    fn fault(&mut self, kind: SplitErrorKind, span: Span) {
        self.split.errors.push(SplitError { kind, span });
    }
}

/// What is known about a statement whose end is not reached.
struct Pending<'a> {
    sql: &'a str,
    dialect: Dialect,
    start: usize,
    last: Span,
    form: Form,
    /// The number of open parentheses; SQLite's are not counted.
    depth: usize,
    /// The outermost open parenthesis, if `depth` is not 0.
    parenthesis: usize,
}

impl<'a> Pending<'a> {
    /// Begins a statement with `first`, which remains to be pushed.
    fn new(sql: &'a str, dialect: Dialect, first: Token) -> Self {
        Self {
            sql,
            dialect,
            start: first.span.start,
            last: Span::new(first.span.start, first.span.start),
            form: Form::of(&sql[first.span.start..], dialect),
            depth: 0,
            parenthesis: 0,
        }
    }

    fn push(&mut self, token: Token) {
        if self.dialect == Dialect::Postgres {
            match token.kind {
                TokenKind::Symbol(b'(') => {
                    if self.depth == 0 {
                        self.parenthesis = token.span.start;
                    }
                    self.depth += 1;
                }
                TokenKind::Symbol(b')') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
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
            // What follows the first `FROM` decides, unless that one is a name behind a dot.
            Form::Copy if self.depth == 0 && is(self.last, "FROM") && !is(token.span, "FROM") => {
                // The grammar takes STDOUT for STDIN.
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

    /// Takes notice of a semicolon that does not end the statement.
    fn push_semicolon(&mut self) {
        if let Form::Body { place, .. } = &mut self.form {
            *place = Place::Start;
        }
    }

    /// Tells whether a semicolon, or the end of the text, ends the statement here.
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

/// The forms of statements, as far as they differ in where they end or in how they are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    /// An SQLite `CREATE TRIGGER` before its `BEGIN`.
    Trigger,
    /// A PostgreSQL `CREATE FUNCTION` or `CREATE PROCEDURE` before a `BEGIN ATOMIC`.
    Routine,
    /// One of the two above, from its `BEGIN` on.
    Body {
        begin: usize,
        place: Place,
    },
    /// A PostgreSQL `COPY` that may still turn out to be one from STDIN.
    Copy,
    CopyFromStdin,
}

impl Form {
    /// Determines the form of the statement at the start of `sql` from its leading keywords.
    fn of(sql: &str, dialect: Dialect) -> Self {
        let mut head = Cursor::new(sql, dialect);
        match dialect {
            Dialect::Sqlite => {
                if head.eat("EXPLAIN") && head.eat("QUERY") {
                    head.eat("PLAN");
                }
                if head.eat("CREATE") {
                    head.eat_any(&["TEMP", "TEMPORARY"]);
                    if head.at("TRIGGER") {
                        return Self::Trigger;
                    }
                }
            }
            Dialect::Postgres => {
                if head.at("COPY") {
                    return Self::Copy;
                }
                if head.eat("CREATE") {
                    if head.eat("OR") {
                        head.eat("REPLACE");
                    }
                    if head.at("FUNCTION") || head.at("PROCEDURE") {
                        return Self::Routine;
                    }
                }
            }
        }
        Self::Plain
    }

    fn body(begin: usize) -> Self {
        Self::Body {
            begin,
            place: Place::Start,
        }
    }
}

/// A place in a body, which ends at the tokens `; END ;`.
///
/// `END` may also stand for a column or close a `CASE`, but never begins an inner statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the start of an inner statement.
    Start,
    /// Inside an inner statement.
    Inside,
    /// Behind an `END` that closes the body if the statement ends here.
    Ended,
}
