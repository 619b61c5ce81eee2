//! What each engine asks, in SQL, and how it reads answers.

use std::time::Duration;

use alembic_history::{Dialect, Digest, Direction, History, RowChange, SourceFile, VersionTable};
use insta::assert_snapshot;

use super::{VersionTableLookup, engine};
use crate::log::{Log, LogAccess, NewEntry};
use crate::request::Progress;
use crate::{Author, Execute, LogAction, LogEntry, Query, Row};

fn row(cells: &[Option<&str>]) -> Row {
    Row::new(
        cells
            .iter()
            .map(|cell| cell.map(ToOwned::to_owned))
            .collect(),
    )
}

/// Writes every request about a version table and the table of progress, one a line.
fn requests(dialect: Dialect, table: &VersionTable) -> String {
    let file = |(id, revises): (&str, &str)| SourceFile {
        path: format!("{id}.sql").into(),
        content: Ok(format!(
            "-- {id}\n-- Revision ID: {id}\n-- Revises: {revises}\n\n-- alembic: upgrade empty\n"
        )
        .into_bytes()),
    };
    let history = History::new([("a1", ""), ("b2", "a1")].map(file), Dialect::ALL).unwrap();
    let graph = history.graph();
    let nodes: Vec<_> = graph.nodes().collect();
    let [from, to] = nodes[..] else {
        panic!("two revisions");
    };
    let engine = engine(dialect);
    let progress = |done, is_begun| Progress {
        revision: "a1".to_owned(),
        direction: Direction::Upgrade.to_string(),
        done,
        is_begun,
        digest: "0123456789abcdef".to_owned(),
        ..Progress::default()
    };
    let queries = [
        engine.find_versions(table),
        engine.read_versions(table, false),
        engine.read_versions(table, true),
        engine.read_versions_and_log(table, false),
        engine.read_log(table, false),
        engine.read_ways_back(table, true),
        engine.read_progress(table, false),
        engine.read_progress(table, true),
    ];
    let statements = [
        engine.create_versions(table),
        engine.change_versions(table, graph, RowChange::Insert(from)),
        engine.change_versions(table, graph, RowChange::Update { from, to }),
        engine.change_versions(table, graph, RowChange::Delete(to)),
        engine.clear_versions(table),
        engine.drop_versions(table),
        engine.create_log(table),
        engine.write_log(table, &entries()),
        engine.create_progress(table, &graph[from].id),
        engine.write_progress(table, progress(0, true), true, true),
        engine.write_progress(table, progress(1, true), false, false),
        engine.write_progress(table, progress(1, false), false, true),
        engine.write_progress(table, progress(1, false), false, false),
        engine.drop_progress(table),
    ];
    let writers = engine.find_log_writers(table);
    let queries = queries.iter().chain(&writers).map(Query::sql);
    let all = queries.chain(statements.iter().map(Execute::sql));
    let lines = all.map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Two rows for the log, of which the first one has a text.
fn entries() -> [(LogEntry, Option<&'static str>); 2] {
    let author = Author {
        user: Some("ann".to_owned()),
        host: Some("ann's laptop".to_owned()),
        application: None,
    };
    let mut log = Log::default();
    let new = NewEntry {
        revision: "a1".to_owned(),
        message: "It's one".to_owned(),
        direction: Direction::Upgrade,
        action: LogAction::Run,
        digest: Some(Digest::new(0x0123_4567_89ab_cdef)),
        rows: "a1".to_owned(),
        took: Some(Duration::from_millis(7)),
        way_back: Some("DROP".to_owned()),
    };
    let mut first = log.append(&new, &author);
    // Else each release would change it.
    "1.2.3".clone_into(&mut first.tool_version);
    let back = NewEntry {
        direction: Direction::Downgrade,
        action: LogAction::Stamp,
        digest: None,
        rows: String::new(),
        took: None,
        way_back: None,
        ..new
    };
    let mut second = log.append(&back, &Author::default());
    "1.2.3".clone_into(&mut second.tool_version);
    [(first, Some("DROP")), (second, None)]
}

#[test]
fn the_version_table_is_alembics_byte_for_byte() {
    for dialect in Dialect::ALL {
        assert_eq!(
            engine(*dialect)
                .create_versions(&VersionTable::default())
                .sql(),
            "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
        );
    }
}

#[test]
fn requests_to_sqlite() {
    assert_snapshot!(requests(Dialect::Sqlite, &VersionTable::default()), @"
    SELECT (SELECT 'temporary ' || type FROM sqlite_temp_master WHERE name = 'alembic_version' COLLATE NOCASE AND type IN ('table', 'view') UNION ALL SELECT type FROM sqlite_master WHERE name = 'alembic_version' COLLATE NOCASE AND type IN ('table', 'view') LIMIT 1), (SELECT 1 FROM sqlite_master WHERE name = 'alembic_version_progress' COLLATE NOCASE), NULL, NULL, (SELECT name FROM sqlite_master WHERE type = 'table' AND name COLLATE NOCASE IN ('_sqlx_migrations', '__diesel_schema_migrations', 'refinery_schema_history', 'seaql_migrations', 'flyway_schema_history', 'goose_db_version', 'schema_migrations', '_prisma_migrations', 'django_migrations', 'databasechangelog', 'knex_migrations', '__EFMigrationsHistory') LIMIT 1), NULL, coalesce((SELECT 'write' FROM sqlite_master WHERE name = 'alembic_version_log' COLLATE NOCASE), 'create')
    SELECT version_num FROM alembic_version
    SELECT version_num FROM alembic_version
    SELECT version_num, NULL AS number, NULL AS rows_after, NULL AS fingerprint FROM alembic_version UNION ALL SELECT NULL, last.number, last.rows_after, last.fingerprint FROM (SELECT number, rows_after, fingerprint FROM alembic_version_log ORDER BY number DESC LIMIT 1) AS last
    SELECT number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest FROM alembic_version_log ORDER BY number
    SELECT way_back_digest, way_back FROM alembic_version_log WHERE way_back IS NOT NULL ORDER BY number
    SELECT revision, direction, done, begun, digest, since, process FROM alembic_version_progress
    SELECT revision, direction, done, begun, digest, since, process FROM alembic_version_progress
    CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )
    INSERT INTO alembic_version (version_num) VALUES ('a1')
    UPDATE alembic_version SET version_num = 'b2' WHERE version_num = 'a1'
    DELETE FROM alembic_version WHERE version_num = 'b2'
    DELETE FROM alembic_version
    DROP TABLE alembic_version
    CREATE TABLE alembic_version_log ( number INTEGER NOT NULL, revision VARCHAR NOT NULL, message VARCHAR NOT NULL, direction VARCHAR(9) NOT NULL, action VARCHAR(6) NOT NULL, digest VARCHAR(16), rows_after VARCHAR NOT NULL, fingerprint VARCHAR(16) NOT NULL, logged_at TIMESTAMP NOT NULL, took_us BIGINT, user_name VARCHAR, host VARCHAR, application VARCHAR, tool_version VARCHAR NOT NULL, way_back_digest VARCHAR(16), way_back VARCHAR, CONSTRAINT alembic_version_log_pkc PRIMARY KEY (number) )
    INSERT INTO alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back) VALUES (1, 'a1', 'It''s one', 'upgrade', 'run', '0123456789abcdef', 'a1', '01382975c0ea2a05', CURRENT_TIMESTAMP, 7000, 'ann', 'ann''s laptop', NULL, '1.2.3', '1865a6244d44a884', 'DROP'), (2, 'a1', 'It''s one', 'downgrade', 'stamp', NULL, '', '0000000000000000', CURRENT_TIMESTAMP, NULL, NULL, NULL, NULL, '1.2.3', NULL, NULL)
    CREATE TABLE alembic_version_progress ( revision VARCHAR(32) NOT NULL, direction VARCHAR(9) NOT NULL, done INTEGER NOT NULL, begun INTEGER, digest VARCHAR(16) NOT NULL, process INTEGER, since TIMESTAMP NOT NULL )
    INSERT INTO alembic_version_progress (revision, direction, done, begun, digest, process, since) VALUES ('a1', 'upgrade', 0, 1, '0123456789abcdef', NULL, CURRENT_TIMESTAMP)
    UPDATE alembic_version_progress SET revision = 'a1', direction = 'upgrade', done = 1, begun = 2, digest = '0123456789abcdef', process = NULL, since = CURRENT_TIMESTAMP
    UPDATE alembic_version_progress SET revision = 'a1', direction = 'upgrade', done = 1, begun = NULL, digest = '0123456789abcdef', process = NULL, since = CURRENT_TIMESTAMP
    UPDATE alembic_version_progress SET revision = 'a1', direction = 'upgrade', done = 1, begun = NULL, digest = '0123456789abcdef', process = NULL, since = CURRENT_TIMESTAMP
    DROP TABLE alembic_version_progress
    ");
}

#[test]
fn requests_to_postgres_name_the_schema_and_do_not_wait_outside_of_transactions() {
    let table = VersionTable {
        schema: Some("public".to_owned()),
        ..VersionTable::default()
    };
    assert_snapshot!(requests(Dialect::Postgres, &table), @r#"
    WITH named AS (SELECT pg_catalog.to_regclass('public.alembic_version')::pg_catalog.oid AS version, pg_catalog.to_regclass('public.alembic_version_progress')::pg_catalog.oid AS progress), home AS (SELECT s.oid, s.nspname FROM pg_catalog.pg_namespace s WHERE s.oid OPERATOR(pg_catalog.=) (SELECT v.relnamespace FROM pg_catalog.pg_class v WHERE v.oid OPERATOR(pg_catalog.=) (SELECT version FROM named)) OR (SELECT version IS NULL FROM named) AND s.nspname OPERATOR(pg_catalog.=) 'public'::pg_catalog.name), named_so AS MATERIALIZED (SELECT r.oid, r.relname, r.relnamespace, r.relkind, r.relpersistence, r.relowner, r.relhastriggers, r.relhasrules, r.relrowsecurity, r.relhassubclass, r.relchecks, (r.relowner OPERATOR(pg_catalog.=) pg_catalog.quote_ident(current_user::pg_catalog.text)::pg_catalog.regrole::pg_catalog.oid OR pg_catalog.pg_has_role(r.relowner, 10::pg_catalog.oid, 'MEMBER') OR NOT pg_catalog.pg_has_role(10::pg_catalog.oid, 'MEMBER') AND pg_catalog.pg_has_role(r.relowner, 'MEMBER')) AS is_own FROM pg_catalog.pg_class r WHERE r.oid OPERATOR(pg_catalog.=) (SELECT version FROM named) OR r.oid OPERATOR(pg_catalog.=) (SELECT progress FROM named) OR r.relname OPERATOR(pg_catalog.=) 'alembic_version_log' AND r.relnamespace OPERATOR(pg_catalog.=) (SELECT oid FROM home)), found AS (SELECT r.*, r.is_own OR (r.relkind OPERATOR(pg_catalog.=) 'r' AND NOT r.relhastriggers AND NOT r.relhasrules AND NOT r.relrowsecurity AND NOT r.relhassubclass AND r.relchecks OPERATOR(pg_catalog.=) 0::pg_catalog.int2 AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid OPERATOR(pg_catalog.=) r.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) r.oid AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND (a.atthasdef OR a.atttypid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid))) AS is_trusted FROM named_so r) SELECT CASE WHEN c.oid IS NULL THEN NULL ELSE pg_catalog.concat(CASE WHEN c.relpersistence OPERATOR(pg_catalog.=) 't' THEN 'temporary ' END, CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']) THEN CASE WHEN c.is_trusted THEN 'table' ELSE 'table of another user, and runs code of its own' END WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN 'view' WHEN c.relkind OPERATOR(pg_catalog.=) 'm' THEN 'materialized view' WHEN c.relkind OPERATOR(pg_catalog.=) 'f' THEN 'foreign table' WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'sequence' WHEN c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['i', 'I']) THEN 'index' WHEN c.relkind OPERATOR(pg_catalog.=) 'c' THEN 'type' ELSE 'relation' END) END, CASE WHEN p.is_trusted THEN 1 END, coalesce(h.nspname, 'public'), pg_catalog.current_database(), (SELECT o.relname FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) o.relnamespace WHERE c.oid IS NULL AND (s.nspname OPERATOR(pg_catalog.=) 'public'::pg_catalog.name OR s.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))) AND o.relname OPERATOR(pg_catalog.=) ANY (ARRAY['_sqlx_migrations', '__diesel_schema_migrations', 'refinery_schema_history', 'seaql_migrations', 'flyway_schema_history', 'goose_db_version', 'schema_migrations', '_prisma_migrations', 'django_migrations', 'databasechangelog', 'knex_migrations', '__EFMigrationsHistory']::pg_catalog.name[]) AND o.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog."char"[]) LIMIT 1), (SELECT a.atttypmod OPERATOR(pg_catalog.-) 4 FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'version_num' AND a.atttypmod OPERATOR(pg_catalog.>) 4 AND a.atttypid OPERATOR(pg_catalog.=) ANY (ARRAY['pg_catalog.varchar'::pg_catalog.regtype::pg_catalog.oid, 'pg_catalog.bpchar'::pg_catalog.regtype::pg_catalog.oid])), CASE WHEN l.oid IS NULL THEN CASE WHEN pg_catalog.has_schema_privilege(h.oid, 'CREATE') THEN 'create' END WHEN NOT (l.is_own OR coalesce(l.relowner OPERATOR(pg_catalog.=) c.relowner, false) AND l.is_trusted) THEN pg_catalog.concat('untrusted ', pg_catalog.pg_get_userbyid(l.relowner)) WHEN NOT pg_catalog.has_table_privilege(l.oid, 'SELECT') THEN NULL WHEN pg_catalog.has_table_privilege(l.oid, 'INSERT') THEN 'write' ELSE 'read' END FROM named n LEFT JOIN home h ON true LEFT JOIN found c ON c.oid OPERATOR(pg_catalog.=) n.version LEFT JOIN found p ON p.oid OPERATOR(pg_catalog.=) n.progress LEFT JOIN found l ON l.relname OPERATOR(pg_catalog.=) 'alembic_version_log' AND l.relnamespace OPERATOR(pg_catalog.=) h.oid
    LOCK TABLE public.alembic_version IN ACCESS SHARE MODE NOWAIT; SELECT version_num FROM public.alembic_version
    SELECT version_num FROM public.alembic_version
    LOCK TABLE public.alembic_version, public.alembic_version_log IN ACCESS SHARE MODE NOWAIT; SELECT version_num, NULL AS number, NULL AS rows_after, NULL AS fingerprint FROM public.alembic_version UNION ALL SELECT NULL, last.number, last.rows_after, last.fingerprint FROM (SELECT number, rows_after, fingerprint FROM public.alembic_version_log ORDER BY number DESC LIMIT 1) AS last
    LOCK TABLE public.alembic_version_log IN ACCESS SHARE MODE NOWAIT; SELECT number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest FROM public.alembic_version_log ORDER BY number
    SELECT way_back_digest, way_back FROM public.alembic_version_log WHERE way_back IS NOT NULL ORDER BY number
    LOCK TABLE public.alembic_version_progress IN ACCESS SHARE MODE NOWAIT; SELECT revision, direction, done, begun, digest, since, process FROM public.alembic_version_progress
    SELECT revision, direction, done, begun, digest, since, process FROM public.alembic_version_progress
    SELECT w.owns, g.name, pg_catalog.min(w.role::pg_catalog.text) FROM (SELECT r.oid, r.rolname AS role, l.relacl, l.oid AS relation, r.oid OPERATOR(pg_catalog.=) l.relowner AS owns FROM pg_catalog.pg_class l CROSS JOIN pg_catalog.pg_roles r CROSS JOIN pg_catalog.pg_roles u WHERE l.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('public.alembic_version_log')::pg_catalog.oid AND u.rolname OPERATOR(pg_catalog.=) current_user AND NOT r.rolsuper AND r.oid OPERATOR(pg_catalog.<>) u.oid AND (u.rolsuper OR NOT pg_catalog.pg_has_role(u.oid, r.oid, 'MEMBER')) AND (r.oid OPERATOR(pg_catalog.=) l.relowner OR NOT pg_catalog.pg_has_role(r.oid, l.relowner, 'MEMBER') AND r.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND (pg_catalog.has_table_privilege(r.oid, l.oid, 'INSERT, UPDATE, TRIGGER') OR pg_catalog.has_any_column_privilege(r.oid, l.oid, 'INSERT, UPDATE')))) AS w LEFT JOIN LATERAL (SELECT CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END AS name FROM (SELECT x.grantee, x.privilege_type FROM pg_catalog.aclexplode(w.relacl) AS x UNION ALL SELECT x.grantee, x.privilege_type FROM pg_catalog.pg_attribute t, pg_catalog.aclexplode(t.attacl) AS x WHERE t.attrelid OPERATOR(pg_catalog.=) w.relation) AS a WHERE NOT w.owns AND a.privilege_type OPERATOR(pg_catalog.=) ANY (ARRAY['INSERT', 'UPDATE', 'TRIGGER']) AND (a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR pg_catalog.pg_has_role(w.oid, a.grantee, 'MEMBER'))) AS g ON true GROUP BY w.owns, g.name ORDER BY w.owns DESC, g.name
    CREATE TABLE public.alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )
    INSERT INTO public.alembic_version (version_num) VALUES ('a1')
    UPDATE public.alembic_version SET version_num = 'b2' WHERE version_num OPERATOR(pg_catalog.=) 'a1'
    DELETE FROM public.alembic_version WHERE version_num OPERATOR(pg_catalog.=) 'b2'
    DELETE FROM public.alembic_version
    DROP TABLE public.alembic_version
    CREATE TABLE public.alembic_version_log ( number INTEGER NOT NULL, revision VARCHAR NOT NULL, message VARCHAR NOT NULL, direction VARCHAR(9) NOT NULL, action VARCHAR(6) NOT NULL, digest VARCHAR(16), rows_after VARCHAR NOT NULL, fingerprint VARCHAR(16) NOT NULL, logged_at TIMESTAMP NOT NULL, took_us BIGINT, user_name VARCHAR, host VARCHAR, application VARCHAR, tool_version VARCHAR NOT NULL, way_back_digest VARCHAR(16), way_back VARCHAR, CONSTRAINT alembic_version_log_pkc PRIMARY KEY (number) )
    INSERT INTO public.alembic_version_log (number, revision, message, direction, action, digest, rows_after, fingerprint, logged_at, took_us, user_name, host, application, tool_version, way_back_digest, way_back) VALUES (1, 'a1', 'It''s one', 'upgrade', 'run', '0123456789abcdef', 'a1', '01382975c0ea2a05', pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 7000, session_user, 'ann''s laptop', NULL, '1.2.3', '1865a6244d44a884', 'DROP'), (2, 'a1', 'It''s one', 'downgrade', 'stamp', NULL, '', '0000000000000000', pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', NULL, session_user, NULL, NULL, '1.2.3', NULL, NULL)
    CREATE TABLE public.alembic_version_progress ( revision VARCHAR(32) NOT NULL, direction VARCHAR(9) NOT NULL, done INTEGER NOT NULL, begun INTEGER, digest VARCHAR(16) NOT NULL, process INTEGER, since TIMESTAMP NOT NULL )
    INSERT INTO public.alembic_version_progress (revision, direction, done, begun, digest, process, since) VALUES ('a1', 'upgrade', 0, 1, '0123456789abcdef', pg_catalog.pg_backend_pid(), pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')
    UPDATE public.alembic_version_progress SET revision = 'a1', direction = 'upgrade', done = 1, begun = 2, digest = '0123456789abcdef', process = pg_catalog.pg_backend_pid(), since = pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'
    UPDATE public.alembic_version_progress SET revision = 'a1', direction = 'upgrade', done = 1, begun = NULL, digest = '0123456789abcdef', process = pg_catalog.pg_backend_pid(), since = pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'
    WITH s AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true) AS value) UPDATE public.alembic_version_progress SET revision = 'a1', direction = 'upgrade', done = 1, begun = NULL, digest = '0123456789abcdef', process = pg_catalog.pg_backend_pid(), since = pg_catalog.clock_timestamp() AT TIME ZONE 'UTC' WHERE (SELECT value FROM s) IS NOT NULL
    DROP TABLE public.alembic_version_progress
    "#);
}

