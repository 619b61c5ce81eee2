//! Which objects of a schema are compared.

use std::fmt;

use crate::model::{ObjectId, ObjectKind, Schema};

/// Which objects of a schema are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The objects that are; all, if there is no pattern.
    include: Vec<Pattern>,
    /// The objects that are not.
    exclude: Vec<Pattern>,
}

/// What some objects have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Name(String),
    Schema(String),
    Kind(ObjectKind),
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The pattern.
    pub pattern: String,
}

impl Filter {
    /// Reads patterns: a name with `*` for any characters, `schema:NAME` or `kind:KIND`.
    ///
    /// # Errors
    ///
    /// An unknown kind.
    pub fn new<'p>(
        include: impl IntoIterator<Item = &'p String>,
        exclude: impl IntoIterator<Item = &'p String>,
    ) -> Result<Self, FilterError> {
        let include = include.into_iter().map(|text| Pattern::read(text));
        let exclude = exclude.into_iter().map(|text| Pattern::read(text));
        Ok(Self {
            include: include.collect::<Result<_, _>>()?,
            exclude: exclude.collect::<Result<_, _>>()?,
        })
    }

    /// Removes what is not compared from a schema.
    pub fn apply(&self, schema: &mut Schema) {
        if *self == Self::default() {
            return;
        }
        let matches = |patterns: &[Pattern], schema: &Schema, id: &ObjectId| {
            let mut ids = schema.with_table(id);
            ids.any(|id| patterns.iter().any(|pattern| pattern.matches(&id)))
        };
        let ids = schema.objects.keys().filter(|id| {
            let is_included = self.include.is_empty() || matches(&self.include, schema, id);
            !is_included || matches(&self.exclude, schema, id)
        });
        for id in ids.cloned().collect::<Vec<_>>() {
            schema.objects.remove(&id);
        }
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self, FilterError> {
        match text.split_once(':') {
            Some(("schema", name)) => Ok(Self::Schema(name.to_owned())),
            Some(("kind", name)) => match ObjectKind::named(name) {
                Some(kind) => Ok(Self::Kind(kind)),
                None => Err(FilterError {
                    pattern: text.to_owned(),
                }),
            },
            _ => Ok(Self::Name(text.to_owned())),
        }
    }

    fn matches(&self, id: &ObjectId) -> bool {
        match self {
            Self::Name(pattern) => {
                let stands_alone = id.parent.is_none() && id.kind != ObjectKind::Schema;
                stands_alone && is_like(&id.name, pattern)
            }
            Self::Schema(pattern) => {
                let is_itself = id.kind == ObjectKind::Schema && is_like(&id.name, pattern);
                is_itself || is_like(&id.schema, pattern)
            }
            Self::Kind(kind) => id.kind == *kind,
        }
    }
}

/// Returns whether a name is like a pattern with `*` for any characters.
pub(crate) fn is_like(name: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(left) = name.strip_prefix(start) else {
        return false;
    };
    let mut ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
    ends.any(|at| is_like(&left[at..], rest))
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<&str> = ObjectKind::ALL.iter().map(|kind| kind.as_str()).collect();
        write!(
            f,
            "`{}` names no kind of objects; they are {}",
            self.pattern,
            kinds.join(", ")
        )
    }
}

impl std::error::Error for FilterError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_like_patterns() {
        for (name, pattern, expected) in [
            ("users", "users", true),
            ("users", "user", false),
            ("users", "*", true),
            ("", "*", true),
            ("users", "u*s", true),
            ("users", "u*r", false),
            ("users", "*se*", true),
            ("größe", "gr*e", true),
        ] {
            assert_eq!(is_like(name, pattern), expected, "{name} {pattern}");
        }
    }
}
