//! What a catalog holds that does not work: foreign keys to nothing, and how to find views and
//! triggers that do not compile.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, TableOutline, Token, TokenKind, Tokens, quote};

use super::catalog::{Catalog, Object, ObjectKind};
use super::keys::references;
use super::mention::{self, update_columns};

/// A foreign key to a table or column that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DanglingKey {
    /// The database.
    pub database: String,
    /// The table that declares it.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it refers to.
    pub parent: String,
    /// The columns that it names there.
    pub parent_columns: Vec<String>,
    /// The column that does not exist; `None` if the table does not.
    pub missing_column: Option<String>,
}

/// A statement that compiles views and triggers, and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compilation {
    /// The kind of the objects.
    pub kind: ObjectKind,
    /// The names of the objects, one of which is at fault if the statement fails.
    pub names: Vec<String>,
    /// The statement.
    pub sql: String,
}

/// Returns the foreign keys to tables or columns that do not exist, sorted; a key to a view is left to
/// SQLite.
#[must_use]
pub fn dangling_keys(catalog: &Catalog) -> Vec<DanglingKey> {
    let mut found = Vec::new();
    for child in &catalog.objects {
        if child.kind != ObjectKind::Table {
            continue;
        }
        let outline = child.sql.as_deref().and_then(TableOutline::read);
        for (columns, reference) in outline.iter().flat_map(references) {
            let parent = catalog.relation(&child.database, &reference.table);
            let missing_column = match parent {
                None => None,
                Some(parent) => {
                    let outline = parent.sql.as_deref().and_then(TableOutline::read);
                    let missing = outline.and_then(|outline| {
                        let mut columns = reference.columns.iter();
                        columns.find(|column| outline.column(column).is_none() && !is_rowid(column))
                    });
                    match missing {
                        None => continue,
                        Some(column) => Some(column.clone()),
                    }
                }
            };
            found.push(DanglingKey {
                database: child.database.clone(),
                table: child.name.clone(),
                columns,
                parent: reference.table,
                parent_columns: reference.columns,
                missing_column,
            });
        }
    }
    found.sort();
    // A column and a table constraint may state the same key.
    found.dedup();
    found
}

fn is_rowid(column: &str) -> bool {
    let mut names = ["rowid", "_rowid_", "oid"].into_iter();
    names.any(|name| column.eq_ignore_ascii_case(name))
}

/// Returns the statements that compile all views and triggers.
#[must_use]
pub fn compilations(catalog: &Catalog) -> Vec<Compilation> {
    let mut found = Vec::new();
    for view in &catalog.objects {
        if view.kind == ObjectKind::View {
            let name = format!("{}.{}", quote(&view.database), quote(&view.name));
            found.push(Compilation {
                kind: ObjectKind::View,
                names: vec![view.name.clone()],
                sql: format!("EXPLAIN SELECT 1 FROM {name}"),
            });
        }
    }
    for table in &catalog.objects {
        if !matches!(table.kind, ObjectKind::Table | ObjectKind::View) {
            continue;
        }
        let triggers: Vec<&Object> = catalog.triggers(table).collect();
        for event in [Event::Insert, Event::Update, Event::Delete] {
            let own = triggers.iter().filter(|trigger| {
                let sql = trigger.sql.as_deref().unwrap_or_default();
                Event::read(sql) == Some(event)
            });
            let own: Vec<&&Object> = own.collect();
            let statement = match own.is_empty() {
                true => None,
                false => event.statement(table, &own),
            };
            if let Some(sql) = statement {
                found.push(Compilation {
                    kind: ObjectKind::Trigger,
                    names: own.iter().map(|trigger| trigger.name.clone()).collect(),
                    sql,
                });
            }
        }
    }
    found
}

/// What a trigger waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Insert,
    Update,
    Delete,
}

impl Event {
    fn read(sql: &str) -> Option<Self> {
        // The third word is the name, which may be one of these in quotes only.
        let words = Tokens::new(sql, Dialect::Sqlite).without_trivia();
        let mut words = words.skip(3).map(|token| token.span.text(sql));
        words.find_map(|word| match word.to_ascii_uppercase().as_str() {
            "INSERT" => Some(Self::Insert),
            "UPDATE" => Some(Self::Update),
            "DELETE" => Some(Self::Delete),
            _ => None,
        })
    }

    /// Returns a statement that such triggers of a table are compiled for.
    fn statement(self, table: &Object, triggers: &[&&Object]) -> Option<String> {
        let name = format!("{}.{}", quote(&table.database), quote(&table.name));
        match self {
            Self::Insert => Some(format!("EXPLAIN INSERT INTO {name} DEFAULT VALUES")),
            Self::Delete => Some(format!("EXPLAIN DELETE FROM {name}")),
            Self::Update => {
                let columns = match table.kind {
                    ObjectKind::Table => stored_columns(table),
                    _ => row_columns(triggers),
                };
                let columns: Vec<String> = columns
                    .iter()
                    .map(|column| format!("{0} = {0}", quote(column)))
                    .collect();
                let columns = columns.join(", ");
                (!columns.is_empty()).then(|| format!("EXPLAIN UPDATE {name} SET {columns}"))
            }
        }
    }
}

