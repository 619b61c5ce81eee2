//! PostgreSQL servers: the ways to them, what a user may do there, and what only they can refuse.

use alembic_tests::{Project, revision};

use super::{CC03, Row, row, upgrade};

/// Puts a parameter behind a URL.
pub(crate) fn with_parameter(parameter: &'static str) -> impl Fn(&str) -> String {
    move |url| {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{parameter}")
    }
}

const BB02: &str = "migrations/bb02.sql";

/// The text of the second revision, which upgrades with these statements.
fn second(sql: &str) -> String {
    revision("bb02").revises("aa01").upgrade(sql).to_string()
}

/// Puts something else in place of the password.
fn with_password(password: &'static str) -> impl Fn(&str) -> String {
    move |url| {
        let (credentials, place) = url.rsplit_once('@').unwrap();
        let (user, _) = credentials.rsplit_once(':').unwrap();
        format!("{user}{password}@{place}")
    }
}

/// Puts another database in place of the one that is there.
pub(crate) fn with_database(name: &'static str) -> impl Fn(&str) -> String {
    move |url| {
        let (server, _) = url.rsplit_once('/').unwrap();
        format!("{server}/{name}")
    }
}

/// An id of 40 characters.
const LONG: &str = "cc03_with_a_name_that_says_what_it_does_";

/// Ids that the version table has no room for; SQLite has room for all of them.
pub(super) fn ids() -> Vec<Row> {
    let narrow = "error[id-too-long]: the id of revision cc03_with_a_name_that_says_what_it_does_ has 40 characters, but the version table | holds 32 | migrations/cc03.sql | as it was before | a shorter id | ALTER COLUMN version_num TYPE VARCHAR(40)`";
    let missing = "error[id-too-long] | would hold 32 | as it was before | create the table first: `CREATE TABLE | ( version_num VARCHAR(40) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )`";
    let file = |line, stderr| {
        let text = upgrade("CREATE TABLE t_cc03 (id INTEGER);")
            .replace("ID: cc03", &format!("ID: {LONG}"));
        row("a long id", line, 7, stderr)
            .on_server()
            .file(CC03, text)
    };
    let fresh = "DROP TABLE alembic_version; DROP TABLE t_aa01";
    vec![
        file("upgrade", narrow),
        file("stamp head", narrow),
        file("ensure", narrow),
        file("upgrade", missing).sql(fresh),
        file("stamp head", missing).sql(fresh),
        file("ensure", missing).sql(fresh),
    ]
}

pub(crate) fn addresses() -> Vec<Row> {
    fn of(
        what: &'static str,
        stderr: &'static str,
        address: impl Fn(&str) -> String + 'static,
    ) -> Row {
        row(what, "upgrade", 7, stderr).on_server().address(address)
    }
    let mut rows = vec![
        of(
            "a wrong password",
            "error[database-unreachable]: cannot connect: password authentication failed | as it was before | PGPASSWORD or ~/.pgpass",
            with_password(":secret"),
        ),
        of(
            "a password with characters that a URL must encode",
            "error[database-unreachable]: cannot connect: password authentication failed",
            with_password(":se%40secret%25"),
        ),
        of(
            "a password with characters that a URL should encode",
            "error[database-unreachable]: cannot connect: password authentication failed",
            with_password(":p@secret%zz"),
        ),
        of(
            "no password",
            "error[database-unreachable]: cannot connect | PGPASSWORD or ~/.pgpass",
            with_password(""),
        ),
        of(
            "no server",
            "error[database-unreachable]: cannot connect: Connection refused | check that the server is running",
            |_| "postgres://user:secret@127.0.0.1:1/shop".to_owned(),
        ),
        of(
            "no socket",
            "error[database-unreachable]: cannot connect: No such file or directory",
            |_| "postgres:///shop?host=/nowhere&user=u&password=secret".to_owned(),
        ),
        of(
            "a database that does not exist",
            "error[database-unreachable]: cannot connect: database \"nowhere\" does not exist | `createdb -h | -p | nowhere`, or correct the URL",
            with_database("nowhere"),
        ),
        of(
            "a database that does not exist, whose name has blanks",
            "error[database-unreachable] | \"Mixed Case DB\" does not exist | 'Mixed Case DB'`, or correct the URL",
            with_database("Mixed%20Case%20DB"),
        ),
        of(
            "no encryption where it is asked for",
            "error[database-unreachable]: cannot connect | does not support TLS | sslmode=require",
            with_parameter("sslmode=require"),
        ),
        of(
            "a setting that the server does not know",
            "error[database-unreachable]: cannot connect: unrecognized configuration parameter \"nonsense\"",
            with_parameter("options=-cnonsense%3D1"),
        ),
    ];
    for line in [
        "current",
        "downgrade base",
        "ensure",
        "ensure-version",
        "history -i",
        "show current",
        "stamp head",
    ] {
        let stderr = "error[database-unreachable]: cannot connect: Connection refused | crate `shop`, database postgres://user:***@127.0.0.1:1/shop";
        let nobody = |_: &str| "postgres://user:secret@127.0.0.1:1/shop".to_owned();
        rows.push(
            row("no server", line, 7, stderr)
                .on_server()
                .address(nobody),
        );
    }
    rows
}

