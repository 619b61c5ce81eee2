//! The text of a generated revision.

use std::fmt::Write;

use alembic_migrate::schema::Change;
use alembic_schema::{Part, Way, sections, summary};

use super::Side;
use super::counts::Counts;
use crate::new_revision::PreparedRevision;

/// Which directions all engines run the same sections for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sharing {
    upgrade: bool,
    downgrade: bool,
}

impl Sharing {
    /// Returns the directions in which all engines do the same to the same objects.
    pub(super) fn proposed(sides: &[Side<'_>]) -> Self {
        let is_same = |way| {
            let [first, rest @ ..] = sides else {
                return false;
            };
            let mut rest = rest.iter();
            rest.all(|side| is_alike(first.changes(way), side.changes(way)))
        };
        Self {
            upgrade: is_same(Way::Upgrade),
            downgrade: is_same(Way::Downgrade),
        }
    }

    /// Returns what is left once a direction is written for each engine; `None` if it was already.
    pub(super) fn without(self, way: Way) -> Option<Self> {
        match way {
            Way::Upgrade if self.upgrade => Some(Self {
                upgrade: false,
                ..self
            }),
            Way::Downgrade if self.downgrade => Some(Self {
                downgrade: false,
                ..self
            }),
            Way::Upgrade | Way::Downgrade => None,
        }
    }
}

/// Returns whether two engines do the same to the same objects.
fn is_alike(changes: &[Change], others: &[Change]) -> bool {
    let alone = |changes: &[Change]| {
        let mut statements = changes.iter().flat_map(|change| &change.statements);
        statements.any(|statement| statement.stands_alone)
    };
    let key = |change: &Change| {
        let object = &change.object;
        (
            change.verb,
            object.kind,
            object.parent.clone(),
            object.name.clone(),
        )
    };
    let same = changes.iter().map(key).eq(others.iter().map(key));
    same && !alone(changes) && !alone(others)
}

/// A generated revision that is not proved yet.
pub(super) struct Draft<'d> {
    pub(super) prepared: &'d PreparedRevision<'d>,
    pub(super) sides: &'d [Side<'d>],
    pub(super) counts: &'d Counts,
    pub(super) sharing: Sharing,
}

impl Draft<'_> {
    /// Returns the text of the file.
    pub(super) fn text(&self) -> String {
        let mut body = self.head();
        let ways = [
            (Way::Upgrade, self.sharing.upgrade),
            (Way::Downgrade, self.sharing.downgrade),
        ];
        for (way, is_shared) in ways {
            body.push('\n');
            body.push_str(&self.sections(way, is_shared));
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
        head
    }

    fn sections(&self, way: Way, is_shared: bool) -> String {
        let comment = |hazard: &_| self.counts.sentence(hazard);
        let shown = match self.sides {
            [first, _, ..] if is_shared => std::slice::from_ref(first),
            sides => sides,
        };
        let parts = shown.iter().map(|side| Part {
            named: (shown.len() > 1).then(|| side.dialect()),
            dialect: side.dialect(),
            changes: side.changes(way),
        });
        sections(way, &parts.collect::<Vec<_>>(), comment)
    }
}
