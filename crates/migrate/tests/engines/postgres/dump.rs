//! Everything that a database holds, as text that can be compared.
//!
//! `pg_dump` says the same, and takes twenty times as long.

use std::fmt::Write;

use ::postgres::{Client, SimpleQueryMessage};

/// Removes everything that this can tell of.
pub(crate) const EMPTY: &str = "
    DO $$
    DECLARE found text;
    BEGIN
        FOR found IN SELECT nspname FROM pg_namespace
            WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', found);
        END LOOP;
        CREATE SCHEMA public;
        FOR found IN SELECT fdwname FROM pg_foreign_data_wrapper LOOP
            EXECUTE format('DROP FOREIGN DATA WRAPPER %I CASCADE', found);
        END LOOP;
    END
    $$";

/// The objects of each kind; names come with their schemas, since the search path is empty.
const OBJECTS: &str = r"
    SELECT 'schema', nspname FROM pg_namespace n WHERE mine(n) ORDER BY 2;
    SELECT c.relkind, c.oid::regclass, c.relpersistence, c.relrowsecurity,
        pg_get_viewdef(CASE WHEN c.relkind IN ('v', 'm') THEN c.oid END)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE mine(n) AND c.relkind <> 'i' ORDER BY n.nspname, c.relname;
    SELECT 'column', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE mine(n) AND c.relkind NOT IN ('i', 'S') AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY n.nspname, c.relname, a.attnum;
    SELECT 'constraint', conrelid::regclass, conname, pg_get_constraintdef(k.oid), convalidated
        FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
        WHERE mine(n) ORDER BY n.nspname, conrelid::regclass::text, conname;
    SELECT pg_get_indexdef(c.oid), i.indisvalid FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE mine(n) ORDER BY n.nspname, c.relname;
    SELECT pg_get_triggerdef(t.oid), tgenabled FROM pg_trigger t
        WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname;
    SELECT definition FROM pg_rules r JOIN pg_namespace n ON n.nspname = r.schemaname
        WHERE mine(n) ORDER BY 1;
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE mine(n) AND prokind IN ('f', 'p') ORDER BY p.oid::regprocedure::text;
    SELECT t.oid::regtype, typtype, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE mine(n) AND typtype <> 'c' AND typelem = 0
        GROUP BY 1, 2 ORDER BY t.oid::regtype::text;
    SELECT 'comment', classoid::regclass, objsubid, description FROM pg_description
        WHERE objoid >= 16384 ORDER BY 4;
    SELECT 'sequence', schemaname, sequencename, last_value FROM pg_sequences ORDER BY 2, 3;
    SELECT 'extension', extname, extversion FROM pg_extension ORDER BY 2";

/// Writes down every object and every row but those of the log.
pub(crate) fn dump(client: &mut Client) -> String {
    // A transaction of its own, so that the search path is that of the connection again.
    let mine = |sql: &str| {
        let condition = "(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')";
        sql.replace("mine(n)", condition)
    };
    client
        .batch_execute("BEGIN; SET LOCAL search_path = ''")
        .unwrap();
    let objects = rows(client, &mine(OBJECTS));
    let objects = objects
        .lines()
        .filter(|line| !line.contains("alembic_version_log"));
    let mut dump: String = objects.flat_map(|line| [line, "\n"]).collect();
    let tables = mine(
        "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE mine(n) AND c.relkind = 'r' AND c.relname <> 'alembic_version_log'
            ORDER BY n.nspname, c.relname",
    );
    let tables = rows(client, &tables);
    let mut content = String::new();
    for table in tables.lines() {
        let row = if table.ends_with("_progress") {
            "concat_ws('|', revision, direction, done, coalesce(begun::text, 'NULL'))"
        } else {
            "ROW(every.*)::text COLLATE \"C\""
        };
        let name = table.replace('\'', "''");
        let _ = write!(
            content,
            "SELECT '{name}:'; SELECT {row} FROM {table} AS every ORDER BY 1;"
        );
    }
    dump += &rows(client, &content);
    client.batch_execute("ROLLBACK").unwrap();
    dump
}

/// Writes down the log, without what is different in every run; nothing if there is none.
pub(crate) fn log(client: &mut Client) -> String {
    let has = rows(
        client,
        "SELECT 1 WHERE to_regclass('alembic_version_log') IS NOT NULL",
    );
    match has.as_str() {
        "" => has,
        _ => rows(client, alembic_suite::LOG),
    }
}

/// Runs queries and writes down their rows, one a line.
pub(crate) fn rows(client: &mut Client, queries: &str) -> String {
    let mut text = String::new();
    let messages = client.simple_query(queries);
    for message in messages.unwrap_or_else(|error| panic!("{error:?}: {queries}")) {
        if let SimpleQueryMessage::Row(row) = message {
            let cells = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
            text += &cells.collect::<Vec<_>>().join("|");
            text.push('\n');
        }
    }
    text
}
