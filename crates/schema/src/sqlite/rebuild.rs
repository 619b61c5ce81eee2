//! Plans how a table is rebuilt with another definition.

mod explain;
mod planner;
mod portions;
mod rows;

use alembic_sql::{AlterAction, ColumnChange, ColumnOutline, Name, TableOutline};

use self::planner::Planner;
use super::catalog::{Catalog, Object, ObjectKind, is_internal, is_virtual};
use super::draft::{Draft, Source};
use super::error::AlterError;
use super::native::{can_drop, is_native_everywhere};
use super::rows::Check;

pub use portions::Portions;

/// How the actions on a table are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// There is nothing to do.
    Nothing,
    /// By these statements of SQLite itself, one for each action.
    Native(Vec<String>),
    /// By a new table that takes the old one's place.
    Rebuild(Box<Rebuild>),
}

/// A new table in the place of an old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    /// The database of the table.
    pub database: String,
    /// The table.
    pub table: String,
    /// What to do, in this order.
    pub steps: Vec<Step>,
    /// How the rows can be copied in portions, if they can.
    pub portions: Option<Portions>,
    /// Why steps fail, for those that rows can be in the way of.
    pub explanations: Vec<Explanation>,
    /// The objects of all databases afterwards, without those of SQLite itself, sorted.
    pub expected: Vec<Object>,
}

impl Rebuild {
    /// Returns what explains why a step fails.
    #[must_use]
    pub fn explanation(&self, task: &StepTask) -> Option<&Explanation> {
        let mut explanations = self.explanations.iter();
        explanations.find(|explanation| explanation.task == *task)
    }
}

/// What shows why a step of a rebuild fails. All of it must be rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The step.
    pub task: StepTask,
    /// Statements to execute first.
    pub statements: Vec<String>,
    /// The queries that find the rows in the way, each on its own.
    pub checks: Vec<Check>,
}

/// A step of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Execute a statement.
    Execute {
        /// What it is for.
        task: StepTask,
        /// The statement.
        sql: String,
    },
    /// Stop if there are such rows.
    Require(Check),
    /// Stop unless all rows were copied by the statement before.
    Count {
        /// The table that they are in, qualified.
        from: String,
        /// The table that they were copied to, qualified.
        into: String,
    },
    /// What the rebuild was planned for: the table, its indexes and its triggers. Whoever carries it out
    /// later has to make sure that they are still the same.
    Expect(Vec<Object>),
}

/// What a statement of a rebuild is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepTask {
    /// Switch the mode in which renaming a table leaves all other objects as they are.
    Legacy {
        /// Whether it is switched on.
        on: bool,
    },
    /// Let SQLite change the table itself.
    Native,
    /// Put the table, or its rows, out of the way.
    PutAway,
    /// Create the table.
    Create,
    /// Copy the rows.
    Copy,
    /// Keep what is stored about the table elsewhere.
    Keep,
    /// Drop what was put out of the way.
    Drop,
    /// Create an index or a trigger again.
    Restore {
        /// Its kind.
        kind: ObjectKind,
        /// Its name.
        name: String,
    },
}

impl StepTask {
    /// Returns the task of creating an index or a trigger again.
    fn restore(object: &Object) -> Self {
        Self::Restore {
            kind: object.kind,
            name: object.name.clone(),
        }
    }
}