/// What users may not do who may only read, or nothing at all: two roles that every server has.
pub(crate) fn rights() -> Vec<Row> {
    fn of(what: &'static str, role: &'static str, line: &'static str, stderr: &'static str) -> Row {
        let row = row(what, line, 7, stderr).on_server();
        row.address(with_parameter(role))
    }
    let reader = "options=-crole%3Dpg_read_all_data";
    let stranger = "options=-crole%3Dpg_monitor";
    let empty = |project: &Project| {
        let tables = "DROP TABLE alembic_version, t_aa01";
        project.database("shop.db").execute(tables);
    };
    let read_only = |project: &Project| {
        let database = project.database("shop.db");
        let name = database.server().name();
        database.execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = on"
        ));
    };
    let mut rows = vec![
        of(
            "a user who may only read",
            reader,
            "upgrade",
            "error[permission-denied]: permission denied for schema public | migrations/bb02.sql:8:14 | statement 1 of revision bb02 | as it was before | `GRANT USAGE, CREATE ON SCHEMA \"public\" TO <user>`",
        ),
        of(
            "a user who may only read",
            reader,
            "stamp head",
            "error[permission-denied]: cannot change the version table: permission denied for table alembic_version | `GRANT SELECT, INSERT, UPDATE, DELETE ON alembic_version TO <user>`",
        ),
        of(
            "a user who may not even read",
            stranger,
            "current",
            "error[permission-denied]: cannot read the version table: permission denied for table alembic_version | `GRANT SELECT ON alembic_version TO <user>`; to migrate",
        ),
        of(
            "a user who may not write to a revision's table",
            reader,
            "upgrade",
            "error[permission-denied]: permission denied for table t_aa01 | migrations/bb02.sql:8:1 | help: connect as the owner of the table, or as a role that has the privilege",
        )
        .file(BB02, second("INSERT INTO t_aa01 VALUES (1);")),
        of(
            "a user who may not change a revision's table",
            reader,
            "upgrade",
            "error[permission-denied]: must be owner of table t_aa01 | migrations/bb02.sql:8:1 | help: connect as the owner of table t_aa01",
        )
        .file(BB02, second("ALTER TABLE t_aa01 ADD COLUMN x INTEGER;")),
        row(
            "a server that only reads",
            "upgrade",
            7,
            "error[database-read-only]: cannot execute CREATE TABLE in a read-only transaction | migrations/bb02.sql:8:1 | as it was before | primary",
        )
        .on_server()
        .with(read_only),
        row(
            "a server that only reads",
            "stamp head",
            7,
            "error[database-read-only]: cannot change the version table",
        )
        .on_server()
        .with(read_only),
    ];
    // Its tables are as if they did not exist for that user: nothing says that the database is at base.
    let closed = |project: &Project| {
        let database = project.database("shop.db");
        database.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC");
    };
    for line in [
        "status",
        "current",
        "downgrade base",
        "log",
        "upgrade",
        "show current",
    ] {
        rows.push(
            of(
                "a user who may not use the schema",
                stranger,
                line,
                "error[no-schema]: no schema on the search path exists that the user may use | `GRANT USAGE, CREATE ON SCHEMA ...`",
            )
            .with(closed),
        );
    }
    for line in ["upgrade", "ensure", "stamp head", "ensure-version"] {
        rows.push(
            of(
                "a user who may not create tables",
                reader,
                line,
                "error[permission-denied]: cannot create the version table: permission denied for schema public | `GRANT USAGE, CREATE ON SCHEMA \"public\" TO <user>`",
            )
            .with(empty),
        );
        rows.push(
            row(
                "a schema for the version table that does not exist",
                line,
                7,
                "error: cannot create the version table: schema \"Audit\" does not exist | `CREATE SCHEMA \"Audit\"`",
            )
            .on_server()
            .configure("version-table-schema = \"Audit\""),
        );
        rows.push(
            row(
                "a search path that leads nowhere",
                line,
                7,
                "error[no-schema]: no schema on the search path exists that the user may use | the database is as it was before | search_path",
            )
            .on_server()
            .address(with_parameter("options=-csearch_path%3Dnowhere")),
        );
    }
    rows
}

