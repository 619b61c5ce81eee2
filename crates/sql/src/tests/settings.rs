//! Statements that change settings, openly or in code.

use super::kind;
use crate::Dialect::{self, Postgres, Sqlite};
use crate::SettingScope::{Session, Transaction, Varies};
use crate::{SettingChanges, SettingName, SettingScope, split};

/// A statement, and the name and scope of its setting.
type Row = (Dialect, &'static str, Option<(&'static str, SettingScope)>);

#[test]
fn settings_have_names_and_scopes() {
    let rows: &[Row] = &[
        (
            Postgres,
            "SET search_path TO a",
            Some(("search_path", Session)),
        ),
        (
            Postgres,
            "set Session \"Search_Path\" = a",
            Some(("search_path", Session)),
        ),
        (Postgres, "SET LOCAL a.B = 1", Some(("a.b", Transaction))),
        (Postgres, "SET SCHEMA 'a'", Some(("search_path", Session))),
        (
            Postgres,
            "SET LOCAL /* a */ SCHEMA 'a'",
            Some(("search_path", Transaction)),
        ),
        (
            Postgres,
            "SET NAMES 'a'",
            Some(("client_encoding", Session)),
        ),
        (Postgres, "SET TIME ZONE LOCAL", Some(("timezone", Session))),
        (Postgres, "SET ROLE a", Some(("role", Session))),
        (
            Postgres,
            "SET SESSION AUTHORIZATION a",
            Some(("session_authorization", Session)),
        ),
        (
            Postgres,
            "SET SESSION SESSION AUTHORIZATION a",
            Some(("session_authorization", Session)),
        ),
        (
            Postgres,
            "RESET SESSION AUTHORIZATION",
            Some(("session_authorization", Session)),
        ),
        (
            Postgres,
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            Some(("?", Session)),
        ),
        (
            Postgres,
            "SET TRANSACTION READ ONLY",
            Some(("?", Transaction)),
        ),
        (
            Postgres,
            "SET CONSTRAINTS ALL DEFERRED",
            Some(("constraints", Transaction)),
        ),
        (Postgres, "RESET a", Some(("a", Session))),
        (Postgres, "RESET ALL", Some(("*", Session))),
        (
            Postgres,
            "SELECT 1, pg_catalog.set_config('Search_Path', a, true)",
            Some(("search_path", Session)),
        ),
        (
            Postgres,
            "SELECT set_config(a, 'b', false)",
            Some(("?", Session)),
        ),
        (Postgres, "SELECT 'set_config'", None),
        (Postgres, "UPDATE a SET b = 1", None),
        (Postgres, "PRAGMA a = 1", None),
        (
            Sqlite,
            "PRAGMA Foreign_Keys = ON",
            Some(("foreign_keys", Varies)),
        ),
        (
            Sqlite,
            "PRAGMA main.[journal_mode](off)",
            Some(("journal_mode", Varies)),
        ),
        (Sqlite, "PRAGMA foreign_keys", None),
        (
            Sqlite,
            "EXPLAIN QUERY PLAN PRAGMA main.foreign_keys(0)",
            Some(("foreign_keys", Varies)),
        ),
        (Sqlite, "EXPLAIN SELECT 1", None),
        (Sqlite, "SET a = 1", None),
    ];
    for (dialect, statement, expected) in rows {
        let kind = kind(statement, *dialect);
        let found = kind.setting().map(|setting| {
            let name = match &setting.name {
                SettingName::One(name) => name.as_str(),
                SettingName::All => "*",
                SettingName::Constraints => "constraints",
                SettingName::Unknown => "?",
            };
            (name, setting.scope)
        });
        assert_eq!(found, *expected, "{statement}");
        let session = matches!(expected, Some((_, Session)));
        assert_eq!(kind.sets_for_session(), session, "{statement}");
    }
}

#[test]
fn journal_modes_are_settings_of_sqlite() {
    for (statement, expected) in [
        ("PRAGMA journal_mode = off", true),
        ("pragma main.\"Journal_Mode\"(wal)", true),
        ("PRAGMA journal_mode", false),
        ("PRAGMA journal_size_limit = 1", false),
        ("PRAGMA", false),
    ] {
        assert_eq!(
            kind(statement, Sqlite).sets_journal_mode(),
            expected,
            "{statement}"
        );
        assert!(!kind(statement, Postgres).sets_journal_mode());
    }
}

