//! Statements that change settings, openly or in code.

use super::kind;
use crate::Dialect::{self, Postgres, Sqlite};
use crate::SettingScope::{Session, Transaction, Varies};
use crate::{SettingName, SettingScope, split};

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
            Some(("?", Transaction)),
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
        (Sqlite, "SET a = 1", None),
    ];
    for (dialect, statement, expected) in rows {
        let kind = kind(statement, *dialect);
        let found = kind.setting().map(|setting| {
            let name = match &setting.name {
                SettingName::One(name) => name.as_str(),
                SettingName::All => "*",
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
fn any_mention_of_the_search_path_counts() {
    for (statement, expected) in [
        ("SET search_path = a", true),
        ("SET SEARCH_PATH TO a", true),
        ("SET /* a */ SCHEMA 'a'", true),
        ("set local schema 'a'", true),
        ("RESET\nALL", true),
        ("SELECT set_search_path()", true),
        ("SELECT set_config('Search_Path', '', false)", true),
        (
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SET search_path = a'",
            true,
        ),
        ("DO $$ BEGIN EXECUTE 'RESET ALL'; END $$", true),
        ("DO $$BEGIN\nSET\n  SCHEMA 'a'; END $$", true),
        ("ALTER TABLE a SET SCHEMA b", true),
        ("SET search_paths = a", true),
        ("SET lock_timeout = 1", false),
        ("SET LOCAL timezone = 'UTC'", false),
        ("RESET lock_timeout", false),
        ("CREATE SCHEMA a", false),
        ("SELECT set_config('lock_timeout', '1', false)", false),
    ] {
        let found = |dialect| split(statement, dialect).statements[0].may_set_search_path;
        assert_eq!(found(Postgres), expected, "{statement}");
        assert!(!found(Sqlite), "{statement}");
    }
}
