//! Compares the files of a history with its lock file.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Lock, LockDifference, LockFinding};
use crate::{Dialect, Digest, Fault, Finding, FindingKind, History, Related, RevisionId, Span};

/// A lock file, as it was found.
#[derive(Debug)]
pub struct LockFile<'l> {
    /// The path, as it is shown to people.
    pub path: &'l Path,
    /// The text, or the error of reading it.
    pub text: io::Result<String>,
}

impl History {
    /// Compares the files with the lock file of the crate `package`, for its `dialects`.
    #[must_use]
    pub fn check_lock(
        &self,
        LockFile { path, text }: LockFile<'_>,
        dialects: &[Dialect],
        package: &str,
    ) -> Vec<Fault> {
        let package = Arc::from(package);
        let in_lock = |text: &Arc<str>, span: Span, finding| Fault {
            path: path.to_owned(),
            text: text.clone(),
            finding: kind(span, &package, finding),
            related: None,
        };
        let nowhere = Span::new(0, 0);
        let text: Arc<str> = match text {
            Ok(text) => text.into(),
            Err(error) => {
                let finding = match error.kind() {
                    io::ErrorKind::NotFound => LockFinding::Missing,
                    _ => LockFinding::Unreadable(error.to_string()),
                };
                return vec![in_lock(&Arc::default(), nowhere, finding)];
            }
        };
        let lock = match Lock::parse(&text) {
            Ok(lock) => lock,
            Err(error) => {
                return vec![in_lock(&text, error.span, LockFinding::Line(error.kind))];
            }
        };
        let differences = lock.differences(&Lock::of(self, dialects)).into_iter();
        let faults = differences.map(|difference| {
            let id = match &difference {
                LockDifference::Dialects(_) => None,
                LockDifference::Added(id)
                | LockDifference::Removed(id)
                | LockDifference::Parents(id)
                | LockDifference::Dependencies(id)
                | LockDifference::Content(id, _) => Some(id.clone()),
            };
            let span = id.as_ref().and_then(|id| lock.span(id));
            let finding = match difference {
                LockDifference::Content(id, dialects) if lock.is_empty(&id) => {
                    LockFinding::FilledIn(id, dialects)
                }
                difference => LockFinding::Difference(difference),
            };
            let node = id.and_then(|id| self.graph().node(id.as_str()));
            let Some(node) = node else {
                return in_lock(&text, span.unwrap_or(nowhere), finding);
            };
            let file = self.file(node);
            let header = &file.file.header;
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
                path: file.path.clone(),
                text: file.text.clone(),
                finding: kind(place.unwrap_or(header.id.span), &package, finding),
                related: span.map(|span| Related {
                    path: path.to_owned(),
                    text: text.clone(),
                    span,
                    label: "recorded here",
                }),
            }
        });
        faults.collect()
    }
}

impl Lock {
    /// Returns whether a revision had no statements when it was recorded.
    fn is_empty(&self, id: &RevisionId) -> bool {
        let revision = self.revision(id);
        revision.is_some_and(|known| {
            known
                .digests
                .values()
                .all(|digest| *digest == Digest::EMPTY)
        })
    }
}

fn kind(span: Span, package: &Arc<str>, finding: LockFinding) -> Finding {
    let package = package.clone();
    Finding::new(span, FindingKind::Lock { package, finding })
}
