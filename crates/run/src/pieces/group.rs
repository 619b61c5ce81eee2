//! Statements that are carried out together.

use alembic_history::Node;
use alembic_sql::{AlterAction, AlterTable, ColumnChange, StatementKind};

use super::Piece;
use crate::alter::{Means, Numbered, altered_table};

/// Joins the statements that change the same table one after the other, if one of them needs a new
/// table: it is made once for all.
pub(crate) fn group<'h>(
    pieces: Vec<Piece<'h>>,
    alters: impl Fn(&StatementKind) -> Option<Means>,
) -> Vec<Piece<'h>> {
    let mut grouped = Vec::with_capacity(pieces.len());
    let mut open: Option<Group<'h>> = None;
    for piece in pieces {
        let altered = match &piece {
            Piece::Statement {
                node, statement, ..
            } => alters(statement.kind())
                .zip(altered_table(statement.kind()))
                .map(|(means, table)| (*node, means, table)),
            Piece::Alter { .. } | Piece::Setting(_) | Piece::Modes { .. } | Piece::Row(_) => None,
        };
        let Some((node, means, table)) = altered else {
            grouped.extend(open.take().into_iter().flat_map(Group::close));
            grouped.push(piece);
            continue;
        };
        let group = match open.take() {
            Some(group) if group.takes(table) => group,
            before => {
                grouped.extend(before.into_iter().flat_map(Group::close));
                Group {
                    node,
                    table,
                    pieces: Vec::new(),
                    is_rebuilt: false,
                }
            }
        };
        open = Some(group.with(piece, means));
    }
    grouped.extend(open.into_iter().flat_map(Group::close));
    grouped
}

struct Group<'h> {
    node: Node,
    table: &'h AlterTable,
    pieces: Vec<Piece<'h>>,
    is_rebuilt: bool,
}

impl<'h> Group<'h> {
    /// Returns whether a statement can be carried out together with these.
    fn takes(&self, next: &AlterTable) -> bool {
        // An expression is about the values that the statements before have left.
        let has_expression = next.actions.iter().any(|action| {
            matches!(
                action,
                AlterAction::AlterColumn {
                    change: ColumnChange::SetType { using: Some(_), .. },
                    ..
                }
            )
        });
        let same = self
            .table
            .table
            .written()
            .eq_ignore_ascii_case(next.table.written());
        same && self.table.if_exists == next.if_exists && !has_expression
    }

    fn with(mut self, piece: Piece<'h>, means: Means) -> Self {
        self.pieces.push(piece);
        self.is_rebuilt |= means == Means::Catalog;
        self
    }

    fn close(self) -> Vec<Piece<'h>> {
        if !self.is_rebuilt {
            return self.pieces;
        }
        let statements = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Statement {
                statement, number, ..
            } => Some(Numbered {
                statement: *statement,
                number: *number,
            }),
            Piece::Alter { .. } | Piece::Setting(_) | Piece::Modes { .. } | Piece::Row(_) => None,
        });
        vec![Piece::Alter {
            node: self.node,
            statements: statements.collect(),
        }]
    }
}