fn stored_columns(table: &Object) -> Vec<String> {
    let outline = table.sql.as_deref().and_then(TableOutline::read);
    let columns = outline.into_iter().flat_map(|outline| outline.columns);
    columns
        .filter(|column| !column.is_generated())
        .map(|column| column.name)
        .collect()
}

/// Returns columns of a view, as its triggers name them.
fn row_columns(triggers: &[&&Object]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for trigger in triggers {
        let sql = trigger.sql.as_deref().unwrap_or_default();
        found.extend(update_columns(sql));
        let tokens: Vec<Token> = Tokens::new(sql, Dialect::Sqlite).without_trivia().collect();
        for row in tokens.windows(3) {
            let is_row = ["NEW", "OLD"]
                .iter()
                .any(|word| row[0].span.text(sql).eq_ignore_ascii_case(word));
            if is_row && row[1].kind == TokenKind::Symbol(b'.') {
                found.insert(mention::name(row[2].span.text(sql)));
            }
        }
    }
    found.into_iter().collect()
}

/// The names of what a connection offers to statements, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Offered {
    /// The functions, and the modules of virtual tables.
    pub functions: BTreeSet<String>,
    /// The collations.
    pub collations: BTreeSet<String>,
}

impl Offered {
    /// The query for the functions and modules.
    pub const FUNCTIONS: &str =
        "SELECT name FROM pragma_function_list UNION SELECT name FROM pragma_module_list";

    /// The query for the collations.
    pub const COLLATIONS: &str = "SELECT name FROM pragma_collation_list";

    /// Returns the objects, by their names, that need a function, a collation or a module that the
    /// connection does not offer, themselves or through others: whether they compile is not known.
    #[must_use]
    pub fn unknown(&self, catalog: &Catalog) -> BTreeSet<String> {
        let mut unknown: BTreeSet<String> = BTreeSet::new();
        loop {
            let before = unknown.len();
            for object in &catalog.objects {
                let sql = object.sql.as_deref().unwrap_or_default();
                if !unknown.contains(&object.name) && self.needs_more(sql, catalog, &unknown) {
                    unknown.insert(object.name.clone());
                }
            }
            if unknown.len() == before {
                return unknown;
            }
        }
    }

    fn needs_more(&self, sql: &str, catalog: &Catalog, unknown: &BTreeSet<String>) -> bool {
        let tokens: Vec<Token> = Tokens::new(sql, Dialect::Sqlite).without_trivia().collect();
        let text = |index: usize| tokens.get(index).map_or("", |token| token.span.text(sql));
        (0..tokens.len()).any(|index| {
            let word = mention::name(text(index));
            let folded = word.to_ascii_lowercase();
            if text(index).eq_ignore_ascii_case("COLLATE") {
                let collation = mention::name(text(index + 1)).to_ascii_lowercase();
                return !self.collations.contains(&collation);
            }
            if unknown.iter().any(|name| name.eq_ignore_ascii_case(&word)) {
                return true;
            }
            let is_module = index > 0 && text(index - 1).eq_ignore_ascii_case("USING");
            let is_called = tokens[index].kind == TokenKind::Word && text(index + 1) == "(";
            let is_known = self.functions.contains(&folded)
                || KEYWORDS.contains(&folded.as_str())
                || defines(&tokens, sql, index)
                || catalog
                    .objects
                    .iter()
                    .any(|object| object.name.eq_ignore_ascii_case(&word));
            (is_called || is_module && tokens[index].kind == TokenKind::Word) && !is_known
        })
    }
}

/// Returns whether the name at `index` is that of a column list, a common table, or a type.
fn defines(tokens: &[Token], sql: &str, index: usize) -> bool {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.span.text(sql));
    let before = index.checked_sub(1).map_or("", text);
    if [
        "AS",
        "WITH",
        "RECURSIVE",
        "INTO",
        "TABLE",
        "REFERENCES",
        "JOIN",
        ".",
    ]
    .iter()
    .any(|word| before.eq_ignore_ascii_case(word))
    {
        return true;
    }
    // The types of columns, and common tables after the first.
    let is_table = text(0).eq_ignore_ascii_case("CREATE") && text(1).eq_ignore_ascii_case("TABLE");
    if text(index + 1) != "(" {
        return is_table;
    }
    let mut depth = 0_usize;
    let close = (index + 1..tokens.len()).find(|index| {
        match text(*index) {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    // After a call, `AS` names its result.
    let is_common = |close: usize| {
        let words = ["(", "NOT", "MATERIALIZED"];
        let mut words = words.iter();
        text(close + 1).eq_ignore_ascii_case("AS")
            && words.any(|word| text(close + 2).eq_ignore_ascii_case(word))
    };
    is_table || close.is_some_and(is_common)
}

/// The keywords that a parenthesis may follow.
const KEYWORDS: [&str; 50] = [
    "all",
    "and",
    "as",
    "between",
    "by",
    "case",
    "check",
    "conflict",
    "distinct",
    "else",
    "escape",
    "except",
    "exists",
    "filter",
    "from",
    "glob",
    "having",
    "if",
    "in",
    "index",
    "indexed",
    "intersect",
    "is",
    "join",
    "key",
    "like",
    "limit",
    "match",
    "materialized",
    "not",
    "of",
    "offset",
    "on",
    "or",
    "over",
    "partition",
    "primary",
    "raise",
    "regexp",
    "select",
    "set",
    "then",
    "union",
    "unique",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];
