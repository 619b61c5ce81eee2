//! Renames: those that a target states, in the order of their execution, and their changes.

use std::collections::VecDeque;

use alembic_migrate::schema::{Change, Hazard, ObjectId, ObjectKind, Schema, Statement, Verb};
use alembic_models::Rename as StatedRename;
use alembic_schema::{ObjectName, Rename, find};

use crate::database::scratch::Scratch;
use crate::output::Result;

/// Returns the stated renames that are still to be made: the sources keep them afterwards.
pub(crate) fn stated(stated: &[StatedRename], before: &Schema) -> Vec<Rename> {
    let renames = stated.iter().filter_map(|rename| {
        let qualified = |name: &str| match &rename.schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        let (old, new) = match &rename.column {
            None => (qualified(&rename.from), &rename.table),
            Some(column) => {
                // The table may have got another name, too.
                let mut tables = stated.iter().filter(|table| table.column.is_none());
                let table = tables.find(|table| table.table == rename.table);
                let names = [table.map(|table| &table.from), Some(&rename.table)];
                let mut names = names.into_iter().flatten().map(|name| qualified(name));
                let table = names.find(|name| find(name, before).is_ok())?;
                (format!("{table}.{}", rename.from), column)
            }
        };
        let object = find(&old, before).ok()?;
        let rename = Rename::within(object, new.as_str());
        before.get(&rename.renamed).is_none().then_some(rename)
    });
    renames.collect()
}

/// Returns a column as it is called once its table is renamed.
pub(crate) fn moved(id: &ObjectId, renames: &[Rename]) -> ObjectId {
    let table = id.parent.as_ref().and_then(|parent| {
        let table = ObjectId::new(ObjectKind::Table, &id.schema, parent);
        let mut renames = renames.iter();
        renames.find(|rename| rename.object == table)
    });
    match table {
        Some(rename) => rename.renamed.part(id.kind, &*id.name),
        None => id.clone(),
    }
}

/// Renames in a database.
pub(crate) fn execute(renames: &[Rename], scratch: &Scratch) -> Result<()> {
    for change in changes(renames) {
        for statement in &change.statements {
            scratch.execute(&statement.sql)?;
        }
    }
    Ok(())
}

/// Returns renames in an order in which each name is free, by the names that their objects have once those
/// before are made. What exchange their names get there by a third one.
pub(crate) fn in_sequence(renames: Vec<Rename>, before: &Schema) -> Vec<Rename> {
    let mut left: VecDeque<Rename> = renames.into();
    let mut done: Vec<Rename> = Vec::new();
    // How many in turn had to wait.
    let mut waited = 0;
    while let Some(rename) = left.pop_front() {
        if left.iter().all(|other| other.object != rename.renamed) {
            done.push(by_then(rename, &done));
            waited = 0;
        } else if waited <= left.len() {
            left.push_back(rename);
            waited += 1;
        } else {
            let is_free = |id: &ObjectId| {
                let mut wanted = left.iter().chain(&done);
                before.get(id).is_none() && wanted.all(|other| other.renamed != *id)
            };
            let third = Rename {
                renamed: third_name(&rename.object, is_free),
                object: rename.object,
            };
            left.push_back(Rename {
                object: third.renamed.clone(),
                renamed: rename.renamed,
            });
            done.push(by_then(third, &done));
            waited = 0;
        }
    }
    done
}

/// Returns a rename by the names that its table has once others are made, one after the other.
fn by_then(rename: Rename, done: &[Rename]) -> Rename {
    let by_then = |id: ObjectId| {
        let steps = done.iter();
        steps.fold(id, |id, step| moved(&id, std::slice::from_ref(step)))
    };
    Rename {
        object: by_then(rename.object),
        renamed: by_then(rename.renamed),
    }
}

/// Returns an object by a name that is free.
fn third_name(id: &ObjectId, is_free: impl Fn(&ObjectId) -> bool) -> ObjectId {
    // Servers cut what is longer.
    let name = &id.name[..id.name.floor_char_boundary(40)];
    let mut number = 1;
    loop {
        let third = ObjectId::from(ObjectName {
            name: format!("{name}_moving_{number}").as_str().into(),
            ..(**id).clone()
        });
        if is_free(&third) {
            return third;
        }
        number += 1;
    }
}

/// Returns the renames that take these back.
pub(crate) fn reversed(renames: &[Rename]) -> Vec<Rename> {
    renames.iter().rev().map(Rename::reversed).collect()
}

/// Returns the changes that rename.
pub(crate) fn changes(renames: &[Rename]) -> Vec<Change> {
    let changes = renames.iter().map(|rename| {
        let old = &rename.object;
        Change {
            verb: Verb::Rename,
            object: rename.renamed.clone(),
            sentence: format!("renamed {old} to {}", rename.new_name()),
            hazards: vec![Hazard::BreaksProgram(format!(
                "the program that is deployed still uses {old}"
            ))],
            statements: rename
                .statements()
                .into_iter()
                .map(Statement::new)
                .collect(),
        }
    });
    changes.collect()
}
