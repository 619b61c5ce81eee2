//! Splitting a long text into statements.

use alembic_sql::{self as sql, Dialect};

use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

const BYTES: usize = 10_000_000;
const ROUNDS: usize = 7;

/// What a dump of a small table looks like, with a bit of everything that hides a `;`.
const SCHEMA: &str = "
-- Documents; and what was found in them.
CREATE TABLE \"document;s\" (
    id INTEGER PRIMARY KEY, /* never; reused */
    filename VARCHAR(500) NOT NULL DEFAULT 'un;titled',
    size BIGINT
);
CREATE INDEX documents_filename_idx ON \"document;s\" (filename);
";
const TRIGGER: &str = "
CREATE TRIGGER documents_ai AFTER INSERT ON \"document;s\" BEGIN
    INSERT INTO log (what, id) VALUES ('insert', new.id);
    UPDATE totals SET documents = documents + 1;
END;
";
const FUNCTION: &str = "
CREATE FUNCTION count_document() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE totals SET documents = documents + 1;
    RETURN new;
END;
$body$;
";
const ROW: &str =
    "INSERT INTO \"document;s\" VALUES (17, 'it''s a file; with a name.pdf', 1048576);\n";

pub(super) fn measure() -> Result<Table> {
    let sqlite = text(TRIGGER);
    let postgres = text(FUNCTION);
    let [sqlite_times, postgres_times] = interleaved(
        ROUNDS,
        [
            &mut || timed(|| split(&sqlite, Dialect::Sqlite)),
            &mut || timed(|| split(&postgres, Dialect::Postgres)),
        ],
    )?;
    Ok(Table {
        title: format!("split {} MB of SQL into statements", BYTES / 1_000_000),
        rows: vec![
            Row::speed("for SQLite", sqlite.len(), &sqlite_times),
            Row::speed("for PostgreSQL", postgres.len(), &postgres_times),
        ],
    })
}

fn text(body: &str) -> String {
    let part = [SCHEMA, body, &ROW.repeat(20)].concat();
    part.repeat(BYTES.div_ceil(part.len()))
}

fn split(text: &str, dialect: Dialect) -> Result<sql::Split> {
    let split = sql::split(text, dialect);
    match split.errors.first() {
        None => Ok(split),
        Some(error) => Err(error.to_string().into()),
    }
}