/// Plans the actions of statements on one table; `if_exists` says that all of them do nothing if
/// there is no such table.
///
/// # Errors
///
/// The number of the action that cannot be carried out, and why.
///
/// # Panics
///
/// When [`is_ours`](super::is_ours) is false for one of the actions.
pub fn plan(
    catalog: &Catalog,
    table: &Name,
    if_exists: bool,
    actions: &[&AlterAction],
) -> Result<Alteration, (usize, AlterError)> {
    let first = |error| (0, error);
    let Some(object) = catalog.find(table) else {
        if if_exists {
            return Ok(Alteration::Nothing);
        }
        let table = table.written().to_owned();
        return Err(first(AlterError::NoTable { table }));
    };
    check_kind(object).map_err(first)?;
    if actions.iter().all(|action| is_native_everywhere(action)) {
        let native = actions.iter().map(|action| native(table, action));
        return Ok(Alteration::Native(native.collect()));
    }
    let mut draft = Draft::new(catalog, object).map_err(first)?;
    let before = draft.outline.clone();
    let sql = object.sql.as_deref().unwrap_or_default();
    for (number, action) in in_order(actions, &before) {
        let applied = draft.apply(number, action);
        applied.map_err(|error| (number, error))?;
    }
    if let [
        action @ AlterAction::DropColumn {
            column,
            cascade: false,
            ..
        },
    ] = actions
        && let Some(column) = before.column(column.kept())
        && can_drop(catalog, object, sql, &before, column)
    {
        return Ok(Alteration::Native(vec![native(table, action)]));
    }
    let is_same = draft.sql == sql
        && draft.sources.len() == before.columns.len()
        && draft
            .sources
            .iter()
            .zip(&before.columns)
            .all(|(source, column)| match source {
                Source::Column(name) => *name == column.name,
                Source::Default => column.is_generated(),
                Source::Expression(_) => false,
            });
    if is_same {
        return Ok(Alteration::Nothing);
    }
    let planned = Planner {
        catalog,
        table: object,
        before: &before,
        draft: &draft,
    };
    Ok(Alteration::Rebuild(Box::new(planned.plan())))
}

/// Returns the actions with their numbers, in the order in which they are carried out. Where all columns
/// are dropped, the new ones come first, because a table has at least one. A constraint is dropped before the
/// changes of columns that it could forbid, as PostgreSQL does it.
fn in_order<'a>(
    actions: &[&'a AlterAction],
    before: &TableOutline,
) -> Vec<(usize, &'a AlterAction)> {
    let mut ordered: Vec<(usize, &AlterAction)> = Vec::new();
    for (number, action) in actions.iter().copied().enumerate() {
        let waits = |(_, before): &&(usize, &AlterAction)| {
            matches!(action, AlterAction::DropConstraint { .. }) && can_be_forbidden(before)
        };
        let waiting = ordered.iter().rev().take_while(waits).count();
        ordered.insert(ordered.len() - waiting, (number, action));
    }
    let is_dropped = |column: &ColumnOutline| {
        actions.iter().any(|action| {
            matches!(action, AlterAction::DropColumn { column: dropped, .. }
                if dropped.kept().eq_ignore_ascii_case(&column.name))
        })
    };
    if before.columns.iter().all(is_dropped) {
        ordered.sort_by_key(|(_, action)| !matches!(action, AlterAction::AddColumn { .. }));
    }
    ordered
}

/// Returns whether a primary key can forbid an action.
fn can_be_forbidden(action: &AlterAction) -> bool {
    match action {
        AlterAction::AlterColumn { change, .. } => match change {
            ColumnChange::SetType { .. } | ColumnChange::DropNotNull => true,
            ColumnChange::SetNotNull
            | ColumnChange::SetDefault { .. }
            | ColumnChange::DropDefault => false,
        },
        _ => false,
    }
}

fn check_kind(object: &Object) -> Result<(), AlterError> {
    let sql = object.sql.as_deref().unwrap_or_default();
    let what = if object.kind == ObjectKind::View {
        "a view"
    } else if is_virtual(sql) {
        "a virtual table"
    } else if is_internal(&object.name) {
        "a table of SQLite itself"
    } else {
        return Ok(());
    };
    let name = object.name.clone();
    Err(AlterError::NotATable { name, what })
}

/// Returns the statement of SQLite for an action.
fn native(table: &Name, action: &AlterAction) -> String {
    let table = table.written();
    match action {
        AlterAction::AddColumn { definition, .. } => {
            format!("ALTER TABLE {table} ADD COLUMN {definition}")
        }
        AlterAction::DropColumn { column, .. } => {
            format!("ALTER TABLE {table} DROP COLUMN {}", column.written())
        }
        AlterAction::AddConstraint { .. }
        | AlterAction::AlterColumn { .. }
        | AlterAction::DropConstraint { .. }
        | AlterAction::RenameConstraint { .. }
        | AlterAction::RenameTable { .. }
        | AlterAction::RenameColumn { .. }
        | AlterAction::Rebuild { .. }
        | AlterAction::Other => unreachable!("SQLite has no such action in every version"),
    }
}
