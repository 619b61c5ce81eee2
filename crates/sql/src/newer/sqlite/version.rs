//! The versions of SQLite.

use std::fmt;
use std::str::FromStr;

/// A version of SQLite 3, without its patch level: 3.35 is the oldest supported one.
///
/// # Examples
///
/// ```
/// use alembic_sql::SqliteVersion;
///
/// let version: SqliteVersion = "3.46.1".parse().unwrap();
/// assert_eq!(version.to_string(), "3.46");
/// assert!(version > SqliteVersion::OLDEST);
/// assert!("3.34".parse::<SqliteVersion>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SqliteVersion {
    minor: u16,
}

impl SqliteVersion {
    /// The oldest supported version.
    pub const OLDEST: Self = Self::new(35);

    pub(super) const fn new(minor: u16) -> Self {
        Self { minor }
    }
}

impl Default for SqliteVersion {
    fn default() -> Self {
        Self::OLDEST
    }
}

impl fmt::Display for SqliteVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}", self.minor)
    }
}

/// The error of parsing a text as a [`SqliteVersion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnsupportedVersion {
    /// The text is not a version of SQLite 3.
    NotAVersion(String),
    /// The version is older than the oldest supported one.
    TooOld(String),
}

impl fmt::Display for UnsupportedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let oldest = SqliteVersion::OLDEST;
        match self {
            Self::NotAVersion(text) => {
                write!(f, "`{text}` is not a version of SQLite, such as {oldest}")
            }
            Self::TooOld(text) => {
                write!(f, "`{text}` is older than {oldest}, the oldest supported")
            }
        }
    }
}

impl std::error::Error for UnsupportedVersion {}

impl FromStr for SqliteVersion {
    type Err = UnsupportedVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split('.').map(|part| {
            let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u16>().ok())?
        });
        match parts.collect::<Option<Vec<u16>>>().as_deref() {
            Some([3, minor] | [3, minor, _]) => {
                let version = Self::new(*minor);
                let is_supported = version >= Self::OLDEST;
                let too_old = || UnsupportedVersion::TooOld(text.to_owned());
                is_supported.then_some(version).ok_or_else(too_old)
            }
            _ => Err(UnsupportedVersion::NotAVersion(text.to_owned())),
        }
    }
}
