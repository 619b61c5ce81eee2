//! Which changes several engines make by the same statements.

use alembic_sql::{AlterAction, Dialect, DroppedConstraint, SqlText, StatementKind};

use crate::change::{Change, Hazard, Verb};
use crate::model::ObjectKind;

/// How much two engines share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharing {
    /// Nothing.
    Nothing,
    /// The changes that both make by the same text.
    SameText,
    /// The changes of the same kind of the same object, whatever their text: whether the other engine
    /// reads it is shown by running it.
    SameObject,
}

/// A change in the order of a file for two engines: its places in the changes of the first and of the
/// second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Only the first engine makes it.
    First(usize),
    /// Only the second engine makes it.
    Second(usize),
    /// Both make it.
    Both(usize, usize),
}

/// Returns a change that both engines make: the statements of one of them, and the hazards of both; those
/// that only one of them has name it.
#[must_use]
pub fn shared([first, second]: [&Change; 2], dialects: [Dialect; 2]) -> Change {
    let chosen = match has_common_forms(first) {
        true => first,
        false => second,
    };
    let has = |change: &Change, hazard: &Hazard| {
        let sentence = hazard.sentence();
        change
            .hazards
            .iter()
            .any(|other| other.sentence() == sentence)
    };
    let on = |dialect, hazard: &Hazard| Hazard::On(dialect, Box::new(hazard.clone()));
    let ours = first
        .hazards
        .iter()
        .map(|hazard| match has(second, hazard) {
            true => hazard.clone(),
            false => on(dialects[0], hazard),
        });
    let theirs = second.hazards.iter().filter(|hazard| !has(first, hazard));
    let hazards = ours.chain(theirs.map(|hazard| on(dialects[1], hazard)));
    Change {
        hazards: hazards.collect(),
        ..chosen.clone()
    }
}

/// Merges two sequences of these lengths, each of which keeps its order; of what `is_shared` allows, as much
/// as possible is shared.
#[must_use]
pub fn merge(first: usize, second: usize, is_shared: impl Fn(usize, usize) -> bool) -> Vec<Shared> {
    // The lengths of the longest common sequences of what is left.
    let mut lengths = vec![vec![0_usize; second + 1]; first + 1];
    for at in (0..first).rev() {
        for other in (0..second).rev() {
            let skipped = lengths[at + 1][other].max(lengths[at][other + 1]);
            lengths[at][other] = match is_shared(at, other) {
                true => skipped.max(lengths[at + 1][other + 1] + 1),
                false => skipped,
            };
        }
    }
    let (mut at, mut other) = (0, 0);
    let mut merged = Vec::with_capacity(first.max(second));
    while at < first || other < second {
        let (has_first, has_second) = (at < first, other < second);
        if has_first
            && has_second
            && is_shared(at, other)
            && lengths[at][other] == lengths[at + 1][other + 1] + 1
        {
            merged.push(Shared::Both(at, other));
            at += 1;
            other += 1;
        } else if has_first && (!has_second || lengths[at + 1][other] == lengths[at][other]) {
            merged.push(Shared::First(at));
            at += 1;
        } else {
            merged.push(Shared::Second(other));
            other += 1;
        }
    }
    merged
}

impl Sharing {
    /// Returns the next smaller one.
    #[must_use]
    pub const fn less(self) -> Option<Self> {
        match self {
            Self::SameObject => Some(Self::SameText),
            Self::SameText => Some(Self::Nothing),
            Self::Nothing => None,
        }
    }

    /// Merges the changes of two engines, each of which keeps its order; as many as possible are shared.
    #[must_use]
    pub fn merge(self, first: &[Change], second: &[Change]) -> Vec<Shared> {
        merge(first.len(), second.len(), |at, other| {
            self.allows(&first[at], &second[other])
        })
    }

    fn allows(self, first: &Change, second: &Change) -> bool {
        let statements = || first.statements.iter().chain(&second.statements);
        if statements().any(|statement| statement.stands_alone) {
            return false;
        }
        match self {
            Self::Nothing => false,
            Self::SameText => first.statements == second.statements,
            Self::SameObject => {
                key(first) == key(second) && (has_common_forms(first) || has_common_forms(second))
            }
        }
    }
}

