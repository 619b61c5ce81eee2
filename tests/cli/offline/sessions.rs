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
        ("SET app.tenant = 'a'; RESET ALL", ""),
        ("CREATE EXTENSION pg_trgm; SELECT set_limit(0.9)", ""),
        ("SET datestyle = 'German'; DISCARD ALL", " no-transaction"),
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

/// A section outside of transactions runs with what the revision has set; what the script records
/// meanwhile does not.
#[test]
fn what_a_script_records_needs_no_rights_of_a_revision() {
    let insert = "INSERT INTO public.paths SELECT current_user || current_setting('search_path');";
    for sets in [
        "SET ROLE pg_monitor;",
        "SET SESSION AUTHORIZATION pg_monitor; SET search_path = 'none';",
        "SET search_path = other, 'it''s \\ \"odd';",
        "DO $$ BEGIN SET LOCAL ROLE pg_monitor; END $$;",
        "SELECT set_config('search_path', 'other', false);",
    ] {
        let project = Project::with_crate("shop");
        project.configure("dialects = [\"postgres\"]");
        project.add(revision("aa01").upgrade(format!(
            "CREATE TABLE paths (path text);\nGRANT ALL ON paths TO pg_monitor;\n{sets}\n\
             -- alembic: upgrade no-transaction\n{insert}\n{insert}\n\
             -- alembic: upgrade\n{insert}\n"
        )));
        project.add(
            revision("bb02")
                .revises("aa01")
                .upgrade(format!("{insert}\nCREATE TABLE last (x int);")),
        );
        let server = Server::shared();
        let (online, scripted) = (server.database(), server.database());
        project
            .run(&format!("upgrade --url {}", online.url()))
            .success();
        let script = script(&project, "upgrade --sql --dialect postgres");
        psql(&scripted, &STOP, &script).success();
        let left = |database| psql(database, &["-At"], "SELECT path FROM paths ORDER BY 1").text;
        let expected = left(&online);
        assert_eq!(expected.lines().count(), 4, "{sets}: {expected}");
        assert_same(&left(&scripted), &expected, sets);
        assert_eq!(scripted.versions(), ["bb02"], "{sets}");
    }
}

/// The modes of constraints end with their revision.
#[test]
fn what_a_revision_defers_is_due_at_its_end() {
    let child = "CREATE TABLE parent (id int PRIMARY KEY);\n\
                 CREATE TABLE child (id int REFERENCES parent DEFERRABLE);\n\
                 CREATE TABLE late (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);\n";
    let orphan = "INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);";
    for (first, second, is_done) in [
        ("SET CONSTRAINTS ALL DEFERRED;", orphan, false),
        ("SET CONSTRAINTS child_id_fkey DEFERRED;", orphan, false),
        (
            "DO $$ BEGIN SET CONSTRAINTS ALL DEFERRED; END $$;",
            orphan,
            false,
        ),
        (
            "SET CONSTRAINTS ALL DEFERRED; INSERT INTO child VALUES (1);",
            "INSERT INTO parent VALUES (1);",
            false,
        ),
        (
            "SET CONSTRAINTS ALL DEFERRED;",
            "CREATE TABLE more (id int REFERENCES parent DEFERRABLE);
             INSERT INTO more VALUES (1); INSERT INTO parent VALUES (1);",
            false,
        ),
        (
            "SET CONSTRAINTS ALL IMMEDIATE;",
            "INSERT INTO late VALUES (1); INSERT INTO parent VALUES (1);",
            true,
        ),
        (
            "SELECT 1;",
            "SET CONSTRAINTS ALL DEFERRED; INSERT INTO child VALUES (1);
             INSERT INTO parent VALUES (1);",
            true,
        ),
    ] {
        let project = Project::with_crate("shop");
        project.configure("dialects = [\"postgres\"]");
        project.add(revision("aa01").upgrade(format!("{child}{first}")));
        project.add(revision("bb02").revises("aa01").upgrade(second));
        let database = Server::shared().database();
        let script = script(&project, "upgrade --sql --dialect postgres");
        let said = psql(&database, &STOP, &script);
        match is_done {
            true => said.success(),
            false => said.failure("violates foreign key constraint"),
        }
        let expected: &[&str] = if is_done { &["bb02"] } else { &[] };
        let versions = match is_done {
            true => database.versions(),
            false => database.tables(),
        };
        assert_eq!(versions, expected, "{first} {second}");
    }
}

/// As in a run: it would move the rows after the last check.
#[test]
fn a_deferred_trigger_cannot_move_the_rows() {
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"postgres\"]");
    project.add(revision("aa01").upgrade("SELECT 1;").downgrade("SELECT 1;"));
    let next = revision("bb02").revises("aa01");
    project.add(next.upgrade("SELECT 2;").downgrade("SELECT 2;"));
    for (start, line) in [
        ("aa01", "upgrade aa01:bb02"),
        ("aa01", "stamp aa01:bb02"),
        ("bb02", "downgrade bb02:aa01"),
    ] {
        let database = Server::shared().database();
        let url = database.url();
        project
            .run(&format!("upgrade {start} --url {url}"))
            .success();
        database.execute(
            "CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN UPDATE alembic_version SET version_num = 'elsewhere'
             WHERE version_num <> 'elsewhere'; RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER move AFTER INSERT OR UPDATE ON alembic_version
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION move()",
        );
        let script = script(&project, &format!("{line} --sql --dialect postgres"));
        psql(&database, &STOP, &script).failure("it is at elsewhere");
        assert_eq!(database.versions(), [start], "{line}");
    }
}

/// The script's own lock timeout ends with each of its transactions, whatever a revision sets.
#[test]
fn the_lock_timeout_of_the_session_is_put_back() {
    let see =
        |name: &str| format!("CREATE TABLE {name} AS SELECT current_setting('lock_timeout') AS t;");
    for (sets, within, outside) in [
        ("SELECT 1;", "90s", "11s"),
        ("SET datestyle = 'German';", "90s", "11s"),
        (
            "DO $$ BEGIN SET datestyle = 'German'; END $$;",
            "90s",
            "11s",
        ),
        ("SET LOCAL lock_timeout = '7s';", "7s", "7s"),
        ("SET lock_timeout = '7s';", "7s", "7s"),
        ("DO $$ BEGIN SET lock_timeout = '7s'; END $$;", "7s", "7s"),
    ] {
        let project = Project::with_crate("shop");
        project.configure("dialects = [\"postgres\"]");
        project.add(revision("aa01").upgrade(format!(
            "{sets}\n{}\n-- alembic: upgrade no-transaction\n{}\n-- alembic: upgrade\n{}",
            see("before"),
            see("between"),
            see("after"),
        )));
        project.add(revision("bb02").revises("aa01").upgrade(see("later")));
        let database = Server::shared().database();
        let line = "upgrade --sql --dialect postgres --lock-timeout 90";
        let script = script(&project, line);
        let whole = format!(
            "SET lock_timeout = '11s';\n{script}\nSELECT 'left ' || current_setting('lock_timeout');\n"
        );
        let said = psql(&database, &["-At", STOP[0], STOP[1]], &whole);
        said.success();
        assert!(said.text.ends_with("left 11s\n"), "{sets} {}", said.text);
        // 90 seconds are one minute and a half.
        for (table, expected) in [
            ("before", within),
            ("between", outside),
            ("after", within),
            ("later", "90s"),
        ] {
            let found = database.query(&format!("SELECT t FROM {table}"));
            assert_eq!(found, [expected], "{sets} {table}");
        }
    }
}
