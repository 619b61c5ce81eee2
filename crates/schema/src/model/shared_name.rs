//! A name that many objects have.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A name of a schema, a table, or anything else; copies share the text.
///
/// ```
/// use alembic_schema::SharedName;
///
/// let name = SharedName::from("users");
/// assert_eq!(name, "users");
/// assert!(name.starts_with("user"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SharedName(Arc<str>);

impl SharedName {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for SharedName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for SharedName {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for SharedName {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<String> for SharedName {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<SharedName> for str {
    fn eq(&self, other: &SharedName) -> bool {
        *self == *other.0
    }
}

impl PartialEq<SharedName> for String {
    fn eq(&self, other: &SharedName) -> bool {
        **self == *other.0
    }
}

impl AsRef<str> for SharedName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SharedName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Default for SharedName {
    fn default() -> Self {
        Self::from("")
    }
}

impl Ord for SharedName {
    fn cmp(&self, other: &Self) -> Ordering {
        match Arc::ptr_eq(&self.0, &other.0) {
            true => Ordering::Equal,
            false => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for SharedName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for SharedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for SharedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for SharedName {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for SharedName {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for SharedName {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Self> for SharedName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl From<SharedName> for String {
    fn from(name: SharedName) -> Self {
        name.as_str().to_owned()
    }
}

impl From<&SharedName> for String {
    fn from(name: &SharedName) -> Self {
        name.as_str().to_owned()
    }
}
