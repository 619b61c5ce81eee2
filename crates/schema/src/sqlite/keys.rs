//! The keys of a table.

use alembic_sql::{
    ColumnConstraintKind, ColumnOutline, Reference, TableConstraintKind, TableOutline,
};

use super::catalog::{Catalog, Object};
use super::mention::{self, index_columns};
use super::names::{Demand, Place, constraints};

/// Returns the columns of the primary key.
pub(super) fn primary_key(outline: &TableOutline) -> Option<Vec<String>> {
    let of_table = outline.constraints.iter().find_map(|constraint| {
        let TableConstraintKind::PrimaryKey { columns, .. } = &constraint.kind else {
            return None;
        };
        Some(columns.clone())
    });
    of_table.or_else(|| {
        let column = outline.columns.iter().find(|column| {
            let mut constraints = column.constraints.iter();
            constraints.any(|constraint| {
                matches!(constraint.kind, ColumnConstraintKind::PrimaryKey { .. })
            })
        })?;
        Some(vec![column.name.clone()])
    })
}

/// Returns the column that is another name of the rowid.
pub(super) fn rowid_alias<'o>(sql: &str, outline: &'o TableOutline) -> Option<&'o ColumnOutline> {
    if outline.without_rowid {
        return None;
    }
    let key = primary_key(outline)?;
    let [name] = key.as_slice() else {
        return None;
    };
    let column = outline.column(name)?;
    let is_integer = column
        .type_span
        .is_some_and(|span| mention::name(span.text(sql)).eq_ignore_ascii_case("INTEGER"));
    // As SQLite has it, `DESC` counts here, and not in a constraint of the table.
    let is_descending = column.constraints.iter().any(|constraint| {
        matches!(
            constraint.kind,
            ColumnConstraintKind::PrimaryKey {
                descending: true,
                ..
            }
        )
    });
    (is_integer && !is_descending).then_some(column)
}

/// Returns whether the table keeps the highest number that a row had.
pub(super) fn has_sequence(outline: &TableOutline) -> bool {
    let of_table = outline.constraints.iter().any(|constraint| {
        matches!(
            constraint.kind,
            TableConstraintKind::PrimaryKey {
                autoincrement: true,
                ..
            }
        )
    });
    let mut columns = outline.columns.iter();
    of_table
        || columns.any(|column| {
            column.constraints.iter().any(|constraint| {
                matches!(
                    constraint.kind,
                    ColumnConstraintKind::PrimaryKey {
                        autoincrement: true,
                        ..
                    }
                )
            })
        })
}

/// Returns whether columns are unique by something other than the constraint at `except`, so that a
/// foreign key can refer to them.
pub(super) fn is_unique(
    catalog: &Catalog,
    table: &Object,
    (sql, outline): (&str, &TableOutline),
    columns: &[String],
    except: Option<Place>,
) -> bool {
    let same = |others: &[String]| {
        others.len() == columns.len()
            && others.iter().all(|other| {
                let mut columns = columns.iter();
                columns.any(|column| column.eq_ignore_ascii_case(other))
            })
    };
    let by_constraint = constraints(sql, outline).iter().any(|known| {
        Some(known.place) != except
            && match &known.demand {
                Demand::PrimaryKey(others) | Demand::Unique(others) => same(others),
                Demand::NotNull | Demand::ForeignKey(_) | Demand::Check(_) => false,
            }
    });
    let by_index = catalog.indexes(table).any(|index| {
        let sql = index.sql.as_deref().unwrap_or_default();
        let is_unique = sql.get(..13) == Some("CREATE UNIQUE");
        is_unique && index_columns(sql).is_some_and(|columns| same(&columns))
    });
    by_constraint || by_index
}

/// Returns the foreign keys of a table: its columns, and what they refer to.
pub(super) fn references(outline: &TableOutline) -> Vec<(Vec<String>, Reference)> {
    let mut found = Vec::new();
    for column in &outline.columns {
        for constraint in &column.constraints {
            if let ColumnConstraintKind::References(reference) = &constraint.kind {
                found.push((vec![column.name.clone()], reference.clone()));
            }
        }
    }
    for constraint in &outline.constraints {
        if let TableConstraintKind::ForeignKey { columns, reference } = &constraint.kind {
            found.push((columns.clone(), reference.clone()));
        }
    }
    found
}