#[test]
fn what_a_look_for_the_version_table_found_is_read() {
    assert_eq!(VersionTableLookup::read(&[]), VersionTableLookup::default());
    let sqlite = [row(&[Some("table"), None])];
    assert_eq!(
        VersionTableLookup::read(&sqlite),
        VersionTableLookup {
            kind: Some("table".to_owned()),
            ..VersionTableLookup::default()
        }
    );
    let other = Some("_sqlx_migrations");
    let postgres = [row(&[None, Some("1"), Some("public"), Some("app"), other])];
    assert_eq!(
        VersionTableLookup::read(&postgres),
        VersionTableLookup {
            id_limit: None,
            kind: None,
            has_progress: true,
            schema: Some("public".to_owned()),
            database: Some("app".to_owned()),
            other_tool: other.map(ToOwned::to_owned),
            log: LogAccess::None,
        }
    );
}

#[test]
fn a_row_of_progress_is_read() {
    let cells = |done, begun, process| {
        let digest = Some("0123456789abcdef");
        let since = Some("2026-01-02 03:04:05");
        row(&[
            Some("a1"),
            Some("upgrade"),
            done,
            begun,
            digest,
            since,
            process,
        ])
    };
    let progress = Progress {
        revision: "a1".to_owned(),
        direction: "upgrade".to_owned(),
        done: 2,
        is_begun: true,
        digest: "0123456789abcdef".to_owned(),
        since: "2026-01-02 03:04:05".to_owned(),
        process: Some(4711),
    };
    let read = |cells: Row| Progress::read(&cells).map_err(|error| error.to_string());
    assert_eq!(
        read(cells(Some("2"), Some("3"), Some("4711"))),
        Ok(progress.clone())
    );
    assert_eq!(
        read(cells(Some("2"), None, None)),
        Ok(Progress {
            is_begun: false,
            process: None,
            ..progress
        })
    );
    for (cells, expected) in [
        (
            cells(None, None, None),
            "the answer holds an unexpected \"nothing\" in column 3",
        ),
        (
            cells(Some("-1"), None, None),
            "the answer holds an unexpected \"-1\" in column 3",
        ),
        (
            cells(Some("2"), None, Some("x")),
            "the answer holds an unexpected \"x\" in column 7",
        ),
    ] {
        assert_eq!(read(cells), Err(expected.to_owned()));
    }
}
