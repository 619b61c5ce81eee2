//! The histories of several crates together: `Depends On: crate@revision`.

use std::fmt;
use std::path::PathBuf;

use crate::{Code, History, HistoryFile, Named, Node, Position, Span};

/// A crate's history, under the crate's name.
#[derive(Clone, Copy, Debug)]
pub struct CrateHistory<'h> {
    /// The crate's name.
    pub package: &'h str,
    /// Its history.
    pub history: &'h History,
}

/// A revision of another crate that a revision depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement<'h> {
    /// The other crate.
    pub package: &'h str,
    /// The revision, by id or label.
    pub revision: &'h str,
    /// The span of the dependency in the file.
    pub span: Span,
}

/// The reason why the histories of several crates do not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementError {
    /// The crate whose revision depends on another's.
    pub package: String,
    /// The revision's file.
    pub path: PathBuf,
    /// The line and column in it.
    pub position: Position,
    /// The bytes at that position.
    pub span: Span,
    /// The kind of the error.
    pub kind: RequirementErrorKind,
}

/// The reason why a dependency on another crate's revision cannot be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequirementErrorKind {
    /// The crate is not one of those that are migrated together.
    UnknownCrate(String),
    /// The crate has no such revision.
    UnknownRevision {
        /// The crate.
        package: String,
        /// The revision.
        revision: String,
    },
    /// The crate is the revision's own; carries the revision.
    OwnCrate(String),
    /// The crates depend on each other in a circle.
    Circle(Vec<String>),
}

impl RequirementErrorKind {
    /// Returns the code that names this kind of error.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::UnknownCrate(_) => Code::UnknownCrate,
            Self::UnknownRevision { .. } => Code::MissingDependency,
            Self::OwnCrate(_) => Code::OwnCrate,
            Self::Circle(_) => Code::CrateCycle,
        }
    }

    /// Returns how to correct it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::UnknownCrate(_) => {
                "write `Depends On: <crate>@<revision>` with a crate of the workspace; an image needs the \
                 Cargo.toml and the revisions of that crate, too"
                    .into()
            }
            Self::UnknownRevision { .. } | Self::Circle(_) => {
                "write `Depends On: <crate>@<revision>` with a crate of the workspace".into()
            }
            Self::OwnCrate(revision) => {
                format!("write `Depends On: {revision}`, without the crate")
            }
        }
    }
}

impl fmt::Display for RequirementErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCrate(package) => {
                write!(f, "crate `{package}` is not among those that are migrated")
            }
            Self::UnknownRevision { package, revision } => {
                write!(f, "crate `{package}` has no revision {revision}")
            }
            Self::OwnCrate(revision) => write!(f, "revision {revision} belongs to this crate"),
            Self::Circle(crates) => {
                write!(
                    f,
                    "crates depend on each other in a circle: {}",
                    crates.join(" -> ")
                )
            }
        }
    }
}

impl fmt::Display for RequirementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}",
            self.path.display(),
            self.position,
            self.kind
        )
    }
}

impl std::error::Error for RequirementError {}

/// Splits a dependency that names a crate into the crate and the revision.
fn requirement(named: &Named<String>) -> Option<Requirement<'_>> {
    let (package, revision) = named.name.split_once('@')?;
    Some(Requirement {
        package,
        revision,
        span: named.span,
    })
}

impl HistoryFile {
    /// Returns the revisions of other crates that this revision depends on.
    pub fn requirements(&self) -> impl Iterator<Item = Requirement<'_>> {
        self.file.header.depends_on.iter().filter_map(requirement)
    }
}

