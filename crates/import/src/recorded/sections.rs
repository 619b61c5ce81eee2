//! The statements of one or two engines as the sections of a revision file.

use std::fmt::Write;

use alembic_history::{Dialect, Direction};
use alembic_schema::{Shared, merge};

use super::statements::Statement;

/// One direction of a revision, on one engine.
pub(super) struct Side {
    pub(super) dialect: Dialect,
    pub(super) statements: Vec<Statement>,
    /// Whether the function failed, so that there is no way.
    pub(super) raised: bool,
}

/// Returns the sections of one direction: those that engines have alike, once.
pub(super) fn sections(direction: Direction, sides: &[Side]) -> String {
    let mut text = String::new();
    let is_alone = sides.len() == 1;
    if sides.iter().all(|side| side.raised) {
        return format!("-- alembic: {direction} {IRREVERSIBLE}\n");
    }
    if sides
        .iter()
        .all(|side| side.statements.is_empty() && !side.raised)
    {
        return format!("-- alembic: {direction} empty\n");
    }
    for side in sides.iter().filter(|side| side.statements.is_empty()) {
        let dialect = side.dialect;
        let what = if side.raised { IRREVERSIBLE } else { "empty" };
        let _ = writeln!(text, "-- alembic: {direction} {dialect} {what}\n");
    }
    let statements: Vec<(Option<Dialect>, &Statement)> = match sides {
        [first, second] => {
            let (ours, theirs) = (&first.statements, &second.statements);
            let merged = match ours == theirs {
                true => (0..ours.len()).map(|at| Shared::Both(at, at)).collect(),
                false => merge(ours.len(), theirs.len(), |at, other| {
                    ours[at] == theirs[other]
                }),
            };
            let place = |shared: Shared| match shared {
                Shared::First(at) => (Some(first.dialect), &ours[at]),
                Shared::Second(at) => (Some(second.dialect), &theirs[at]),
                Shared::Both(at, _) => (None, &ours[at]),
            };
            merged.into_iter().map(place).collect()
        }
        sides => {
            let named = |side: &Side| (!is_alone).then_some(side.dialect);
            let all = sides.iter().flat_map(|side| {
                let statements = side.statements.iter();
                statements.map(move |statement| (named(side), statement))
            });
            all.collect()
        }
    };
    let mut open: Option<(Option<Dialect>, bool)> = None;
    let mut was_long = false;
    for (named, statement) in statements {
        let is_long = statement.sql.trim_end().contains('\n');
        if open != Some((named, statement.outside)) {
            if open.is_some() {
                text.push('\n');
            }
            let engine = named.map_or(String::new(), |dialect| format!(" {dialect}"));
            let flag = match statement.outside {
                true => " no-transaction",
                false => "",
            };
            let _ = writeln!(text, "-- alembic: {direction}{engine}{flag}");
            open = Some((named, statement.outside));
        } else if is_long || was_long {
            text.push('\n');
        }
        text.push_str(&statement.sql);
        was_long = is_long;
    }
    text
}

const IRREVERSIBLE: &str = "irreversible: its downgrade fails";
