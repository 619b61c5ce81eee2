//! Reads a schema from what SQLite's catalog says.

use std::collections::{BTreeMap, BTreeSet};

use alembic_sql::{Dialect, TokenKind, Tokens};

use super::catalog::{is_internal, is_virtual};
use super::facts::Facts;
use super::full_text::ExternalContent;
use super::mention::name;
use super::names::Demand;
use crate::answers::{ReflectError, Rows};
use crate::model::{
    Column, Constraint, ConstraintKind, Definition, Generated, Index, Object, ObjectId, ObjectKind,
    Schema, SharedName, Table, View,
};

/// The queries that a schema is read by.
pub(crate) const QUERIES: &[(&str, &str)] = &[
    (
        "the objects",
        "SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY rowid",
    ),
    // Versions before 3.37 do not know it, and answer nothing.
    ("the kinds of tables", "PRAGMA main.table_list"),
];

/// A row of the catalog.
struct Entry<'r> {
    kind: &'r str,
    name: &'r str,
    table: &'r str,
    sql: &'r str,
}

/// Reads the answers to [`QUERIES`].
pub(crate) fn reflect(answers: &[Rows]) -> Result<Schema, ReflectError> {
    let [objects, kinds] = answers else {
        return Err(unreadable("there must be two answers".to_owned()));
    };
    let mut entries = Vec::new();
    for row in objects {
        match row.as_slice() {
            [Some(kind), Some(name), Some(table), sql] if !is_internal(name) => {
                let Some(sql) = sql else {
                    continue;
                };
                entries.push(Entry {
                    kind,
                    name,
                    table,
                    sql,
                });
            }
            [Some(_), Some(_), Some(_), _] => {}
            row => return Err(unreadable(format!("{row:?}"))),
        }
    }
    let shadows = shadows(&entries, kinds);
    entries.retain(|entry| !shadows.contains(&entry.table.to_ascii_lowercase()));
    let relations: BTreeMap<String, ObjectId> = entries
        .iter()
        .filter_map(|entry| {
            let kind = match entry.kind {
                "table" => ObjectKind::Table,
                "view" => ObjectKind::View,
                _ => return None,
            };
            Some((entry.name.to_ascii_lowercase(), id(kind, entry.name)))
        })
        .collect();
    let mut schema = Schema::new(Dialect::Sqlite);
    for entry in &entries {
        add(&mut schema, entry, &relations);
    }
    add_references(&mut schema, &relations);
    add_contents(&mut schema);
    Ok(schema)
}

/// Lets full-text indexes need the tables whose rows they find.
fn add_contents(schema: &mut Schema) {
    let tables = schema
        .of_kind(ObjectKind::Table)
        .filter_map(|(id, object)| {
            let Definition::Table(table) = &object.definition else {
                return None;
            };
            let content = ExternalContent::read(table.sql.as_deref()?)?;
            Some((id.clone(), content.table(schema)?.clone()))
        });
    let tables: Vec<(ObjectId, ObjectId)> = tables.collect();
    for (index, table) in tables {
        if let Some(object) = schema.objects.get_mut(&index) {
            object.needs.insert(table);
        }
    }
}

fn unreadable(what: String) -> ReflectError {
    ReflectError {
        query: QUERIES[0].0,
        what,
    }
}

fn id(kind: ObjectKind, name: &str) -> ObjectId {
    ObjectId::new(kind, "", name)
}

