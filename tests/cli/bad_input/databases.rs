//! Databases, and what revisions do to them: SQLite files, and what is the same on every engine.

use std::fs;

use alembic_tests::{Project, revision};

use super::{CC03, Row, row, upgrade};

/// Tells of something that no command can do without.
fn all_commands(
    what: &'static str,
    exit: i32,
    stderr: &'static str,
    prepare: fn(&Project),
) -> Vec<Row> {
    ["upgrade", "current", "stamp head", "downgrade base"]
        .map(|line| row(what, line, exit, stderr).with(prepare))
        .into()
}

pub(super) fn files() -> Vec<Row> {
    let mut rows = vec![
        row(
            "only reading is allowed",
            "upgrade",
            7,
            "error[database-read-only] | sqlite://shop.db?mode=ro | as it was before | remove `mode=ro` from the URL",
        )
        .url("sqlite://shop.db?mode=ro"),
        row(
            "only reading is allowed",
            "stamp head",
            7,
            "error[database-read-only]",
        )
        .url("sqlite://shop.db?mode=ro"),
        row(
            "a missing file that may not be created",
            "upgrade",
            7,
            "error[database-unreachable] | sqlite://gone.db?mode=rw | gone.db",
        )
        .url("sqlite://gone.db?mode=rw"),
        row(
            "a schema that SQLite has not",
            "upgrade",
            4,
            "error[invalid-configuration-value]: SQLite has no schema `audit`",
        )
        .configure("version-table-schema = \"audit\""),
        row(
            "a row that no file explains, in a database that is named",
            "upgrade --url sqlite://shop.db",
            6,
            "error[unknown-rows] | crate `shop`, table alembic_version in sqlite://shop.db | --purge <revision> --url sqlite://shop.db`",
        )
        .sql("UPDATE alembic_version SET version_num = 'gone'"),
        row(
            "a row that no file explains, in a database and a project that are named",
            "stamp head --url sqlite://shop.db?mode=rw --manifest-path Cargo.toml",
            6,
            "error[unknown-rows] | `cargo alembic stamp -p shop --purge <revision> --url 'sqlite://shop.db?mode=rw' --manifest-path Cargo.toml`",
        )
        .sql("UPDATE alembic_version SET version_num = 'gone'"),
        row(
            "a table that is there already, in a database that is named",
            "upgrade --url sqlite://shop.db",
            8,
            "error[migration-failed] | `cargo alembic stamp -p shop <revision> --url sqlite://shop.db` | `cargo alembic ensure -p shop --url sqlite://shop.db`",
        )
        .sql("CREATE TABLE t_bb02 (id INTEGER); DELETE FROM alembic_version; DROP TABLE t_aa01")
        ,
    ];
    rows.extend(all_commands(
        "a file that is not SQLite's",
        7,
        "error[not-a-database] | sqlite://shop.db | check the URL",
        |project| {
            project.write(
                "shop.db",
                "This is a text, and no database at all.\n".repeat(100),
            );
        },
    ));
    rows.extend(all_commands(
        "a damaged file",
        7,
        "error[database-corrupt] | sqlite://shop.db | restore a backup",
        |project| {
            let mut bytes = fs::read(project.path("shop.db")).unwrap();
            // All but the header of the first page, which holds the schema.
            for byte in &mut bytes[100..4000] {
                *byte = 0xa5;
            }
            project.write("shop.db", bytes);
        },
    ));
    rows.extend(all_commands(
        "a folder instead of a file",
        7,
        "error[database-unreachable]: cannot open sqlite://shop.db | shop.db | check that the path is correct",
        |project| {
            project.remove("shop.db");
            fs::create_dir(project.path("shop.db")).unwrap();
        },
    ));
    rows
}

