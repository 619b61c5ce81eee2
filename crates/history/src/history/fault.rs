//! Faults in the files of a history, with their locations.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::HistoryFile;
use crate::{Finding, FindingKind, GraphError, GraphErrorKind, Position, Span};

/// All faults in the revision files of a history.
#[derive(Clone, Debug)]
pub struct HistoryError {
    /// The faults, in the order of the files.
    pub faults: Vec<Fault>,
}

/// A fault in one of the files.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// Its text; empty when it could not be read.
    pub text: Arc<str>,
    /// The finding.
    pub finding: Finding,
    /// A related place.
    pub related: Option<Related>,
}

/// A place that is related to a fault.
#[derive(Clone, Debug)]
pub struct Related {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// The place.
    pub span: Span,
    /// The label of the place.
    pub label: &'static str,
}

/// Revisions, and of each id the first one that has it.
pub(super) struct FirstById<'r> {
    revisions: &'r [HistoryFile],
    first: HashMap<&'r str, &'r HistoryFile>,
}

impl<'r> FirstById<'r> {
    pub(super) fn new(revisions: &'r [HistoryFile]) -> Self {
        let ids = revisions.iter().rev();
        let ids = ids.map(|file| (file.file.header.id.name.as_str(), file));
        Self {
            revisions,
            first: ids.collect(),
        }
    }
}

impl HistoryError {
    pub(super) fn new(mut faults: Vec<Fault>) -> Self {
        faults.sort_by(|a, b| (&a.path, a.finding.span).cmp(&(&b.path, b.finding.span)));
        Self { faults }
    }
}

impl Fault {
    pub(super) fn new(path: &Path, text: &Arc<str>, finding: Finding) -> Self {
        Self {
            path: path.to_owned(),
            text: text.clone(),
            finding,
            related: None,
        }
    }

    /// Returns the fault of an error of the graph, at its place in a header.
    pub(super) fn from_graph_error(ids: &FirstById<'_>, error: GraphError) -> Self {
        let revision = &ids.revisions[error.revision];
        let header = &revision.file.header;
        let parent = |id: &str| {
            let mut parents = header.revises.iter();
            parents
                .find(|named| named.name.as_str() == id)
                .map(|named| named.span)
        };
        let dependency = |name: &str| {
            let mut dependencies = header.depends_on.iter();
            dependencies
                .find(|named| named.name == name)
                .map(|named| named.span)
        };
        let place_of_id = |id: &str, label| {
            let other = ids.first.get(id)?;
            Some(Related {
                path: other.path.clone(),
                text: other.text.clone(),
                span: other.file.header.id.span,
                label,
            })
        };
        let (span, related) = match &error.kind {
            GraphErrorKind::DuplicateId { id, .. } => {
                (None, place_of_id(id.as_str(), "first here"))
            }
            GraphErrorKind::MissingParent { parent: id, .. } => (parent(id.as_str()), None),
            GraphErrorKind::MissingDependency { dependency: id, .. } => (dependency(id), None),
            GraphErrorKind::DuplicateLabel { label, other, .. } => {
                let mut labels = header.branch_labels.iter();
                let named = labels.find(|named| named.name == *label);
                (
                    named.map(|named| named.span),
                    place_of_id(other.as_str(), "used here"),
                )
            }
            GraphErrorKind::SelfLoop { id } => (parent(id.as_str()), None),
            GraphErrorKind::DependencySelfLoop { .. } => {
                (header.depends_on.first().map(|named| named.span), None)
            }
            GraphErrorKind::Cycle { ids } | GraphErrorKind::DependencyCycle { ids } => {
                let next = ids.get(1).map(|id| id.as_str()).unwrap_or_default();
                let span = parent(next).or_else(|| dependency(next));
                (span, place_of_id(next, "and this one leads back"))
            }
        };
        Self {
            path: revision.path.clone(),
            text: revision.text.clone(),
            finding: Finding::new(
                span.unwrap_or(header.id.span),
                FindingKind::Graph(error.kind),
            ),
            related,
        }
    }

    /// Returns the line and column of the fault.
    #[must_use]
    pub fn position(&self) -> Position {
        Position::of(&self.text, self.finding.span.start)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "{path}:{}: {}", self.position(), self.finding.kind)
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for HistoryError {}
