//! Tables of which a part is stated.

use alembic_sql::{Dialect, Tokens, quote};

use super::facts::Facts;
use super::reflect::reflect;
use super::render::statement;
use crate::answers::Rows;
use crate::filter::is_like;
use crate::model::{Column, ConstraintKind, Definition, ObjectId, ObjectKind, Schema, Table};

/// What the name of a type is like that is stated, and what those are like that hold the same values as
/// programs read and write them. The first that fits counts.
const TYPES: [(&str, &[&str]); 12] = [
    ("bool*", &["bool*", "*int*"]),
    ("*date*", &["*date*", "*time*", "*text*", "*char*"]),
    ("*time*", &["*date*", "*time*", "*text*", "*char*"]),
    ("*json*", &["*json*", "*text*", "*char*", "*blob*"]),
    (
        "*uuid*",
        &["*uuid*", "*text*", "*char*", "*blob*", "*binary*"],
    ),
    ("*blob*", &["*blob*", "*binary*", "bytea"]),
    (
        "*decimal*",
        &[
            "*decimal*",
            "*numeric*",
            "*money*",
            "real*",
            "double*",
            "float*",
            "*text*",
        ],
    ),
    ("*int*", &["*int*"]),
    (
        "real*",
        &[
            "real*",
            "double*",
            "float*",
            "numeric*",
            "*decimal*",
            "*money*",
        ],
    ),
    ("float*", &["real*", "double*", "float*", "numeric*"]),
    ("double*", &["real*", "double*", "float*", "numeric*"]),
    ("*", &["*text*", "*char*", "*clob*", "*enum*", "string"]),
];

/// Returns whether a column may keep its type where another one is stated.
pub(crate) fn fits(stated: &str, current: &str, _: &Schema) -> bool {
    let plain = |name: &str| {
        let name = name.split('(').next().unwrap_or(name);
        name.trim().to_ascii_lowercase()
    };
    let (stated, current) = (plain(stated), plain(current));
    let row = TYPES.iter().find(|(pattern, _)| is_like(&stated, pattern));
    let fits = row.is_some_and(|(_, fits)| fits.iter().any(|pattern| is_like(&current, pattern)));
    stated == current || current.is_empty() || fits
}

/// Returns a schema with the tables written anew whose columns or constraints are others than before.
pub(crate) fn settled(current: &Schema, mut whole: Schema) -> Schema {
    let ids: Vec<ObjectId> = whole.objects.keys().cloned().collect();
    for id in ids.iter().filter(|id| id.kind == ObjectKind::Table) {
        let kinds = [ObjectKind::Column, ObjectKind::Constraint];
        let is_same = kinds.iter().all(|kind| {
            let parts = |schema: &Schema| -> Vec<_> {
                let parts = schema.parts(id, *kind);
                parts
                    .map(|(id, object)| (id.clone(), object.clone()))
                    .collect()
            };
            parts(current) == parts(&whole)
        });
        let Some(Definition::Table(table)) = current.get(id).map(|known| &known.definition) else {
            continue;
        };
        if is_same {
            continue;
        }
        let sql = written(&whole, id, table);
        if let Some(Definition::Table(known)) =
            whole.objects.get_mut(id).map(|known| &mut known.definition)
        {
            known.sql = Some(sql);
        }
    }
    let rows: Rows = whole.objects.iter().filter_map(row).collect();
    // Nothing in it comes from elsewhere.
    let mut settled = reflect(&[rows, Vec::new()]).unwrap_or_else(|_| whole.clone());
    settled.not_compared = whole.not_compared;
    settled
}

/// Returns an object as a row of the catalog.
fn row((id, object): (&ObjectId, &crate::model::Object)) -> Option<Vec<Option<String>>> {
    let sql = statement(&object.definition)?;
    let (kind, table) = match &object.definition {
        Definition::Table(_) => ("table", id.name.as_str()),
        Definition::Index(index) => ("index", index.table.as_str()),
        Definition::View(_) => ("view", id.name.as_str()),
        _ => ("trigger", id.parent.as_deref()?),
    };
    let cells = [kind, id.name.as_str(), table, sql];
    Some(cells.map(|cell| Some(cell.to_owned())).to_vec())
}

/// Writes a table by its columns and constraints.
fn written(schema: &Schema, id: &ObjectId, before: &Table) -> String {
    let facts = before.sql.as_deref().and_then(Facts::read);
    let not_null = |name: &str| {
        let known = facts.as_ref().and_then(|facts| facts.column(name));
        let known = known.and_then(|known| known.not_null.clone());
        known.unwrap_or_else(|| "NOT NULL".to_owned())
    };
    let columns = schema.columns(id).into_iter();
    let columns = columns.map(|(id, column)| column_line(&id.name, column, &not_null));
    let constraints = schema.parts(id, ObjectKind::Constraint);
    let constraints = constraints.filter_map(|(id, object)| match &object.definition {
        Definition::Constraint(constraint) if constraint.kind != ConstraintKind::NotNull => {
            let name = match constraint.is_named {
                true => format!("CONSTRAINT {} ", quote(&id.name)),
                false => String::new(),
            };
            Some(format!("{name}{}", constraint.definition.trim()))
        }
        _ => None,
    });
    let lines: Vec<String> = columns.chain(constraints).collect();
    let options = match before.options.as_slice() {
        [] => String::new(),
        options => format!(" {}", options.join(", ")),
    };
    format!(
        "CREATE TABLE {} (\n    {}\n){options}",
        quote(&id.name),
        lines.join(",\n    ")
    )
}

fn column_line(name: &str, column: &Column, not_null: &dyn Fn(&str) -> String) -> String {
    let mut line = quote(name);
    if !column.data_type.is_empty() {
        line += &format!(" {}", column.data_type);
    }
    if let Some(collation) = &column.collation {
        line += &format!(" COLLATE {}", quote(collation));
    }
    if column.not_null {
        line += &format!(" {}", not_null(name));
    }
    if let Some(default) = &column.default {
        let tokens = Tokens::new(default, Dialect::Sqlite).without_trivia();
        line += &match tokens.count() {
            1 => format!(" DEFAULT {default}"),
            _ => format!(" DEFAULT ({default})"),
        };
    }
    if let Some(generated) = &column.generated {
        let stored = if generated.stored {
            "STORED"
        } else {
            "VIRTUAL"
        };
        line += &format!(" GENERATED ALWAYS AS ({}) {stored}", generated.expression);
    }
    line
}
