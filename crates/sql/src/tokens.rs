//! Breaks SQL into tokens by the rules of its dialect.

mod postgres;
mod scanner;
mod sqlite;

use crate::{Dialect, Span, SplitErrorKind};
use scanner::{Scanner, is_space};

pub(crate) use scanner::is_word;

/// The kinds of tokens, as far as SQL text is understood without its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A run of white space.
    Whitespace,
    /// A comment, without the end of its line.
    Comment,
    /// A byte-order mark where the dialect reads it as white space.
    ByteOrderMark,
    /// A keyword or an unquoted name.
    Word,
    /// A name in quotes of its own: `"a"`, and on SQLite `` `a` `` and `[a]`.
    QuotedName,
    /// A string of any kind, without a prefix such as the `x` of `x'00'` that does not affect where
    /// it ends.
    String,
    /// A number, or the part of one before a sign.
    Number,
    /// A parameter: `$1`, and on SQLite `?`, `?1`, `:a`, `@a`, `#a` and `$a::b(c)`.
    Parameter,
    /// One ASCII character that is not part of a longer token.
    Symbol(u8),
    /// An unterminated string, name or comment, which reaches to the end of the text.
    Unterminated(SplitErrorKind),
}

/// A token and its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// The kind of the token.
    pub kind: TokenKind,
    /// The span of the token.
    pub span: Span,
}

impl Token {
    /// Returns whether the token separates others and means nothing: white space, a comment or a
    /// byte-order mark.
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        match self.kind {
            TokenKind::Whitespace | TokenKind::Comment | TokenKind::ByteOrderMark => true,
            TokenKind::Word
            | TokenKind::QuotedName
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Symbol(_)
            | TokenKind::Unterminated(_) => false,
        }
    }
}

/// The tokens of a text; together they are the whole text.
///
/// # Examples
///
/// ```
/// use alembic_sql::{Dialect, TokenKind, Tokens};
///
/// let sql = "SELECT /* all */ * FROM t WHERE id = :id";
/// let texts = |tokens: Vec<_>| -> String {
///     tokens.into_iter().map(|token: alembic_sql::Token| token.span.text(sql)).collect()
/// };
/// let tokens = Tokens::new(sql, Dialect::Sqlite);
/// assert_eq!(texts(tokens.clone().collect()), sql);
/// assert_eq!(texts(tokens.clone().without_trivia().collect()), "SELECT*FROMtWHEREid=:id");
///
/// let mut parameters = tokens.filter(|token| token.kind == TokenKind::Parameter);
/// assert_eq!(parameters.next().unwrap().span.text(sql), ":id");
/// ```
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    scanner: Scanner<'a>,
    dialect: Dialect,
}

impl<'a> Tokens<'a> {
    /// Reads `sql` as `dialect` does.
    #[must_use]
    pub fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self::within(sql, Span::new(0, sql.len()), 0, dialect)
    }

    /// Reads a part of `sql` from `position` on; the spans count from the start of `sql`.
    pub(crate) fn within(sql: &'a str, span: Span, position: usize, dialect: Dialect) -> Self {
        Self {
            scanner: Scanner::new(sql, span, position),
            dialect,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Leaves out white space, comments and byte-order marks.
    pub fn without_trivia(self) -> impl Iterator<Item = Token> + Clone + use<'a> {
        self.filter(|token| !token.is_trivia())
    }

    /// Returns the next token that is not trivia.
    pub(crate) fn next_significant(&mut self) -> Option<Token> {
        loop {
            self.scanner.skip_spaces();
            let token = self.next()?;
            if !token.is_trivia() {
                return Some(token);
            }
        }
    }

    /// Moves to the end of the current line and returns where its text ends.
    pub(crate) fn skip_line(&mut self) -> usize {
        self.scanner.skip_line()
    }

    /// Skips the rows that follow the line of a `COPY ... FROM STDIN`, and the `\.` after them.
    pub(crate) fn skip_copy_data(&mut self) {
        self.scanner.skip_line();
        while !self.scanner.is_at_end() {
            self.scanner.skip(1);
            let start = self.scanner.position();
            let end = self.scanner.skip_line();
            if self.scanner.since(start).get(..end - start) == Some(br"\.") {
                break;
            }
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let scanner = &mut self.scanner;
        let rules = rules(self.dialect);
        let start = scanner.position();
        let first = scanner.peek()?;
        let kind = match first {
            byte if is_space(byte) => {
                scanner.skip_spaces();
                TokenKind::Whitespace
            }
            b'-' if scanner.at(b"--") => {
                rules.skip_line_comment(scanner);
                TokenKind::Comment
            }
            b'/' if scanner.at(b"/*") => {
                if scanner.skip_block_comment(rules.nested_comments) {
                    TokenKind::Comment
                } else {
                    TokenKind::Unterminated(SplitErrorKind::UnterminatedComment)
                }
            }
            0xEF if scanner.at(BYTE_ORDER_MARK)
                && (scanner.is_at_start() || rules.inner_byte_order_marks) =>
            {
                scanner.skip(BYTE_ORDER_MARK.len());
                TokenKind::ByteOrderMark
            }
            b'\'' => scanner.quoted(first, TokenKind::String),
            b'"' => scanner.quoted(first, TokenKind::QuotedName),
            b'0'..=b'9' => {
                scanner.number();
                TokenKind::Number
            }
            _ => (rules.read_token)(scanner, first).unwrap_or_else(|| {
                if is_word(first) {
                    scanner.word();
                    TokenKind::Word
                } else {
                    scanner.skip(1);
                    TokenKind::Symbol(first)
                }
            }),
        };
        let span = Span::new(start, scanner.position());
        Some(Token { kind, span })
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// What differs between the dialects; each has a file named after it.
struct Rules {
    /// Whether block comments nest.
    nested_comments: bool,
    /// Whether a line comment ends at a carriage return, too.
    comments_end_at_return: bool,
    /// Whether a byte-order mark is white space wherever a token may begin, not only at the start.
    inner_byte_order_marks: bool,
    /// Reads a token that begins with `first` and is specific to the dialect.
    read_token: fn(&mut Scanner<'_>, u8) -> Option<TokenKind>,
}

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::Sqlite => &sqlite::RULES,
        Dialect::Postgres => &postgres::RULES,
    }
}

impl Rules {
    /// Moves to the end of a line comment.
    fn skip_line_comment(&self, scanner: &mut Scanner<'_>) {
        let ends_at_return = self.comments_end_at_return;
        scanner.skip_until(|byte| byte == b'\n' || (ends_at_return && byte == b'\r'));
    }
}