#[test]
fn statements_say_which_settings_they_may_change() {
    let one = |name: &str| SettingChanges::One(name.to_owned());
    for (statement, expected) in [
        ("SET search_path = a", one("search_path")),
        ("SET /* a */ SCHEMA 'a'", one("search_path")),
        ("set local schema 'a'", one("search_path")),
        ("SET SESSION TIME ZONE 'UTC'", one("timezone")),
        ("SET NAMES 'LATIN1'", one("client_encoding")),
        ("SET LOCAL lock_timeout = 1", one("lock_timeout")),
        ("RESET lock_timeout", one("lock_timeout")),
        ("SET app.tenant = 'a'", one("app.tenant")),
        ("SET ROLE a", one("role")),
        ("RESET ROLE", one("role")),
        (
            "SET SESSION AUTHORIZATION DEFAULT",
            one("session_authorization"),
        ),
        (
            "SELECT pg_catalog.set_config('Search_Path', '', false)",
            one("search_path"),
        ),
        ("LOAD 'auto_explain'", SettingChanges::AnyAndMore),
        (
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            SettingChanges::AnyAndMore,
        ),
        ("ALTER EXTENSION pg_trgm UPDATE", SettingChanges::AnyAndMore),
        ("CREATE TABLE extension (x int)", SettingChanges::None),
        ("RESET\nALL", SettingChanges::Any),
        ("DISCARD ALL", SettingChanges::Any),
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            SettingChanges::Any,
        ),
        (
            "SELECT set_config('a', 'b', false), f()",
            SettingChanges::AnyAnd("a".to_owned()),
        ),
        (
            "SELECT set_config(name, 'b', false) FROM a",
            SettingChanges::Any,
        ),
        ("SELECT 1", SettingChanges::Any),
        ("(SELECT f())", SettingChanges::Any),
        (
            "WITH a AS (SELECT f()) INSERT INTO b SELECT 1",
            SettingChanges::Any,
        ),
        ("VALUES (f())", SettingChanges::Any),
        ("EXECUTE a", SettingChanges::Any),
        ("CALL a()", SettingChanges::Any),
        (
            "DO $$ BEGIN EXECUTE 'RESET ALL'; END $$",
            SettingChanges::Any,
        ),
        (
            "INSERT INTO a SELECT set_config(name, value, true) FROM b",
            SettingChanges::Any,
        ),
        ("INSERT INTO a SELECT f()", SettingChanges::Any),
        (
            "INSERT INTO s.a (x, y) VALUES (1, s.f(2))",
            SettingChanges::Any,
        ),
        ("UPDATE a SET x = \"F\"(1)", SettingChanges::Any),
        ("CREATE TABLE a AS SELECT f()", SettingChanges::Any),
        ("REFRESH MATERIALIZED VIEW a", SettingChanges::Any),
        (
            "INSERT INTO s.a (x, y) VALUES (1, (2)) ON CONFLICT (x) DO NOTHING",
            SettingChanges::None,
        ),
        (
            "UPDATE a SET x = (1 + 2) * 3 WHERE x IN (1, 2) AND (y OR z)",
            SettingChanges::None,
        ),
        ("DELETE FROM a WHERE (x) = 1", SettingChanges::None),
        ("SET CONSTRAINTS ALL DEFERRED", SettingChanges::Constraints),
        (
            "SET /* */ constraints a, b.c IMMEDIATE",
            SettingChanges::Constraints,
        ),
        ("SET TRANSACTION READ ONLY", SettingChanges::None),
        ("INSERT INTO a VALUES ('set_config')", SettingChanges::None),
        ("CREATE SCHEMA a", SettingChanges::None),
        ("ALTER TABLE a SET SCHEMA b", SettingChanges::None),
    ] {
        let found = |dialect| split(statement, dialect).statements.swap_remove(0);
        assert_eq!(found(Postgres).setting_changes, expected, "{statement}");
        let on_sqlite = found(Sqlite).setting_changes;
        assert_eq!(on_sqlite, SettingChanges::None, "{statement}");
    }
    let pragma = split("PRAGMA main.foreign_keys = ON", Sqlite).statements;
    assert_eq!(pragma[0].setting_changes, one("foreign_keys"));
}
