//! In a script, too, what a revision sets for its session ends with it.

use alembic_tests::postgres::Server;
use alembic_tests::{Project, revision};

use super::script;
use super::shells::{STOP, assert_same, psql};

const FIND: &str = "CREATE TABLE found AS SELECT name, setting FROM pg_settings
    WHERE context IN ('user', 'superuser') AND name NOT LIKE 'transaction%'
    AND name NOT LIKE 'plpgsql%' AND name NOT IN ('application_name', 'extra_float_digits',
    'lock_timeout', 'client_min_messages') AND name NOT LIKE 'tcp%'
    AND name NOT IN ('client_connection_check_interval', 'idle_in_transaction_session_timeout')
    UNION ALL SELECT 'role', current_user || ' ' || session_user || coalesce(
        nullif(current_setting('app.tenant', true), ''), ' none');
    INSERT INTO paths VALUES ('C:\\temp\\new');\n";

#[test]
fn what_a_revision_sets_ends_with_it() {
    for (sets, section) in [
        ("SET standard_conforming_strings = off", ""),
        (
            "SET client_encoding = 'LATIN1'; SET timezone = 'Asia/Tokyo'",
            "",
        ),
        (
            "SET LOCAL statement_timeout = '70s'; SET app.tenant = 'it''s'",
            "",
        ),
        ("SET search_path = other, public", ""),
        ("SET ROLE pg_monitor", ""),
        ("SET SESSION AUTHORIZATION pg_monitor", ""),
        (
            "DO $$ BEGIN SET datestyle = 'German'; SET ROLE pg_monitor; END $$",
            "",
        ),
        ("SELECT set_config('bytea_output', 'escape', false), 1", ""),
        (
            "SET datestyle = 'German'; SET standard_conforming_strings = off",
            " no-transaction",
        ),
    ] {
        let project = Project::with_crate("shop");
        project.configure("dialects = [\"postgres\"]");
        let first = format!(
            "CREATE TABLE paths (path text);\n-- alembic: upgrade{section}\n{sets};\n\
             -- alembic: upgrade\nRESET SESSION AUTHORIZATION;\nRESET ROLE;\nINSERT INTO paths VALUES ('x');\n"
        );
        project.add(revision("aa01").upgrade(first));
        project.add(revision("bb02").revises("aa01").upgrade(FIND));
        let server = Server::shared();
        let (online, scripted) = (server.database(), server.database());
        project
            .run(&format!("upgrade --url {}", online.url()))
            .success();
        let script = script(&project, "upgrade --sql --dialect postgres");
        psql(&scripted, &STOP, &script).success();
        let left = |database| {
            let query = "SELECT name || '=' || setting FROM found
                UNION ALL SELECT path FROM paths ORDER BY 1";
            psql(database, &["-At"], query).text
        };
        let expected = left(&online);
        assert!(expected.contains("C:\\temp\\new"), "{expected}");
        assert_same(&left(&scripted), &expected, sets);
    }
}
