//! Full-text indexes of the rows of other tables: FTS5 and FTS4 with `content = 'documents'`.

use alembic_sql::{Dialect, Tokens, quote, unquote};

use super::catalog::is_virtual;
use crate::model::{ObjectId, ObjectKind, Schema};

/// A full-text index that keeps no rows of its own.
pub(super) struct ExternalContent {
    /// The table whose rows it finds.
    table: String,
    columns: Vec<String>,
}

impl ExternalContent {
    /// Reads the statement that creates a virtual table.
    pub(super) fn read(sql: &str) -> Option<Self> {
        if !is_virtual(sql) {
            return None;
        }
        let tokens = Tokens::new(sql, Dialect::Sqlite).without_trivia();
        let tokens: Vec<&str> = tokens.map(|token| token.span.text(sql)).collect();
        let using = tokens
            .iter()
            .position(|text| text.eq_ignore_ascii_case("USING"))?;
        let module = tokens.get(using + 1)?;
        let mut modules = ["fts5", "fts4"].iter();
        if !modules.any(|known| module.eq_ignore_ascii_case(known)) {
            return None;
        }
        let arguments = tokens.get(using + 3..tokens.len().checked_sub(1)?)?;
        let plain = |name: &str| unquote(name).unwrap_or_else(|| name.to_owned());
        let (mut table, mut columns) = (None, Vec::new());
        for argument in arguments.split(|text| *text == ",") {
            match argument {
                [option, "=", value] => {
                    if option.eq_ignore_ascii_case("content") {
                        table = Some(plain(value));
                    }
                }
                [column, ..] => columns.push(plain(column)),
                [] => {}
            }
        }
        // An empty name means that nobody has the rows.
        let table = table.filter(|table| !table.is_empty())?;
        Some(Self { table, columns })
    }

    /// Returns the table whose rows it finds.
    pub(super) fn table<'s>(&self, schema: &'s Schema) -> Option<&'s ObjectId> {
        let mut tables = schema.of_kind(ObjectKind::Table).map(|(id, _)| id);
        tables.find(|id| id.name.eq_ignore_ascii_case(&self.table))
    }

    /// Returns the statement that fills an index with this name from its table, if that has all columns.
    pub(super) fn filled(&self, name: &str, schema: &Schema) -> Option<String> {
        let known = schema.columns(self.table(schema)?);
        let has = |column: &String| {
            let mut known = known.iter();
            known.any(|(id, _)| id.name.eq_ignore_ascii_case(column))
        };
        let name = quote(name);
        let statement = || format!("INSERT INTO {name} ({name}) VALUES ('rebuild')");
        self.columns.iter().all(has).then(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::ExternalContent;

    #[test]
    fn the_table_of_the_rows_is_read() {
        for (sql, expected) in [
            (
                "CREATE VIRTUAL TABLE f USING fts5(title, body UNINDEXED, content='docs', content_rowid='id')",
                Some(("docs", "title body")),
            ),
            (
                "CREATE VIRTUAL TABLE IF NOT EXISTS main.f USING FTS5 (\"a b\", content = \"my docs\")",
                Some(("my docs", "a b")),
            ),
            (
                "CREATE VIRTUAL TABLE f USING fts4(content=[docs], title, tokenize=unicode61)",
                Some(("docs", "title")),
            ),
            ("CREATE VIRTUAL TABLE f USING fts5(title, content='')", None),
            ("CREATE VIRTUAL TABLE f USING fts5(title)", None),
            ("CREATE VIRTUAL TABLE f USING rtree(id, a, b)", None),
            ("CREATE TABLE f (content TEXT)", None),
        ] {
            let found = ExternalContent::read(sql);
            let found = found.map(|found| (found.table, found.columns.join(" ")));
            let expected = expected.map(|(table, columns)| (table.to_owned(), columns.to_owned()));
            assert_eq!(found, expected, "{sql}");
        }
    }
}
