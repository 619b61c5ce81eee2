//! Reads which objects statements give names to.

use crate::cursor::Cursor;
use crate::name::Name;
use crate::{Dialect, FileStatement};

/// An object that a statement gives a name to, by creating or by renaming it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedObject {
    /// What it is.
    pub class: ObjectClass,
    /// Its name; for a routine, without its arguments.
    pub name: Name,
}

/// Kinds of objects whose names are in one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectClass {
    /// A table, a view, or a view that stores its rows.
    Relation,
    /// A type or a domain.
    Type,
    /// A sequence.
    Sequence,
    /// A function, procedure or aggregate.
    Routine,
    /// A schema.
    Schema,
    /// An extension.
    Extension,
    /// A collation.
    Collation,
    /// Extended statistics.
    Statistics,
    /// A dictionary or a configuration of text search.
    TextSearch,
}

impl NamedObject {
    /// Returns the object that a statement gives a name to, unless it is a part of a table, such as an index.
    /// What a statement makes besides it, such as the sequence of a column, is not named.
    ///
    /// ```
    /// use alembic_sql::{Dialect, NamedObject, ObjectClass, SqlText};
    ///
    /// let text = SqlText::new("CREATE OR REPLACE VIEW audit.\"Recent\" AS SELECT 1");
    /// let named = NamedObject::of(text.statements(Dialect::Postgres).next().unwrap(), Dialect::Postgres);
    /// let named = named.unwrap();
    /// assert_eq!((named.class, named.name.kept()), (ObjectClass::Relation, "Recent"));
    /// ```
    #[must_use]
    pub fn of(statement: FileStatement<'_>, dialect: Dialect) -> Option<Self> {
        if let Some(name) = statement.kind().named_table() {
            return Some(Self {
                class: ObjectClass::Relation,
                name: name.clone(),
            });
        }
        let mut words = Cursor::of(statement.sql, dialect);
        match words.next_keyword().as_str() {
            "CREATE" => read_created(words),
            "ALTER" => read_renamed(words),
            _ => None,
        }
    }
}

fn read_created(mut words: Cursor<'_>) -> Option<NamedObject> {
    const MODIFIERS: [&str; 7] = [
        "OR",
        "REPLACE",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "RECURSIVE",
        "MATERIALIZED",
    ];
    while words.eat_any(&MODIFIERS) {}
    let class = read_class(&mut words)?;
    words.eat_all(&["IF", "NOT", "EXISTS"]);
    if class == ObjectClass::Schema {
        // Its name may be that of the role that owns it.
        words.eat("AUTHORIZATION");
    }
    let name = Name::read(&mut words)?;
    Some(NamedObject { class, name })
}

fn read_renamed(mut words: Cursor<'_>) -> Option<NamedObject> {
    words.eat("MATERIALIZED");
    let class = read_class(&mut words)?;
    words.eat_all(&["IF", "EXISTS"]);
    Name::read(&mut words)?;
    if words.at("(") {
        words.skip_brackets();
    }
    if !words.eat_all(&["RENAME", "TO"]) {
        return None;
    }
    let name = Name::read(&mut words)?;
    Some(NamedObject { class, name })
}

fn read_class(words: &mut Cursor<'_>) -> Option<ObjectClass> {
    Some(match words.next_keyword().as_str() {
        "VIEW" => ObjectClass::Relation,
        "TYPE" | "DOMAIN" => ObjectClass::Type,
        "SEQUENCE" => ObjectClass::Sequence,
        "FUNCTION" | "PROCEDURE" | "AGGREGATE" => ObjectClass::Routine,
        "SCHEMA" => ObjectClass::Schema,
        "EXTENSION" => ObjectClass::Extension,
        "COLLATION" => ObjectClass::Collation,
        "STATISTICS" => ObjectClass::Statistics,
        "TEXT" => {
            let is_kept = words.eat("SEARCH") && words.eat_any(&["DICTIONARY", "CONFIGURATION"]);
            return is_kept.then_some(ObjectClass::TextSearch);
        }
        _ => return None,
    })
}