pub(crate) fn servers() -> Vec<Row> {
    fn fails(what: &'static str, sql: &'static str, stderr: &'static str) -> Row {
        row(what, "upgrade", 8, stderr)
            .on_server()
            .file(CC03, upgrade(sql))
    }
    /// A statement that fails because of what an earlier revision did in the same transaction.
    fn shares(
        what: &'static str,
        before: &'static str,
        sql: &'static str,
        stderr: &'static str,
    ) -> Row {
        fails(what, sql, stderr).with(move |project| {
            project.add(revision("bb02").revises("aa01").upgrade(before));
        })
    }
    let mut rows = vec![
        fails(
            "a statement that cannot run in a transaction",
            "CREATE INDEX CONCURRENTLY x ON t_aa01 (id);",
            "error[migration-failed]: CREATE INDEX CONCURRENTLY cannot run inside a transaction block | migrations/cc03.sql:8:1 | as it was before | `-- alembic: upgrade postgres no-transaction`",
        ),
        row(
            "a statement that cannot run in a transaction, on the way back",
            "downgrade base",
            8,
            "DROP INDEX CONCURRENTLY cannot run inside a transaction block | migrations/aa01.sql:11:1 | `-- alembic: downgrade postgres no-transaction`",
        )
        .on_server()
        .with(|project| {
            project.add(
                revision("aa01")
                    .upgrade("SELECT 1;")
                    .downgrade("DROP INDEX CONCURRENTLY x;"),
            );
        }),
        fails(
            "a value that its transaction cannot use",
            "CREATE TYPE k AS ENUM ('a');\nALTER TYPE k ADD VALUE 'b';\nCREATE TABLE x (k k DEFAULT 'b');",
            "error[migration-failed]: unsafe use of new value \"b\" | migrations/cc03.sql:10:29 | no-transaction",
        ),
        shares(
            "a value that the code of an earlier revision adds",
            "CREATE TYPE k AS ENUM ('a');\nDO $$ BEGIN EXECUTE 'ALTER TYPE k ADD VALUE ' || quote_literal('b'); END $$;",
            "CREATE TABLE x (k k DEFAULT 'b');",
            "error[migration-failed]: unsafe use of new value \"b\" | --transaction-per-revision",
        ),
        shares(
            "rows of an earlier revision that wait for their triggers",
            "CREATE TABLE o (id INTEGER PRIMARY KEY);\nCREATE TABLE i (o INTEGER REFERENCES o DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO o VALUES (1);\nINSERT INTO i VALUES (1);",
            "ALTER TABLE i ADD n INTEGER;",
            "error[migration-failed]: cannot ALTER TABLE \"i\" because it has pending trigger events | migrations/cc03.sql:8:1 | --transaction-per-revision",
        ),
        shares(
            "a cursor that an earlier revision leaves open",
            "CREATE TABLE o (id INTEGER);\nDECLARE c CURSOR FOR SELECT * FROM o;\nFETCH c;",
            "TRUNCATE o;",
            "error[migration-failed]: cannot TRUNCATE \"o\" because it is being used by active queries | --transaction-per-revision",
        ),
        shares(
            "a temporary table that the commit would have dropped",
            "CREATE TEMPORARY TABLE o (id INTEGER) ON COMMIT DROP;",
            "CREATE TEMPORARY TABLE o (id INTEGER) ON COMMIT DROP;",
            "error[migration-failed]: relation \"o\" already exists | --transaction-per-revision",
        ),
        fails(
            "rows of its own that wait for their triggers",
            "CREATE TABLE o (id INTEGER REFERENCES t_aa01 DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO o VALUES (1);\nALTER TABLE o ADD n INTEGER;",
            "error[migration-failed]: cannot ALTER TABLE \"o\" because it has pending trigger events | --transaction-per-revision",
        ),
        fails(
            "what a function complains about",
            "DO $$ BEGIN\n  RAISE EXCEPTION 'too long: %', 7 USING HINT = 'Shorten it.';\nEND $$;",
            "error[migration-failed]: too long: 7; hint: Shorten it | migrations/cc03.sql:8:1 | in PL/pgSQL function inline_code_block line 2",
        ),
        fails(
            "rows that refer to nothing, at the commit",
            "CREATE TABLE a (id INTEGER REFERENCES t_aa01 DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (7);",
            "error[migration-failed]: cannot commit: insert or update on table \"a\" violates foreign key constraint | as it was before | correct the revisions",
        ),
        fails(
            "a database that a statement names and that does not exist",
            "GRANT CONNECT ON DATABASE nosuch TO CURRENT_USER;",
            "error[migration-failed]: database \"nosuch\" does not exist | migrations/cc03.sql:8:1 | as it was before | correct the statement",
        ),
        row(
            "a connection that is lost",
            "upgrade",
            7,
            "error[connection-lost]: terminating connection | migrations/cc03.sql:8:1 | as it was before | find the cause in the log of the server or its pooler",
        )
        .on_server()
        .file(CC03, upgrade("SELECT pg_terminate_backend(pg_backend_pid());")),
    ];
    // A statement can fail with any code, those of connections included.
    for code in [
        "08000", "08006", "08P01", "25P03", "28000", "28P01", "3D000", "53300", "57P01", "57P03",
        "57P05",
    ] {
        let raise = format!("DO $$ BEGIN\n  RAISE 'the code' USING ERRCODE = '{code}';\nEND $$;");
        let stderr = "error[migration-failed]: the code | migrations/cc03.sql:8:1 | as it was before | correct the statement";
        rows.push(
            row(code, "upgrade", 8, stderr)
                .on_server()
                .file(CC03, upgrade(&raise)),
        );
    }
    for line in ["upgrade", "current", "stamp head", "ensure"] {
        let stderr = "error[unchecked-dialect]: the revisions are not checked for PostgreSQL | add \"postgres\" to `dialects`";
        rows.push(
            row(
                "a crate that is not written for PostgreSQL",
                line,
                4,
                stderr,
            )
            .on_server()
            .configure("dialects = [\"sqlite\"]"),
        );
    }
    rows.push(
        row(
            "a crate that is not written for SQLite",
            "upgrade",
            4,
            "error[unchecked-dialect]: the revisions are not checked for SQLite | add \"sqlite\" to `dialects`",
        )
        .configure("dialects = [\"postgres\"]"),
    );
    rows
}
