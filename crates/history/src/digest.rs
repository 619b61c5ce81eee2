//! Digests that are the same in every version and on every machine.

use std::fmt;
use std::str::FromStr;

use alembic_sql::Tokens;

use crate::Dialect;

/// The digest of no bytes.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// Returns the FNV-1a digest of `bytes`. It notices changes; it keeps no secrets, and stops nobody
/// who makes another text of the same digest on purpose.
#[must_use]
pub fn fnv_1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The digest of what a revision does on one kind of database: of the statements that apply it,
/// without comments and without what stands between tokens.
///
/// ```
/// use alembic_history::{Dialect, Digest, RevisionFile};
///
/// let digest = |sql: &str| {
///     let text = format!("-- A\n-- Revision ID: a1\n-- Revises:\n-- alembic: upgrade\n{sql}");
///     let (file, _) = RevisionFile::parse(text, &[Dialect::Sqlite]);
///     Digest::of(&file.unwrap(), Dialect::Sqlite)
/// };
/// let one = digest("CREATE TABLE a (x int);");
/// assert_eq!(one, digest("CREATE TABLE a (\r\n  x int -- the first\r\n)"));
/// assert_ne!(one, digest("CREATE TABLE a (x text);"));
/// assert_eq!(one.to_string().parse(), Ok(one));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u64);

/// How many bits of a digest are the hash; the others are the version.
const HASH_BITS: u32 = 56;

impl Digest {
    /// The version of the digests of revisions, which they begin with. It is raised when the same
    /// statements get other digests than before, such as when the tokens of a dialect are read in
    /// another way: digests of different versions say nothing about each other.
    pub const VERSION: u8 = 1;

    /// The digest of a revision without statements.
    pub const EMPTY: Self = Self::of_revision(OFFSET);

    /// Returns the digest of a revision whose statements have this hash.
    const fn of_revision(hash: u64) -> Self {
        Self((Self::VERSION as u64) << HASH_BITS | hash >> (u64::BITS - HASH_BITS))
    }

    /// Returns the version of a revision's digest.
    #[must_use]
    pub const fn version(self) -> u8 {
        (self.0 >> HASH_BITS) as u8
    }

    /// Returns whether two digests of a revision show that its statements were changed; those of
    /// different versions do not.
    #[must_use]
    pub const fn shows_change(self, other: Self) -> bool {
        self.version() == other.version() && self.0 != other.0
    }

    /// Creates a digest from its number, as a build script embeds it.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the digest as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Returns the digest of a revision.
    #[must_use]
    pub fn of(file: &crate::RevisionFile, dialect: Dialect) -> Self {
        let sections = file.sections(crate::Direction::Upgrade, dialect);
        let statements = sections.flat_map(|section| section.statements(dialect));
        Self::of_revision(fnv_1a(
            statements.flat_map(|statement| tokens(statement.sql, dialect).chain([END])),
        ))
    }

    /// Returns the digest of texts, but for their line ends, which git may change at any checkout.
    #[must_use]
    pub fn of_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let bytes = texts
            .into_iter()
            .flat_map(|text| without_carriage_returns(text).chain([BETWEEN]));
        Self(fnv_1a(bytes))
    }
}

/// What ends a token, and a statement; neither is in the text of one.
const BETWEEN: u8 = 0;
const END: u8 = 1;

/// Returns the bytes of the tokens of SQL.
fn tokens(sql: &str, dialect: Dialect) -> impl Iterator<Item = u8> {
    let tokens = Tokens::new(sql, dialect).without_trivia();
    tokens.flat_map(move |token| without_carriage_returns(token.span.text(sql)).chain([BETWEEN]))
}

/// Returns the bytes of a text, with each `\r\n` as `\n`.
fn without_carriage_returns(text: &str) -> impl Iterator<Item = u8> {
    text.split("\r\n").enumerate().flat_map(|(index, line)| {
        let line_feed = (index > 0).then_some(b'\n');
        line_feed.into_iter().chain(line.bytes())
    })
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let is_digest = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16);
        match number {
            Ok(number) if is_digest => Ok(Self(number)),
            Ok(_) | Err(_) => Err(NotADigest),
        }
    }
}
