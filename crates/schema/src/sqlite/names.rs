//! The constraints of a table by their names.
//!
//! A constraint without a name answers to the name that PostgreSQL gives it, so that one statement
//! drops it on both databases.

use alembic_sql::{ColumnConstraintKind, ColumnOutline, Span, TableConstraintKind, TableOutline};

use super::mention::columns_in;

/// The place of a constraint in an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A constraint of a column: the numbers of both.
    Column(usize, usize),
    /// A constraint of the table.
    Table(usize),
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    NotNull,
    PrimaryKey(Vec<String>),
    Unique(Vec<String>),
    ForeignKey(Vec<String>),
    Check(Span),
}

/// A constraint, and the name it answers to.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) place: Place,
    pub(super) demand: Demand,
    /// The name; `None` for a NOT NULL without one.
    pub(super) name: Option<String>,
    /// Whether the name is written in the definition.
    pub(super) is_written: bool,
}

/// Returns the constraints of a table.
pub(super) fn constraints(sql: &str, outline: &TableOutline) -> Vec<Named> {
    let mut found = Vec::new();
    for (index, column) in outline.columns.iter().enumerate() {
        for (number, constraint) in column.constraints.iter().enumerate() {
            if let Some(demand) = demand_of_column(column, &constraint.kind) {
                let written = constraint.name.as_ref().map(|name| name.name.clone());
                found.push((Place::Column(index, number), demand, written));
            }
        }
    }
    for (index, constraint) in outline.constraints.iter().enumerate() {
        let demand = match &constraint.kind {
            TableConstraintKind::PrimaryKey { columns, .. } => Demand::PrimaryKey(columns.clone()),
            TableConstraintKind::Unique { columns, .. } => Demand::Unique(columns.clone()),
            TableConstraintKind::Check { expression } => Demand::Check(*expression),
            TableConstraintKind::ForeignKey { columns, .. } => Demand::ForeignKey(columns.clone()),
            TableConstraintKind::Nothing => continue,
        };
        let written = constraint.name.as_ref().map(|name| name.name.clone());
        found.push((Place::Table(index), demand, written));
    }
    let table = super::mention::name(outline.name.text(sql));
    let mut taken: Vec<String> = found
        .iter()
        .filter_map(|(_, _, written)| Some(written.as_ref()?.to_ascii_lowercase()))
        .collect();
    let mut named = Vec::new();
    for (place, demand, written) in found {
        let is_written = written.is_some();
        let name = written.or_else(|| {
            let name = default_name(sql, outline, &table, &demand, &taken)?;
            taken.push(name.to_ascii_lowercase());
            Some(name)
        });
        named.push(Named {
            place,
            demand,
            name,
            is_written,
        });
    }
    named
}

fn demand_of_column(column: &ColumnOutline, kind: &ColumnConstraintKind) -> Option<Demand> {
    let columns = || vec![column.name.clone()];
    match kind {
        ColumnConstraintKind::NotNull => Some(Demand::NotNull),
        ColumnConstraintKind::PrimaryKey { .. } => Some(Demand::PrimaryKey(columns())),
        ColumnConstraintKind::Unique => Some(Demand::Unique(columns())),
        ColumnConstraintKind::Check { expression } => Some(Demand::Check(*expression)),
        ColumnConstraintKind::References(_) => Some(Demand::ForeignKey(columns())),
        ColumnConstraintKind::Null
        | ColumnConstraintKind::Default { .. }
        | ColumnConstraintKind::Collate { .. }
        | ColumnConstraintKind::Deferral
        | ColumnConstraintKind::Generated { .. }
        | ColumnConstraintKind::Nothing => None,
    }
}

/// Returns the name that PostgreSQL gives to a constraint.
fn default_name(
    sql: &str,
    outline: &TableOutline,
    table: &str,
    demand: &Demand,
    taken: &[String],
) -> Option<String> {
    let (middle, label) = match demand {
        Demand::NotNull => return None,
        Demand::PrimaryKey(_) => (String::new(), "pkey"),
        Demand::Unique(columns) => (columns.join("_"), "key"),
        Demand::ForeignKey(columns) => (columns.join("_"), "fkey"),
        Demand::Check(expression) => {
            let mut columns: Vec<&str> = columns_in(sql, *expression)
                .filter_map(|name| Some(outline.column(&name)?.name.as_str()))
                .collect();
            columns.sort_unstable();
            columns.dedup();
            let middle = match columns.as_slice() {
                [column] => (*column).to_owned(),
                _ => String::new(),
            };
            (middle, "check")
        }
    };
    let names = (0_usize..).map(|number| {
        let label = match number {
            0 => label.to_owned(),
            number => format!("{label}{number}"),
        };
        shortened(table, &middle, &label)
    });
    names
        .into_iter()
        .find(|name| !taken.contains(&name.to_ascii_lowercase()))
}

/// Joins the parts of a name, the longer ones cut so that all of it fits, as PostgreSQL does.
fn shortened(table: &str, middle: &str, label: &str) -> String {
    /// The longest name, in bytes.
    const LENGTH: usize = 63;
    let overhead = label.len() + 1 + usize::from(!middle.is_empty());
    let available = LENGTH.saturating_sub(overhead);
    let (mut first, mut second) = (table.len(), middle.len());
    while first + second > available {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let table = &table[..table.floor_char_boundary(first)];
    let middle = &middle[..middle.floor_char_boundary(second)];
    match middle {
        "" => format!("{table}_{label}"),
        middle => format!("{table}_{middle}_{label}"),
    }
}
