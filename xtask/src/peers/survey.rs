//! What can survive a change of the table.

use rusqlite::Connection;

use crate::Result;

/// Something that must hold after the change.
pub(super) struct Check {
    /// The thing that survives if it does.
    pub(super) what: &'static str,
    /// The part of the table that it is about, unless that is always there.
    part: Option<&'static str>,
    /// Statements that show it, with foreign keys on.
    statements: &'static str,
    /// A query whose only value is 1 then.
    query: &'static str,
}

/// What came of a check.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    Kept,
    Lost,
    /// The tool was tried without this part.
    LeftOut,
}

const fn check(what: &'static str, statements: &'static str, query: &'static str) -> Check {
    Check {
        what,
        part: None,
        statements,
        query,
    }
}

impl Check {
    const fn of(self, part: &'static str) -> Self {
        Self {
            part: Some(part),
            ..self
        }
    }

    /// Makes the check, and takes back what it does.
    pub(super) fn outcome(&self, connection: &Connection, left_out: &[&str]) -> Result<Outcome> {
        if self.part.is_some_and(|part| left_out.contains(&part)) {
            return Ok(Outcome::LeftOut);
        }
        connection.execute_batch("PRAGMA foreign_keys = ON; BEGIN")?;
        let statements = connection.execute_batch(self.statements);
        let holds = statements.and_then(|()| {
            connection.query_row(self.query, [], |row| row.get::<_, Option<bool>>(0))
        });
        connection.execute_batch("ROLLBACK")?;
        match holds {
            Ok(Some(true)) => Ok(Outcome::Kept),
            // What is missing, such as a view, is an error of the statement.
            _ => Ok(Outcome::Lost),
        }
    }
}

/// Everything that the table has.
pub(super) const CHECKS: [Check; 20] = [
    check(
        "the rows",
        "",
        "SELECT group_concat(id || name || isni || coalesce(born, '-') || note || language) \
             = '1Ann00011929aen,2Bob0002-ben' FROM (SELECT * FROM author ORDER BY id)",
    ),
    check(
        "rows that refer to it, `ON DELETE CASCADE`",
        "",
        "SELECT group_concat(author_id || title) = '1one,1two,2three' \
             FROM (SELECT * FROM book ORDER BY id)",
    ),
    check(
        "references to it, `ON DELETE SET NULL`",
        "",
        "SELECT group_concat(coalesce(winner, '-')) = '1,2,-' FROM (SELECT * FROM award ORDER BY id)",
    ),
    check(
        "what these keys do",
        "DELETE FROM author WHERE id = 1",
        "SELECT (SELECT count(*) FROM book) = 1 AND count(*) = 2 FROM award WHERE winner IS NULL",
    ),
    check(
        "its trigger",
        "UPDATE author SET note = 'x' WHERE id = 1",
        "SELECT count(*) = 1 FROM change",
    ),
    check(
        "a trigger of another table",
        "INSERT INTO award VALUES (4, 2, 2003)",
        "SELECT born = 1900 FROM author WHERE id = 2",
    )
    .of("a trigger of another table"),
    check(
        "a view with an `INSTEAD OF` trigger",
        "DELETE FROM author_name WHERE id = 2",
        "SELECT count(*) = 1 FROM author",
    )
    .of("a view"),
    check(
        "a partial index",
        "",
        "SELECT sql LIKE '%WHERE%' FROM sqlite_master WHERE name = 'author_living'",
    ),
    check(
        "an index on an expression",
        "",
        "SELECT count(*) = 1 FROM pragma_index_xinfo('author_lower') WHERE cid = -2",
    )
    .of("an expression index"),
    check(
        "an index with `COLLATE` and `DESC`",
        "",
        "SELECT count(*) = 1 FROM pragma_index_xinfo('author_sorted') \
             WHERE coll = 'RTRIM' AND \"desc\" = 1",
    )
    .of("a collated index"),
    check(
        "ids that were deleted are not used again",
        "INSERT INTO author (name, note) VALUES ('Dot', 'd')",
        "SELECT max(id) = 901 FROM author",
    ),
    check(
        "`AUTOINCREMENT`",
        "",
        "SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = 'author'",
    ),
    check(
        "`COLLATE` of a column",
        "",
        "SELECT count(*) = 1 FROM author WHERE name = 'ANN'",
    ),
    check(
        "`ON CONFLICT`",
        "INSERT INTO author (name, isni, note) VALUES ('Dot', '0002', 'd')",
        "SELECT count(*) = 2 FROM author",
    ),
    check(
        "`UNIQUE`",
        "INSERT OR IGNORE INTO author (name, isni, note) VALUES ('Dot', '0002', 'd')",
        "SELECT count(*) = 2 FROM author",
    ),
    check(
        "a `CHECK` with a name",
        "INSERT OR IGNORE INTO author (name, born, note) VALUES ('Dot', -1, 'd')",
        "SELECT (SELECT count(*) FROM author) = 2 AND sql LIKE '%author_born%' \
             FROM sqlite_master WHERE name = 'author'",
    ),
    check(
        "a `CHECK` without a name",
        "INSERT OR IGNORE INTO author (name, note) VALUES ('D', 'd')",
        "SELECT count(*) = 2 FROM author",
    ),
    check(
        "a default that is an expression",
        "INSERT INTO author (name, note) VALUES ('Dot', 'd')",
        "SELECT language = 'en' FROM author WHERE name = 'Dot'",
    ),
    check(
        "a `VIRTUAL` column",
        "",
        "SELECT sort_key = 'ann' AND hidden = 2 FROM author, pragma_table_xinfo('author') AS c \
             WHERE author.id = 1 AND c.name = 'sort_key'",
    )
    .of("generated columns"),
    check(
        "a `STORED` column",
        "",
        "SELECT initial = 'A' AND hidden = 3 FROM author, pragma_table_xinfo('author') AS c \
             WHERE author.id = 1 AND c.name = 'initial'",
    )
    .of("generated columns"),
];