/// Returns the names, in lower case, of the tables in which virtual tables keep their rows.
fn shadows(entries: &[Entry<'_>], kinds: &Rows) -> BTreeSet<String> {
    /// What the modules of SQLite call them.
    const ENDS: [&str; 12] = [
        "_data",
        "_idx",
        "_content",
        "_docsize",
        "_config",
        "_segments",
        "_segdir",
        "_stat",
        "_node",
        "_rowid",
        "_parent",
        "_vocab",
    ];
    let listed = kinds.iter().filter_map(|row| match row.as_slice() {
        [_, Some(name), Some(kind), ..] if kind == "shadow" => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    let mut shadows: BTreeSet<String> = listed.collect();
    // Where the module is not loaded, SQLite does not know which tables belong to it.
    for entry in entries.iter().filter(|entry| is_virtual(entry.sql)) {
        let owner = entry.name.to_ascii_lowercase();
        shadows.extend(ENDS.iter().map(|end| format!("{owner}{end}")));
    }
    shadows
}

fn add(schema: &mut Schema, entry: &Entry<'_>, relations: &BTreeMap<String, ObjectId>) {
    let sql = entry.sql.to_owned();
    let table = relations.get(&entry.table.to_ascii_lowercase());
    let (id, definition) = match entry.kind {
        "table" => {
            let (table, facts) = (id(ObjectKind::Table, entry.name), Facts::read(&sql));
            let definition = Definition::Table(table_of(sql, facts.as_ref()).into());
            if let Some(facts) = facts {
                add_parts(schema, &table, facts);
            }
            (table, definition)
        }
        "index" => {
            let index = Index {
                definition: after_name(&sql),
                table: entry.table.into(),
                unique: second_word(&sql).eq_ignore_ascii_case("UNIQUE"),
                parent: None,
                valid: true,
                sql,
                uses: Vec::new(),
                statistics: Vec::new(),
            };
            (
                id(ObjectKind::Index, entry.name),
                Definition::Index(index.into()),
            )
        }
        "view" => {
            let view = View {
                query: sql,
                columns: Vec::new(),
                options: Vec::new(),
                is_filled: true,
                column_comments: BTreeMap::new(),
            };
            (
                id(ObjectKind::View, entry.name),
                Definition::View(view.into()),
            )
        }
        _ => {
            let owner = table.cloned();
            let owner = owner.unwrap_or_else(|| id(ObjectKind::Table, entry.table));
            let trigger = owner.part(ObjectKind::Trigger, entry.name);
            (trigger, Definition::Statement(sql))
        }
    };
    let mut needs = BTreeSet::new();
    match id.kind {
        ObjectKind::View | ObjectKind::Trigger => {
            needs = mentioned(entry.sql, relations);
            needs.remove(&id);
        }
        _ => {}
    }
    if id.kind != ObjectKind::Table {
        needs.extend(table.filter(|table| **table != id).cloned());
    }
    insert(schema, id, definition, needs);
}

fn insert(schema: &mut Schema, id: ObjectId, definition: Definition, needs: BTreeSet<ObjectId>) {
    let object = Object {
        definition,
        comment: None,
        needs,
        mentions: BTreeSet::new(),
    };
    schema.objects.insert(id, object);
}

fn table_of(sql: String, facts: Option<&Facts>) -> Table {
    let mut options = Vec::new();
    if let Some(facts) = facts {
        options.extend(facts.strict.then(|| "STRICT".to_owned()));
        options.extend(facts.without_rowid.then(|| "WITHOUT ROWID".to_owned()));
    }
    Table {
        is_virtual: is_virtual(&sql),
        sql: Some(sql),
        options,
        ..Table::default()
    }
}

/// Adds the columns and constraints of a table.
fn add_parts(schema: &mut Schema, table: &ObjectId, facts: Facts) {
    for (position, column) in facts.columns.into_iter().enumerate() {
        let generated = column
            .generated
            .map(|(expression, stored)| Generated { expression, stored });
        let id = table.part(ObjectKind::Column, &column.name);
        let column = Column {
            position,
            data_type: column.data_type,
            collation: column.collation,
            not_null: column.not_null.is_some(),
            default: column.default,
            generated,
            sql: Some(column.sql),
            ..Column::default()
        };
        let needs = BTreeSet::from([table.clone()]);
        insert(schema, id, Definition::Column(column.into()), needs);
    }
    for constraint in facts.constraints {
        let id = table.part(ObjectKind::Constraint, &constraint.name);
        let kind = match constraint.demand {
            Demand::NotNull => ConstraintKind::NotNull,
            Demand::PrimaryKey(_) => ConstraintKind::PrimaryKey,
            Demand::Unique(_) => ConstraintKind::Unique,
            Demand::ForeignKey(_) => ConstraintKind::ForeignKey,
            Demand::Check(_) => ConstraintKind::Check,
        };
        let constraint = Constraint {
            kind,
            is_named: constraint.written.is_some(),
            definition: constraint.definition,
            columns: constraint
                .columns
                .into_iter()
                .map(SharedName::from)
                .collect(),
            references: constraint
                .references
                .map(|parent| (SharedName::default(), parent.into())),
            validated: true,
            inherited: false,
            index_parent: None,
            storage: Vec::new(),
            index_comment: None,
            uses: Vec::new(),
        };
        let needs = BTreeSet::from([table.clone()]);
        insert(schema, id, Definition::Constraint(constraint.into()), needs);
    }
}

/// Lets each table need those that its foreign keys refer to, but for those that refer back: SQLite
/// creates and drops tables in any order.
fn add_references(schema: &mut Schema, relations: &BTreeMap<String, ObjectId>) {
    let mut parents: BTreeMap<&ObjectId, BTreeSet<&ObjectId>> = BTreeMap::new();
    let tables = relations.values();
    for table in tables.filter(|relation| relation.kind == ObjectKind::Table) {
        let constraints = schema.parts(table, ObjectKind::Constraint);
        let referred = constraints
            .filter_map(|(_, object)| match &object.definition {
                Definition::Constraint(constraint) => constraint.references.as_ref(),
                _ => None,
            })
            .filter_map(|(_, parent)| relations.get(&parent.to_ascii_lowercase()))
            .filter(|parent| *parent != table);
        parents.insert(table, referred.collect());
    }
    for (table, referred) in &parents {
        for parent in referred {
            if !reaches(&parents, parent, table)
                && let Some(object) = schema.objects.get_mut(*table)
            {
                object.needs.insert((*parent).clone());
            }
        }
    }
}

/// Returns whether the foreign keys of a table lead to another one.
fn reaches(
    parents: &BTreeMap<&ObjectId, BTreeSet<&ObjectId>>,
    from: &ObjectId,
    to: &ObjectId,
) -> bool {
    let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(next) = left.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            left.extend(parents.get(next).into_iter().flatten());
        }
    }
    false
}

/// Returns the tables and views that a text mentions.
fn mentioned(sql: &str, relations: &BTreeMap<String, ObjectId>) -> BTreeSet<ObjectId> {
    let names = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    names
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
        .filter_map(|token| relations.get(&name(token.span.text(sql)).to_ascii_lowercase()))
        .cloned()
        .collect()
}

/// Returns what follows the name of an index: `ON t (a)`.
fn after_name(sql: &str) -> String {
    let mut words = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    let on = words.find(|word| word.span.text(sql).eq_ignore_ascii_case("ON"));
    on.map_or(sql, |on| &sql[on.span.start..]).to_owned()
}

fn second_word(sql: &str) -> &str {
    let mut words = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    words.nth(1).map_or("", |word| word.span.text(sql))
}
