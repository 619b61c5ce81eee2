//! Reads which objects statements name.

use crate::cursor::Cursor;
use crate::name::Name;
use crate::{Dialect, FileStatement, IndexAction, StatementKind};

/// An object that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedObject {
    /// What it is.
    pub class: ObjectClass,
    /// Its name; for a routine, without its arguments.
    pub name: Name,
    /// The table or view that it is on, if its name is one of that.
    pub on: Option<Name>,
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
    /// An index.
    Index,
    /// A trigger.
    Trigger,
    /// A rule.
    Rule,
    /// A policy for rows.
    Policy,
}

impl NamedObject {
    /// Returns the object that a statement gives a name to, by creating or by renaming it. What a statement
    /// makes besides it, such as the sequence of a column, is not named.
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
            return Some(Self::whole(ObjectClass::Relation, name.clone()));
        }
        if let StatementKind::Index(index) = statement.kind()
            && let IndexAction::Create { name, .. } = &index.action
        {
            return Some(Self::whole(ObjectClass::Index, name.clone()?));
        }
        let mut words = Cursor::of(statement.sql, dialect);
        match words.next_keyword().as_str() {
            "CREATE" => read_created(words),
            "ALTER" => read_altered(words, Part::NewName),
            _ => None,
        }
    }

    /// Returns the object that a statement creates or renames, or else the one that it changes or describes.
    #[must_use]
    pub fn touched_by(statement: FileStatement<'_>, dialect: Dialect) -> Option<Self> {
        if let Some(named) = Self::of(statement, dialect) {
            return Some(named);
        }
        if let StatementKind::AlterTable(table) = statement.kind() {
            return Some(Self::whole(ObjectClass::Relation, table.table.clone()));
        }
        let mut words = Cursor::of(statement.sql, dialect);
        match words.next_keyword().as_str() {
            "ALTER" => read_altered(words, Part::Name),
            "COMMENT" if words.eat("ON") => read_altered(words, Part::Name),
            _ => None,
        }
    }

    fn whole(class: ObjectClass, name: Name) -> Self {
        Self {
            class,
            name,
            on: None,
        }
    }
}

fn read_created(mut words: Cursor<'_>) -> Option<NamedObject> {
    const MODIFIERS: [&str; 8] = [
        "OR",
        "REPLACE",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "RECURSIVE",
        "MATERIALIZED",
        "CONSTRAINT",
    ];
    while words.eat_any(&MODIFIERS) {}
    let class = read_class(&mut words)?;
    words.eat_all(&["IF", "NOT", "EXISTS"]);
    if class == ObjectClass::Schema {
        // Its name may be that of the role that owns it.
        words.eat("AUTHORIZATION");
    }
    let name = Name::read(&mut words)?;
    let before = match class {
        ObjectClass::Trigger | ObjectClass::Policy => "ON",
        ObjectClass::Rule => "TO",
        _ => return Some(NamedObject::whole(class, name)),
    };
    while !words.eat(before) {
        words.next()?;
    }
    let on = Some(Name::read(&mut words)?);
    Some(NamedObject { class, name, on })
}

/// Which of the names of an `ALTER` is read.
enum Part {
    Name,
    NewName,
}

fn read_altered(mut words: Cursor<'_>, part: Part) -> Option<NamedObject> {
    words.eat("MATERIALIZED");
    let class = match words.at("TABLE") || words.at("COLUMN") {
        true => {
            words.next();
            ObjectClass::Relation
        }
        false => read_class(&mut words)?,
    };
    words.eat_all(&["IF", "EXISTS"]);
    let name = Name::read(&mut words)?;
    match part {
        Part::Name => return Some(NamedObject::whole(class, name)),
        Part::NewName => {}
    }
    if words.at("(") {
        words.skip_brackets();
    }
    if !words.eat_all(&["RENAME", "TO"]) {
        return None;
    }
    Some(NamedObject::whole(class, Name::read(&mut words)?))
}

fn read_class(words: &mut Cursor<'_>) -> Option<ObjectClass> {
    Some(match words.next_keyword().as_str() {
        "VIEW" => ObjectClass::Relation,
        "TYPE" | "DOMAIN" => ObjectClass::Type,
        "SEQUENCE" => ObjectClass::Sequence,
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" => ObjectClass::Routine,
        "SCHEMA" => ObjectClass::Schema,
        "EXTENSION" => ObjectClass::Extension,
        "COLLATION" => ObjectClass::Collation,
        "STATISTICS" => ObjectClass::Statistics,
        "INDEX" => ObjectClass::Index,
        "TRIGGER" => ObjectClass::Trigger,
        "RULE" => ObjectClass::Rule,
        "POLICY" => ObjectClass::Policy,
        "TEXT" => {
            let is_kept = words.eat("SEARCH") && words.eat_any(&["DICTIONARY", "CONFIGURATION"]);
            return is_kept.then_some(ObjectClass::TextSearch);
        }
        _ => return None,
    })
}