/// What the version table can hold, or be.
pub(crate) fn version_tables() -> Vec<Row> {
    let mut rows = vec![
        row(
            "a row that no file explains",
            "upgrade",
            6,
            "error[unknown-rows]: the version table names revisions that no file declares: gone | crate `shop`, table alembic_version in | another git branch | cargo alembic stamp -p shop --purge <revision>",
        )
        .sql("UPDATE alembic_version SET version_num = 'gone'"),
        row("a row that no file explains", "current", 6, "error[unknown-rows] | gone")
            .sql("INSERT INTO alembic_version VALUES ('gone')"),
        row("a row that no file explains", "history -i", 6, "error[unknown-rows] | gone")
            .sql("INSERT INTO alembic_version VALUES ('gone')"),
        row(
            "two rows of which one implies the other",
            "upgrade",
            6,
            "error[overlapping-rows] | aa01 | bb02 | cargo alembic stamp -p shop",
        )
        .sql("INSERT INTO alembic_version VALUES ('bb02')"),
    ];
    for line in [
        "upgrade",
        "upgrade aa01",
        "ensure",
        "upgrade --transaction-per-revision",
    ] {
        let stderr = "error[managed-by-another-tool]: another tool manages this database: it has _sqlx_migrations, the table of sqlx, and no | as it was before | continue the migrations of sqlx, record the one that the database is at with `cargo alembic stamp -p shop <revision> | nothing to do with them | `cargo alembic stamp -p shop base";
        let sql = "DROP TABLE alembic_version; CREATE TABLE _sqlx_migrations (version BIGINT)";
        rows.push(row("another tool's database", line, 7, stderr).sql(sql));
    }
    rows.extend(all_commands(
        "a version table without its column",
        7,
        "error[malformed-version-table] | alembic_version",
        |project| {
            project
                .database("shop.db")
                .execute("DROP TABLE alembic_version; CREATE TABLE alembic_version (id INTEGER)");
        },
    ));
    rows.extend(all_commands(
        "a view of the version table's name",
        7,
        "error[malformed-version-table] | alembic_version",
        |project| {
            project.database("shop.db").execute(
                "DROP TABLE alembic_version; CREATE VIEW alembic_version AS SELECT 1 AS version_num",
            );
        },
    ));
    rows.extend(all_commands(
        "a NULL in the version table",
        7,
        "error[malformed-version-table] | alembic_version",
        |project| {
            project.database("shop.db").execute(
                "DROP TABLE alembic_version; CREATE TABLE alembic_version (version_num TEXT); \
                 INSERT INTO alembic_version VALUES (NULL)",
            );
        },
    ));
    rows.into_iter().map(Row::on_both).collect()
}

/// What helps with a statement that SQLite, or the run, refuses inside a transaction.
const OUTSIDE: &str = "error[migration-failed] | `-- alembic: upgrade sqlite no-transaction`";

pub(super) fn migrations() -> Vec<Row> {
    fn fails(what: &'static str, sql: &'static str, stderr: &'static str) -> Row {
        row(what, "upgrade", 8, stderr).file(CC03, upgrade(sql))
    }
    vec![
        fails(
            "a parameter",
            "INSERT INTO t_aa01 VALUES (?);",
            "error[migration-failed] | parameter ? | migrations/cc03.sql:8:1",
        ),
        fails(
            "rows that refer to nothing",
            "CREATE TABLE a (id INTEGER REFERENCES t_aa01);\nINSERT INTO a VALUES (7);",
            "error[dangling-rows] | 1 row of a refers to rows of t_aa01 | revision cc03: migrations/cc03.sql | as it was before",
        ),
        fails("a VACUUM in a transaction", "VACUUM;", OUTSIDE),
        fails(
            "a VACUUM into a file in a transaction",
            "CREATE TABLE a (x);\nvacuum main into 'copy.db';",
            OUTSIDE,
        ),
        fails(
            "a setting that no transaction takes",
            "PRAGMA synchronous = NORMAL;",
            OUTSIDE,
        ),
        fails(
            "a place for temporary tables",
            "CREATE TEMP TABLE a (x);\nPRAGMA main.temp_store(MEMORY);",
            OUTSIDE,
        ),
        fails(
            "a journal mode in a transaction",
            "PRAGMA journal_mode = WAL;",
            OUTSIDE,
        ),
        fails(
            "a checkpoint in a transaction",
            "CREATE TABLE a (x);\nPRAGMA wal_checkpoint;",
            OUTSIDE,
        ),
        fails(
            "another checkpoint in a transaction",
            "CREATE TABLE a (x);\nPRAGMA wal_checkpoint(TRUNCATE);",
            OUTSIDE,
        ),
        fails(
            "a database that is attached in a transaction",
            "ATTACH ':memory:' AS more;",
            OUTSIDE,
        ),
        fails(
            "a foreign key to columns that need not be unique",
            "CREATE TABLE p (x);\nCREATE TABLE c (x REFERENCES p (x));\nINSERT INTO c VALUES (1);",
            "error[foreign-key-mismatch]: foreign key mismatch | as it was before | a UNIQUE index",
        ),
    ]
}

