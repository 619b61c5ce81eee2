//! What the catalog of a connection says: the objects of all its databases.

use std::fmt::Write;

use alembic_sql::{Dialect, Name, Tokens, literal, quote, unquote};

/// The objects of the databases of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The names of the databases, in the order in which SQLite searches them.
    pub databases: Vec<String>,
    /// The objects.
    pub objects: Vec<Object>,
}

/// An object of a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// The name of its database: `main`, `temp`, or the one it is attached by.
    pub database: String,
    /// Its kind.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// The table or view that it belongs to.
    pub table: String,
    /// The statement that creates it; `None` for the index of a constraint.
    pub sql: Option<String>,
}

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A table, also a virtual one.
    Table,
    /// An index.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl ObjectKind {
    /// Reads the kind as the catalog writes it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "table" => Some(Self::Table),
            "index" => Some(Self::Index),
            "view" => Some(Self::View),
            "trigger" => Some(Self::Trigger),
            _ => None,
        }
    }

    /// Returns the kind as the catalog writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Index => "index",
            Self::View => "view",
            Self::Trigger => "trigger",
        }
    }
}

impl Catalog {
    /// The query for the names of the databases, in their order.
    pub const DATABASES: &str = "SELECT name FROM pragma_database_list ORDER BY seq";

    /// Creates a catalog without objects, of databases in the order of [`DATABASES`](Self::DATABASES).
    #[must_use]
    pub fn new(mut databases: Vec<String>) -> Self {
        // SQLite lists the temporary database once it is used, and searches it first.
        databases.retain(|database| database != TEMP);
        databases.insert(0, TEMP.to_owned());
        Self {
            databases,
            objects: Vec::new(),
        }
    }

    /// Returns the query for the objects: database, kind, name, table and statement of each.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = String::new();
        for database in &self.databases {
            if !query.is_empty() {
                query.push_str(" UNION ALL ");
            }
            let (text, name) = (literal(database), quote(database));
            let _ = write!(
                query,
                "SELECT {text}, type, name, tbl_name, sql FROM {name}.sqlite_master"
            );
        }
        query
    }

    /// Returns the table or view that a statement means.
    #[must_use]
    pub fn find(&self, name: &Name) -> Option<&Object> {
        let mut databases = self.databases.iter().filter(|known| {
            name.qualifier()
                .is_none_or(|database| database.eq_ignore_ascii_case(known))
        });
        databases.find_map(|database| self.relation(database, name.kept()))
    }

    /// Returns a table or view of a database.
    #[must_use]
    pub fn relation(&self, database: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| {
            matches!(object.kind, ObjectKind::Table | ObjectKind::View)
                && object.database == database
                && object.name.eq_ignore_ascii_case(name)
        })
    }

    /// Returns the indexes of a table that statements have created.
    pub(super) fn indexes<'c>(&'c self, table: &'c Object) -> impl Iterator<Item = &'c Object> {
        self.objects.iter().filter(move |object| {
            object.kind == ObjectKind::Index
                && object.database == table.database
                && object.table.eq_ignore_ascii_case(&table.name)
                && object.sql.is_some()
        })
    }

    /// Returns the triggers of a table, also the temporary ones.
    pub(super) fn triggers<'c>(&'c self, table: &'c Object) -> impl Iterator<Item = &'c Object> {
        self.objects.iter().filter(move |object| {
            object.kind == ObjectKind::Trigger
                && object.table.eq_ignore_ascii_case(&table.name)
                && match object.database.as_str() {
                    TEMP => self.is_trigger_of(object, table),
                    database => database == table.database,
                }
        })
    }

    /// Returns whether a temporary trigger belongs to this one of the tables with its name.
    fn is_trigger_of(&self, trigger: &Object, table: &Object) -> bool {
        match trigger.sql.as_deref().and_then(trigger_table) {
            Some(Some(database)) => database.eq_ignore_ascii_case(&table.database),
            Some(None) | None => {
                let mut databases = self.databases.iter();
                let first = databases.find(|database| {
                    let found = self.relation(database, &table.name);
                    found.is_some()
                });
                first == Some(&table.database)
            }
        }
    }

    /// Returns the objects that statements have created.
    #[must_use]
    pub fn comparable(&self) -> Vec<Object> {
        let objects = self.objects.iter();
        let created = objects.filter(|object| object.sql.is_some() && !is_internal(&object.name));
        created.cloned().collect()
    }

    /// Returns whether a database has an object of this name.
    pub(super) fn has(&self, database: &str, name: &str) -> bool {
        self.objects
            .iter()
            .any(|object| object.database == database && object.name.eq_ignore_ascii_case(name))
    }
}

/// Returns whether an object is one of SQLite itself.
pub(super) fn is_internal(name: &str) -> bool {
    let start = name.get(..7);
    start.is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

/// Returns whether a statement creates a virtual table.
pub(super) fn is_virtual(sql: &str) -> bool {
    let mut words = Tokens::new(sql, Dialect::Sqlite).without_trivia();
    words
        .nth(1)
        .is_some_and(|word| word.span.text(sql).eq_ignore_ascii_case("VIRTUAL"))
}

/// The name of the temporary database.
pub(super) const TEMP: &str = "temp";

/// Returns the database before the table that a trigger is `ON`, if the trigger can be read.
fn trigger_table(sql: &str) -> Option<Option<String>> {
    let words: Vec<&str> = Tokens::new(sql, Dialect::Sqlite)
        .without_trivia()
        .map(|token| token.span.text(sql))
        .collect();
    // Neither the name, the first one, nor a column of `UPDATE OF` can be this word.
    let on = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("ON"))?;
    let database = (words.get(on + 2) == Some(&"."))
        .then(|| unquote(words[on + 1]).unwrap_or_else(|| words[on + 1].to_owned()));
    Some(database)
}
