//! Comments on objects.

use alembic_sql::literal;

use super::name::{self, quote};
use crate::change::Statement;
use crate::model::{Constraint, Definition, Object, ObjectId, ObjectKind, View};

/// Returns the statement that gives an object this comment.
pub(super) fn statement(id: &ObjectId, object: &Object, comment: Option<&str>) -> Statement {
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    Statement::new(format!("COMMENT ON {} IS {comment}", target(id, object)))
}

/// Returns the statements that make an object's comments those of a new one.
pub(super) fn of_new(id: &ObjectId, object: &Object) -> Vec<Statement> {
    let usual = match &object.definition {
        Definition::Extension(extension) => extension.usual_comment.as_deref(),
        _ => None,
    };
    let own = object.comment.as_deref();
    let own = (own != usual).then(|| statement(id, object, own));
    let parts = match &object.definition {
        Definition::View(view) => of_columns(id, None, view),
        Definition::Constraint(constraint) if constraint.index_comment.is_some() => {
            vec![of_index(id, constraint)]
        }
        _ => Vec::new(),
    };
    own.into_iter().chain(parts).collect()
}

/// Returns the statement that gives the index of a constraint its comment.
pub(super) fn of_index(id: &ObjectId, constraint: &Constraint) -> Statement {
    let comment = constraint.index_comment.as_deref();
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    let index = name::qualified(&id.schema, &id.name);
    Statement::new(format!("COMMENT ON INDEX {index} IS {comment}"))
}

/// Returns the statements that change the comments on the columns of a view.
pub(super) fn of_columns(id: &ObjectId, before: Option<&View>, after: &View) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (column, _) in &after.columns {
        let old = before.and_then(|view| view.column_comments.get(column));
        let new = after.column_comments.get(column);
        if old != new {
            let text = new.map_or_else(|| "NULL".to_owned(), |comment| literal(comment));
            let column = format!("{}.{}", name::of(id), quote(column));
            statements.push(Statement::new(format!(
                "COMMENT ON COLUMN {column} IS {text}"
            )));
        }
    }
    statements
}

fn target(id: &ObjectId, object: &Object) -> String {
    let part = |word: &str| format!("{word} {} ON {}", quote(&id.name), name::owner(id));
    let whole = |word: &str| format!("{word} {}", name::of(id));
    match id.kind {
        ObjectKind::Schema => whole("SCHEMA"),
        ObjectKind::Extension => whole("EXTENSION"),
        ObjectKind::Collation => whole("COLLATION"),
        ObjectKind::TextSearchDictionary => whole("TEXT SEARCH DICTIONARY"),
        ObjectKind::TextSearchConfiguration => whole("TEXT SEARCH CONFIGURATION"),
        ObjectKind::Enum | ObjectKind::Composite | ObjectKind::Range => whole("TYPE"),
        ObjectKind::Domain => whole("DOMAIN"),
        ObjectKind::Sequence | ObjectKind::SequenceOwner => whole("SEQUENCE"),
        ObjectKind::Table => whole("TABLE"),
        ObjectKind::View => whole("VIEW"),
        ObjectKind::MaterializedView => whole("MATERIALIZED VIEW"),
        ObjectKind::Index => whole("INDEX"),
        ObjectKind::Statistics => whole("STATISTICS"),
        ObjectKind::Column | ObjectKind::Default => {
            format!("COLUMN {}.{}", name::owner(id), quote(&id.name))
        }
        ObjectKind::Constraint if is_of_domain(object) => {
            let owner = name::owner(id);
            format!("CONSTRAINT {} ON DOMAIN {owner}", quote(&id.name))
        }
        ObjectKind::Constraint => part("CONSTRAINT"),
        ObjectKind::Rule => part("RULE"),
        ObjectKind::Trigger => part("TRIGGER"),
        ObjectKind::Policy => part("POLICY"),
        ObjectKind::Routine => routine(id, object),
        ObjectKind::Operator => format!("OPERATOR {}", name::operator(id)),
        ObjectKind::Cast => format!("CAST {}", id.name),
    }
}

/// Returns whether a constraint is one of a domain.
pub(super) fn is_of_domain(object: &Object) -> bool {
    let mut needs = object.needs.iter();
    needs.any(|needed| needed.kind == ObjectKind::Domain)
        && !object
            .needs
            .iter()
            .any(|needed| needed.kind == ObjectKind::Table)
}

/// Returns the kind, name and arguments of a routine.
pub(super) fn routine(id: &ObjectId, object: &Object) -> String {
    match &object.definition {
        Definition::Routine(routine) => format!(
            "{} {}({})",
            routine.kind,
            name::qualified(&id.schema, &routine.name),
            routine.arguments
        ),
        _ => name::of(id),
    }
}