/// What revisions can do wrong on any engine.
pub(crate) fn statements() -> Vec<Row> {
    fn fails(what: &'static str, sql: &'static str, stderr: &'static str) -> Row {
        row(what, "upgrade", 8, stderr).file(CC03, upgrade(sql))
    }
    let rows = vec![
        fails(
            "a misspelt word",
            "CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id INTEGER);",
            "error[migration-failed] | \"TABEL\" | syntax error | migrations/cc03.sql:9:8 | statement 2 of revision cc03 | crate `shop` | the database is as it was before | correct the statement, and run the command again",
        ),
        fails(
            "a constraint",
            "CREATE TABLE a (id INTEGER CHECK (id > 0));\nINSERT INTO a VALUES (1);\n  INSERT INTO a\n  VALUES (0);",
            "error[migration-failed] | migrations/cc03.sql:10:3 | as it was before",
        ),
        fails(
            "an unknown column, after other letters than ASCII",
            "/* é */ SELECT 'ü', missing FROM t_aa01;",
            "error[migration-failed] | missing | migrations/cc03.sql:8:21",
        ),
        fails(
            "a table that is there already",
            "CREATE TABLE t_aa01 (id INTEGER);",
            "error[migration-failed] | already exists | help: correct the statement, and run the command again",
        ),
        fails(
            "a table that is there already, where nothing is tracked",
            "SELECT 1;",
            "error[migration-failed] | already exists | help: if the database had it before migrations were tracked, record where it is with `cargo alembic stamp -p shop <revision>`, or configure `baseline` and run `cargo alembic ensure -p shop`\n | help: otherwise correct the statement",
        )
        .sql("DROP TABLE alembic_version"),
        fails(
            "a table that is there already, where the version table is empty",
            "SELECT 1;",
            "error[migration-failed] | already exists | cargo alembic stamp -p shop <revision>",
        )
        .sql("DELETE FROM alembic_version"),
        fails(
            "a row that is there already",
            "CREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1), (1);",
            "error[migration-failed] | migrations/cc03.sql:9:1 | help: change the rows or the statement so that they fit",
        ),
        fails(
            "a revision that writes to the version table",
            "DELETE FROM alembic_version;",
            "error[version-table-changed] | as it was before",
        ),
        row(
            "a revision without a downgrade",
            "downgrade base",
            8,
            "error[irreversible]: revision aa01 is irreversible | migrations/aa01.sql | write a section `-- alembic: downgrade`",
        )
        .with(|project| {
            project.add(revision("aa01").upgrade("SELECT 1;").without_downgrade());
        }),
    ];
    rows.into_iter().map(Row::on_both).collect()
}

/// What cannot be written as a script.
pub(super) fn scripts() -> Vec<Row> {
    vec![
        row(
            "a parameter, in a script",
            "upgrade --sql",
            8,
            "error[not-scriptable]: the statement has the parameter ? | migrations/cc03.sql:8:1 | write the value",
        )
        .file(CC03, upgrade("SELECT ?;")),
        row(
            "a line that a shell takes for its own",
            "upgrade --sql bb02:cc03",
            8,
            "error[not-scriptable]: the sqlite3 shell would take the line `go` | migrations/cc03.sql:8:1 | in crate `shop`",
        )
        .file(CC03, upgrade("SELECT 1 AS\ngo\n, 2;")),
        row(
            "a statement that psql would not end",
            "upgrade --sql --dialect postgres",
            8,
            "error[not-scriptable]: psql would not find the end | `begin` in quotes",
        )
        .configure("dialects = [\"postgres\"]")
        .file(
            CC03,
            upgrade("CREATE FUNCTION begin() RETURNS INT LANGUAGE sql AS 'SELECT 1';"),
        ),
        row(
            "what would undo nothing, in a script",
            "upgrade --sql",
            8,
            "error[migration-failed]: journal_mode can only be changed in a no-transaction section | migrations/cc03.sql:8:1",
        )
        .file(CC03, upgrade("PRAGMA journal_mode = OFF;")),
        row(
            "a script through a revision without a downgrade",
            "downgrade --sql bb02:base",
            8,
            "error[irreversible]: revision aa01 is irreversible | migrations/aa01.sql",
        )
        .with(|project| {
            project.add(revision("aa01").upgrade("SELECT 1;").without_downgrade());
        }),
    ]
}