/// What happens to which object; schemas have names on one engine only.
fn key(change: &Change) -> (Verb, ObjectKind, Option<&str>, &str) {
    let object = &change.object;
    let parent = object.parent.as_deref();
    (change.verb, object.kind, parent, &object.name)
}

fn has_common_forms(change: &Change) -> bool {
    let mut statements = change.statements.iter();
    statements.all(|statement| is_common(&statement.sql))
}

/// Returns whether a statement has a form that every engine may read: a constraint without a name is
/// dropped by what it says on SQLite only.
fn is_common(sql: &str) -> bool {
    let text = SqlText::new(sql);
    text.split(alembic_sql::Dialect::ALL[0])
        .statements
        .iter()
        .all(|statement| match &statement.kind {
            StatementKind::AlterTable(table) => table.actions.iter().all(|action| match action {
                AlterAction::DropConstraint { constraint, .. } => {
                    matches!(constraint, DroppedConstraint::Named(_))
                }
                AlterAction::Rebuild { .. } => false,
                _ => true,
            }),
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Hazard, Statement};
    use crate::model::ObjectId;

    fn changes(texts: &[&str]) -> Vec<Change> {
        let changes = texts.iter().map(|text| {
            let (name, sql) = text.split_once(": ").unwrap();
            Change {
                verb: Verb::Create,
                object: ObjectId::new(ObjectKind::Table, "", name),
                sentence: String::new(),
                hazards: Vec::new(),
                statements: vec![Statement::new(sql)],
            }
        });
        changes.collect()
    }

    #[test]
    fn changes_are_shared_in_the_order_of_both() {
        for (first, second, objects, texts) in [
            (vec![], vec![], "", ""),
            (vec!["a: A"], vec!["a: A"], "=a", "=a"),
            (vec!["a: A"], vec!["a: B"], "=a", "<a >a"),
            (vec!["a: A", "b: B"], vec!["b: B"], "<a =b", "<a =b"),
            (
                vec!["a: A", "b: B"],
                vec!["c: C", "b: B"],
                "<a >c =b",
                "<a >c =b",
            ),
            (
                vec!["a: A", "b: B"],
                vec!["b: B", "a: A"],
                "<a =b >a",
                "<a =b >a",
            ),
            // What names a constraint by what it says is read by SQLite only.
            (
                vec!["a: ALTER TABLE t DROP UNIQUE (x)"],
                vec!["a: ALTER TABLE t DROP CONSTRAINT t_x_key"],
                "=a",
                "<a >a",
            ),
        ] {
            let (first, second) = (changes(&first), changes(&second));
            for (sharing, expected) in [(Sharing::SameObject, objects), (Sharing::SameText, texts)]
            {
                let merged = sharing.merge(&first, &second);
                let shown = merged.iter().map(|shared| match *shared {
                    Shared::First(at) => format!("<{}", first[at].object.name),
                    Shared::Second(at) => format!(">{}", second[at].object.name),
                    Shared::Both(at, _) => format!("={}", first[at].object.name),
                });
                assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
            }
            let apart = Sharing::Nothing.merge(&first, &second);
            assert_eq!(apart.len(), first.len() + second.len());
        }
    }

    #[test]
    fn hazards_of_both_engines_are_told() {
        let mut first = changes(&["a: ALTER TABLE t DROP UNIQUE (x)"]).remove(0);
        let mut second = changes(&["a: ALTER TABLE t DROP CONSTRAINT t_x_key"]).remove(0);
        let why = |text: &str| Hazard::MayFail(text.to_owned());
        first.hazards = vec![why("x"), why("y")];
        second.hazards = vec![why("y"), why("z")];
        let both = shared([&first, &second], [Dialect::Sqlite, Dialect::Postgres]);
        assert_eq!(both.statements, second.statements);
        let on = |dialect, text| Hazard::On(dialect, Box::new(why(text)));
        assert_eq!(
            both.hazards,
            [
                on(Dialect::Sqlite, "x"),
                why("y"),
                on(Dialect::Postgres, "z")
            ]
        );
        assert_eq!(both.hazards[2].sentence(), "on PostgreSQL, fails if z");
    }
}
