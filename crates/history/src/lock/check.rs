//! Compares the files of a history with its lock file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Lock;
use crate::lock_finding::{LockDifference, LockError, LockFinding};
use crate::{Dialect, Fault, Finding, FindingKind, History, Related, Span};

/// The lock file of a crate, as it was found.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    package: Arc<str>,
    text: io::Result<Arc<str>>,
}

impl LockFile {
    /// Creates the lock file of the crate `package`: its path, as it is shown to people, and its text
    /// or the error of reading it.
    #[must_use]
    pub fn new(path: PathBuf, text: io::Result<String>, package: &str) -> Self {
        Self {
            path,
            package: package.into(),
            text: text.map(Into::into),
        }
    }

    /// Returns the text; empty if it could not be read.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Returns whether the file does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        let error = self.text.as_ref().err();
        error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Reads the lock.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the file.
    pub fn parse(&self) -> Result<Lock, Box<Fault>> {
        self.parse_with(Lock::parse)
    }

    /// Reads the lock, or the two sides of a merge that git could not do; `current` describes the
    /// files.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the file.
    pub fn parse_both_sides(&self, current: &Lock) -> Result<Lock, Box<Fault>> {
        self.parse_with(|text| Lock::parse_both_sides(text, current))
    }

    fn parse_with(
        &self,
        parse: impl Fn(&str) -> Result<Lock, LockError>,
    ) -> Result<Lock, Box<Fault>> {
        let (span, finding) = match &self.text {
            Ok(text) => match parse(text) {
                Ok(lock) => return Ok(lock),
                Err(LockError { span, kind }) => (span, LockFinding::Line(kind)),
            },
            Err(_) if self.is_missing() => (NOWHERE, LockFinding::Missing),
            Err(error) => (NOWHERE, LockFinding::Unreadable(error.to_string())),
        };
        Err(Box::new(self.fault(span, finding)))
    }

    fn fault(&self, span: Span, finding: LockFinding) -> Fault {
        Fault {
            path: self.path.clone(),
            text: self.shared_text(),
            finding: self.finding(span, finding),
            related: None,
        }
    }

    fn finding(&self, span: Span, finding: LockFinding) -> Finding {
        let package = self.package.clone();
        Finding::new(span, FindingKind::Lock { package, finding })
    }

    fn shared_text(&self) -> Arc<str> {
        self.text
            .as_ref()
            .map_or_else(|_| Arc::default(), Arc::clone)
    }
}

/// The place of what is about a whole file.
const NOWHERE: Span = Span::new(0, 0);

impl History {
    /// Compares the files with the crate's lock file, for its `dialects`.
    #[must_use]
    pub fn check_lock(&self, file: &LockFile, dialects: &[Dialect]) -> Vec<Fault> {
        let lock = match file.parse() {
            Ok(lock) => lock,
            Err(fault) => return vec![*fault],
        };
        let differences = lock.differences(&Lock::of(self, dialects)).into_iter();
        let faults = differences.map(|difference| {
            let id = match &difference {
                LockDifference::Dialects(_) => None,
                LockDifference::Added(id)
                | LockDifference::Removed(id)
                | LockDifference::Parents(id)
                | LockDifference::Dependencies(id)
                | LockDifference::Unrecorded(id)
                | LockDifference::Content(id, _) => Some(id.clone()),
            };
            let span = id.as_ref().and_then(|id| lock.span(id));
            let finding = LockFinding::Difference(difference);
            let node = id.and_then(|id| self.graph().node(id.as_str()));
            let Some(node) = node else {
                return file.fault(span.unwrap_or(NOWHERE), finding);
            };
            let revision = self.file(node);
            let header = &revision.file.header;
            let place = match &finding {
                LockFinding::Difference(LockDifference::Parents(_)) => {
                    header.revises.first().map(|parent| parent.span)
                }
                LockFinding::Difference(LockDifference::Dependencies(_)) => {
                    header.depends_on.first().map(|named| named.span)
                }
                _ => None,
            };
            Fault {
                path: revision.path.clone(),
                text: revision.text.clone(),
                finding: file.finding(place.unwrap_or(header.id.span), finding),
                related: span.map(|span| Related {
                    path: file.path.clone(),
                    text: file.shared_text(),
                    span,
                    label: "recorded here",
                }),
            }
        });
        faults.collect()
    }
}