/// Returns the indexes of `crates`, ordered so that each crate comes after the crates that its
/// revisions depend on, and otherwise in the order given.
///
/// # Errors
///
/// Every dependency that no other crate can meet, and crates that depend on each other in a circle.
pub fn in_dependency_order(
    crates: &[CrateHistory<'_>],
) -> Result<Vec<usize>, Vec<RequirementError>> {
    let mut errors = Vec::new();
    // The crates that each crate depends on, and the revision that declares it.
    let mut waits: Vec<Vec<(usize, Node, Span)>> = vec![Vec::new(); crates.len()];
    for (index, krate) in crates.iter().enumerate() {
        for node in krate.history.graph().nodes() {
            for requirement in krate.history.file(node).requirements() {
                let span = requirement.span;
                match find(crates, requirement) {
                    Ok(other) if other == index => {
                        let kind = RequirementErrorKind::OwnCrate(requirement.revision.to_owned());
                        errors.push(error(*krate, node, span, kind));
                    }
                    Ok(other) => waits[index].push((other, node, span)),
                    Err(kind) => errors.push(error(*krate, node, span, kind)),
                }
            }
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(crates.len());
    while order.len() < crates.len() {
        let ready = |index: &usize| {
            !order.contains(index)
                && waits[*index]
                    .iter()
                    .all(|(other, ..)| order.contains(other))
        };
        match (0..crates.len()).find(ready) {
            Some(next) => order.push(next),
            None => {
                let left: Vec<usize> = (0..crates.len())
                    .filter(|index| !order.contains(index))
                    .collect();
                let names = left.iter().map(|index| crates[*index].package.to_owned());
                let kind = RequirementErrorKind::Circle(names.collect());
                if let Some((_, node, span)) = waits[left[0]].first() {
                    errors.push(error(crates[left[0]], *node, *span, kind));
                }
                break;
            }
        }
    }
    if errors.is_empty() {
        Ok(order)
    } else {
        Err(errors)
    }
}

/// Finds the crate that meets a requirement.
fn find(
    crates: &[CrateHistory<'_>],
    requirement: Requirement<'_>,
) -> Result<usize, RequirementErrorKind> {
    let Requirement {
        package, revision, ..
    } = requirement;
    let unknown = || RequirementErrorKind::UnknownCrate(package.to_owned());
    let index = crates.iter().position(|other| other.package == package);
    let index = index.ok_or_else(unknown)?;
    match crates[index].history.graph().named(revision) {
        Some(_) => Ok(index),
        None => Err(RequirementErrorKind::UnknownRevision {
            package: package.to_owned(),
            revision: revision.to_owned(),
        }),
    }
}

fn error(
    krate: CrateHistory<'_>,
    node: Node,
    span: Span,
    kind: RequirementErrorKind,
) -> RequirementError {
    let file = krate.history.file(node);
    RequirementError {
        package: krate.package.to_owned(),
        path: file.path.clone(),
        position: file.position(span.start),
        span,
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFile;

    fn history(id: &str, depends_on: &str) -> History {
        let text = format!(
            "-- {id}\n-- Revision ID: {id}\n-- Revises:\n-- Depends On: {depends_on}\n-- alembic: upgrade empty\n"
        );
        let file = SourceFile {
            path: format!("{id}.sql").into(),
            content: Ok(text.into_bytes()),
        };
        History::new([file], &[]).unwrap()
    }

    fn check(crates: &[(&str, &str, &str)], expected: Result<&[usize], &[&str]>) {
        let histories: Vec<History> = crates.iter().map(|(_, id, on)| history(id, on)).collect();
        let named: Vec<CrateHistory<'_>> = crates
            .iter()
            .zip(&histories)
            .map(|((package, ..), history)| CrateHistory { package, history })
            .collect();
        let found = in_dependency_order(&named)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expected = expected
            .map(<[usize]>::to_vec)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect());
        assert_eq!(found, expected);
    }

    #[test]
    fn crates_come_after_what_they_depend_on() {
        check(&[("shop", "s1", ""), ("users", "u1", "")], Ok(&[0, 1]));
        check(
            &[("shop", "s1", "users@u1"), ("users", "u1", "")],
            Ok(&[1, 0]),
        );
        check(
            &[("shop", "s1", "users@u2, mail@m1"), ("users", "u1", "")],
            Err(&[
                "s1.sql:4:16: crate `users` has no revision u2",
                "s1.sql:4:26: crate `mail` is not among those that are migrated",
            ]),
        );
        check(
            &[("shop", "s1", "shop@s1"), ("users", "u1", "")],
            Err(&["s1.sql:4:16: revision s1 belongs to this crate"]),
        );
        check(
            &[("shop", "s1", "users@u1"), ("users", "u1", "shop@s1")],
            Err(&["s1.sql:4:16: crates depend on each other in a circle: shop -> users"]),
        );
    }
}
