//! The text of a generated revision.

use std::fmt::Write;

use alembic_migrate::Dialect;
use alembic_migrate::schema::Change;
use alembic_schema::{Part, Shared, Sharing, Way, sections, shared, summary};

use super::Side;
use super::counts::Counts;
use super::side::Omission;
use crate::new_revision::PreparedRevision;

/// How much the engines share in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sharings {
    upgrade: Sharing,
    downgrade: Sharing,
}

impl Sharings {
    /// As much as possible.
    pub(super) const MOST: Self = Self {
        upgrade: Sharing::SameObject,
        downgrade: Sharing::SameObject,
    };

    /// Returns what is left once less is shared in a direction; `None` if nothing is.
    pub(super) fn less(self, way: Way) -> Option<Self> {
        Some(match way {
            Way::Upgrade => Self {
                upgrade: self.upgrade.less()?,
                ..self
            },
            Way::Downgrade => Self {
                downgrade: self.downgrade.less()?,
                ..self
            },
        })
    }

    fn of(self, way: Way) -> Sharing {
        match way {
            Way::Upgrade => self.upgrade,
            Way::Downgrade => self.downgrade,
        }
    }
}

/// Changes that follow each other, and the engine that they are for.
struct Run {
    /// The engine; `None` if all engines of the crate make the changes.
    named: Option<Dialect>,
    dialect: Dialect,
    changes: Vec<Change>,
}

/// Puts changes together that follow each other on the same engines.
fn runs(merged: impl Iterator<Item = (Option<Dialect>, Dialect, Change)>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (named, dialect, change) in merged {
        match runs.last_mut() {
            Some(run) if run.named == named => run.changes.push(change),
            _ => runs.push(Run {
                named,
                dialect,
                changes: vec![change],
            }),
        }
    }
    runs
}

/// A generated revision that is not proved yet.
pub(super) struct Draft<'d> {
    pub(super) prepared: &'d PreparedRevision<'d>,
    pub(super) sides: &'d [Side<'d>],
    pub(super) counts: &'d Counts,
    pub(super) sharings: Sharings,
}

impl Draft<'_> {
    /// Returns the text of the file.
    pub(super) fn text(&self) -> String {
        let mut body = self.head();
        for way in [Way::Upgrade, Way::Downgrade] {
            body.push('\n');
            body.push_str(&self.sections(way));
        }
        self.prepared.new.render_with(&body)
    }

    /// Returns the comment that sums the changes up.
    fn head(&self) -> String {
        let summaries = self
            .sides
            .iter()
            .map(|side| (side.dialect(), summary(&side.upgrade)));
        let mut summaries: Vec<_> = summaries.collect();
        if let [(_, first), rest @ ..] = summaries.as_slice()
            && rest.iter().all(|(_, other)| other == first)
        {
            summaries.truncate(1);
        }
        let mut head = String::new();
        for (dialect, summary) in &summaries {
            let engine = match summaries.as_slice() {
                [_] => String::new(),
                _ => format!("{}: ", dialect.product()),
            };
            let summary = match summary.as_str() {
                "" => "no changes",
                summary => summary,
            };
            let _ = writeln!(head, "-- {engine}{summary}");
        }
        for side in self.sides {
            let engine = match self.sides {
                [_] => String::new(),
                _ => format!(" for {}", side.dialect().product()),
            };
            if is_split(&side.upgrade) || is_split(&side.downgrade) {
                let _ = writeln!(
                    head,
                    "-- Not one transaction{engine}: what ran before a failure stays, and the next run goes on there"
                );
            }
            for omission in &side.omissions {
                let Omission { sentence, reason } = omission;
                let _ = writeln!(head, "-- Not written{engine}: {sentence}: {reason}");
            }
        }
        head
    }

    fn sections(&self, way: Way) -> String {
        let runs = match self.sides {
            [first, second] => {
                let merged = self.sharings.of(way);
                let (ours, theirs) = (first.changes(way), second.changes(way));
                let merged = merged.merge(ours, theirs).into_iter();
                runs(merged.map(|place| match place {
                    Shared::First(at) => {
                        let dialect = first.dialect();
                        (Some(dialect), dialect, ours[at].clone())
                    }
                    Shared::Second(at) => {
                        let dialect = second.dialect();
                        (Some(dialect), dialect, theirs[at].clone())
                    }
                    Shared::Both(at, other) => {
                        let dialects = [first.dialect(), second.dialect()];
                        let change = shared([&ours[at], &theirs[other]], dialects);
                        (None, first.dialect(), change)
                    }
                }))
            }
            sides => {
                let all = sides.iter().flat_map(|side| {
                    let changes = side.changes(way).iter();
                    changes.map(|change| (side.named(sides), side.dialect(), change.clone()))
                });
                runs(all)
            }
        };
        let parts = runs.iter().map(|run| Part {
            named: run.named,
            dialect: run.dialect,
            changes: &run.changes,
        });
        let comment = |hazard: &_| self.counts.sentence(hazard);
        sections(way, &parts.collect::<Vec<_>>(), comment)
    }
}

/// Returns whether some of the statements are committed before others run.
fn is_split(changes: &[Change]) -> bool {
    let statements = || changes.iter().flat_map(|change| &change.statements);
    statements().count() > 1 && statements().any(|statement| statement.stands_alone)
}
