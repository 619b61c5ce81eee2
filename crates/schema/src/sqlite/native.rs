//! What SQLite's own `ALTER TABLE` does, in every supported version, without losing anything.

use alembic_sql::{AlterAction, ColumnConstraintKind, ColumnOutline, TableOutline};

use super::ObjectKind;
use super::catalog::{Catalog, Object};
use super::mention::{mentions, object_mentions};

/// Returns whether an action is carried out by this library, unless SQLite does it as well.
#[must_use]
pub fn is_ours(action: &AlterAction) -> bool {
    match action {
        AlterAction::AddColumn { .. }
        | AlterAction::AddConstraint { .. }
        | AlterAction::AlterColumn { .. }
        | AlterAction::DropColumn { .. }
        | AlterAction::DropConstraint { .. }
        | AlterAction::RenameConstraint { .. }
        | AlterAction::Rebuild { .. } => true,
        AlterAction::RenameTable { .. } | AlterAction::RenameColumn { .. } | AlterAction::Other => {
            false
        }
    }
}

/// Returns whether SQLite's own `ALTER TABLE` has no such action, in some supported version at least.
#[must_use]
pub fn is_foreign(action: &AlterAction) -> bool {
    match action {
        AlterAction::AddConstraint { .. }
        | AlterAction::AlterColumn { .. }
        | AlterAction::DropConstraint { .. }
        | AlterAction::RenameConstraint { .. }
        | AlterAction::Rebuild { .. } => true,
        AlterAction::AddColumn { .. }
        | AlterAction::DropColumn { .. }
        | AlterAction::RenameTable { .. }
        | AlterAction::RenameColumn { .. }
        | AlterAction::Other => false,
    }
}

/// Returns whether every supported version of SQLite carries out the action as it is written,
/// whatever the table is.
#[must_use]
pub fn is_native_everywhere(action: &AlterAction) -> bool {
    match action {
        AlterAction::RenameTable { .. } | AlterAction::RenameColumn { .. } | AlterAction::Other => {
            true
        }
        AlterAction::AddColumn {
            if_not_exists: false,
            definition,
            ..
        } => ColumnOutline::read(definition).is_some_and(|column| can_add(definition, &column)),
        AlterAction::AddColumn { .. }
        | AlterAction::AddConstraint { .. }
        | AlterAction::AlterColumn { .. }
        | AlterAction::DropColumn { .. }
        | AlterAction::DropConstraint { .. }
        | AlterAction::RenameConstraint { .. }
        | AlterAction::Rebuild { .. } => false,
    }
}

/// Returns whether a column can be added without a look at the rows.
pub(super) fn can_add(sql: &str, column: &ColumnOutline) -> bool {
    let constraints = || column.constraints.iter().map(|constraint| &constraint.kind);
    let default = constraints().find_map(|kind| match kind {
        ColumnConstraintKind::Default { value } => Some(value.text(sql)),
        _ => None,
    });
    let is_null = default.is_none_or(|value| value.eq_ignore_ascii_case("NULL"));
    let is_generated = column.is_generated();
    default.is_none_or(is_constant)
        && constraints().all(|kind| match kind {
            ColumnConstraintKind::Null
            | ColumnConstraintKind::Default { .. }
            | ColumnConstraintKind::Collate { .. }
            | ColumnConstraintKind::Deferral
            | ColumnConstraintKind::Nothing => true,
            ColumnConstraintKind::NotNull => !is_null && !is_generated,
            ColumnConstraintKind::References(_) => is_null,
            ColumnConstraintKind::Generated { stored, .. } => !stored,
            // Older versions do not check the rows that there are.
            ColumnConstraintKind::Check { .. }
            | ColumnConstraintKind::PrimaryKey { .. }
            | ColumnConstraintKind::Unique => false,
        })
}

/// Returns whether a default is a literal.
fn is_constant(value: &str) -> bool {
    let word = value.trim_start_matches(['+', '-']).trim_start();
    let is_number = word.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let is_literal = ["NULL", "TRUE", "FALSE"]
        .iter()
        .any(|literal| word.eq_ignore_ascii_case(literal));
    is_number || is_literal || word.ends_with('\'')
}

/// Returns whether SQLite drops a column in place, because nothing else mentions it.
pub(super) fn can_drop(
    catalog: &Catalog,
    table: &Object,
    sql: &str,
    outline: &TableOutline,
    column: &ColumnOutline,
) -> bool {
    let is_plain = column.constraints.iter().all(|constraint| {
        matches!(
            constraint.kind,
            ColumnConstraintKind::NotNull
                | ColumnConstraintKind::Null
                | ColumnConstraintKind::Default { .. }
                | ColumnConstraintKind::Collate { .. }
        )
    });
    let mut others = outline.columns.iter().filter(|other| *other != column);
    let mut constraints = outline.constraints.iter();
    is_plain
        && outline.columns.len() > 1
        && !outline.without_rowid
        && !outline.columns.iter().any(ColumnOutline::is_generated)
        && !others.any(|other| mentions(sql, other.span, &column.name) && other.name != column.name)
        && !constraints.any(|constraint| mentions(sql, constraint.span, &column.name))
        && !catalog.objects.iter().any(|object| {
            match object.kind {
                ObjectKind::Table => false,
                ObjectKind::Index => {
                    object.table.eq_ignore_ascii_case(&table.name)
                        && object_mentions(object, &column.name)
                }
                // SQLite refuses to drop a column while any of them does not compile.
                ObjectKind::View | ObjectKind::Trigger => true,
            }
        })
}
