//! The keys of a table.

use alembic_sql::{
    ColumnConstraintKind, ColumnOutline, Reference, TableConstraintKind, TableOutline, quote,
};

use super::catalog::{Catalog, Object};
use super::mention::{self, KeyPart, index_columns, is_unique_index};
use super::names::{Demand, Named, Place, constraints};
use crate::model::{Definition, ObjectId, ObjectKind, Schema, Table};

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

/// Returns the column that numbers the rows of a table.
pub(super) fn numbered(table: &Table) -> Option<String> {
    let sql = table.sql.as_deref()?;
    let outline = TableOutline::read(sql)?;
    rowid_alias(sql, &outline).map(|column| column.name.clone())
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
/// foreign key can refer to them. For SQLite, a key counts only if it compares as its columns do.
pub(super) fn is_unique(
    catalog: &Catalog,
    table: &Object,
    (sql, outline): (&str, &TableOutline),
    columns: &[String],
    except: Option<Place>,
) -> bool {
    let by_index = catalog.indexes(table).any(|index| {
        let sql = index.sql.as_deref().unwrap_or_default();
        is_unique_index(sql)
            && index_columns(sql).is_some_and(|parts| is_key_on(&parts, outline, columns))
    });
    by_index || has_key(sql, outline, columns, except)
}

/// Returns whether a constraint other than that at `except` makes columns unique.
fn has_key(sql: &str, outline: &TableOutline, columns: &[String], except: Option<Place>) -> bool {
    constraints(sql, outline)
        .iter()
        .filter(|known| Some(known.place) != except)
        .any(|known| {
            key_parts(outline, known).is_some_and(|parts| is_key_on(&parts, outline, columns))
        })
}

/// Returns whether the parts of a key are these columns, each compared as it is in its table.
fn is_key_on(parts: &[KeyPart], outline: &TableOutline, columns: &[String]) -> bool {
    parts.len() == columns.len()
        && parts.iter().all(|part| {
            let mut columns = columns.iter();
            columns.any(|column| column.eq_ignore_ascii_case(&part.column))
                && has_own_collation(outline, part)
        })
}

/// Returns whether a table, whose foreign keys are those of `with`, refers to a key that `parent` does not have
/// in `without`.
pub(super) fn loses_its_key(
    table: &ObjectId,
    parent: &ObjectId,
    with: &Schema,
    without: &Schema,
) -> bool {
    let sql = |id: &ObjectId, schema: &Schema| match &schema.get(id)?.definition {
        Definition::Table(table) => table.sql.clone(),
        _ => None,
    };
    let outline = sql(table, with).and_then(|sql| TableOutline::read(&sql));
    let (Some(outline), Some(parent_sql)) = (outline, sql(parent, without)) else {
        return true;
    };
    let Some(parent_outline) = TableOutline::read(&parent_sql) else {
        return true;
    };
    let has_index = |columns: &[String]| {
        without.of_kind(ObjectKind::Index).any(|(id, object)| {
            let Definition::Index(index) = &object.definition else {
                return false;
            };
            // One that is made or dropped may not be there in between.
            let stays = with.get(id).map(|object| &object.definition) == Some(&object.definition);
            index.unique
                && stays
                && index.table.eq_ignore_ascii_case(&parent.name)
                && index_columns(&index.sql)
                    .is_some_and(|parts| is_key_on(&parts, &parent_outline, columns))
        })
    };
    references(&outline).into_iter().any(|(_, reference)| {
        let columns = match reference.columns.as_slice() {
            [] => primary_key(&parent_outline).unwrap_or_default(),
            columns => columns.to_vec(),
        };
        let has_key =
            || has_key(&parent_sql, &parent_outline, &columns, None) || has_index(&columns);
        reference.table.eq_ignore_ascii_case(&parent.name) && (columns.is_empty() || !has_key())
    })
}

/// Returns the columns of a primary key or a `UNIQUE`; `None` for any other constraint.
pub(super) fn key_parts(outline: &TableOutline, constraint: &Named) -> Option<Vec<KeyPart>> {
    let columns = match &constraint.demand {
        Demand::PrimaryKey(columns) | Demand::Unique(columns) => columns.iter(),
        Demand::NotNull | Demand::ForeignKey(_) | Demand::Check(_) => return None,
    };
    let collations = match constraint.place {
        Place::Column(..) => &[],
        Place::Table(index) => match &outline.constraints[index].kind {
            TableConstraintKind::PrimaryKey { collations, .. }
            | TableConstraintKind::Unique { collations, .. } => collations.as_slice(),
            TableConstraintKind::Check { .. }
            | TableConstraintKind::ForeignKey { .. }
            | TableConstraintKind::Nothing => &[],
        },
    };
    let parts = columns.enumerate().map(|(index, column)| KeyPart {
        column: column.clone(),
        collation: collations.get(index).cloned().flatten(),
    });
    Some(parts.collect())
}

fn has_own_collation(outline: &TableOutline, part: &KeyPart) -> bool {
    let Some(collation) = &part.collation else {
        return true;
    };
    let column = outline.column(&part.column);
    // The last of several counts.
    let own = column.and_then(|column| {
        let mut constraints = column.constraints.iter().rev();
        constraints.find_map(|constraint| match &constraint.kind {
            ColumnConstraintKind::Collate { collation } => Some(collation.as_str()),
            _ => None,
        })
    });
    collation.eq_ignore_ascii_case(own.unwrap_or("BINARY"))
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

/// Returns how a person makes SQLite number the rows of a table by a column.
pub(super) fn how_to_number(_table: &str, column: &str) -> String {
    let column = quote(column);
    format!("declare `{column} INTEGER PRIMARY KEY` there: no other type does")
}
