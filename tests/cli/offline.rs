//! `--sql`: scripts do in psql and the sqlite3 shell what the commands do on a connection.

mod log;
mod other_tools;
mod planted;
mod sessions;
pub(crate) mod shells;

use alembic_tests::postgres::{self, Server};
use alembic_tests::{Outcome, Project, revision};

use crate::{branched, chain, on_both, workspace};
use shells::{STOP, assert_same, dump, psql, sqlite};

fn script(project: &Project, line: &str) -> String {
    let outcome: Outcome = project.run(line).success();
    assert_eq!(outcome.stderr, "", "{line}");
    assert!(outcome.stdout.ends_with(";\n"), "{outcome}");
    outcome.stdout
}

const EXAMPLES: [&str; 5] = [
    "chat2chart",
    "chimera",
    "chorus",
    "daa-chatbot",
    "orchestrator",
];

/// Tells whether every revision of an example can be reverted.
fn is_reversible(krate: &str) -> bool {
    !["", "-p orchestrator"].contains(&krate)
}

/// Statements that a shell could take for something else, and literals that it could change.
fn hostile(dialect: &str) -> Project {
    let project = Project::with_crate("shop");
    project.configure(&format!("dialects = [\"{dialect}\"]"));
    let (blob, numbers) = match dialect {
        "sqlite" => ("BLOB", "X'0001ff00', X'00'"),
        _ => ("BYTEA", "'\\x0001ff00', E'\\\\x00'"),
    };
    let first = format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, -- trailing :comment; go\r\n\
         a TEXT DEFAULT 'a;\r\nb', b {blob}, c {blob}\r\n);\r\n\
         INSERT INTO t VALUES (1, ':id ::text :''id'' {{}} {{{{}}}} %s %% \\n \\ \\'' $$ $1 ?1 ? @a #b', \
         {numbers}) -- the last comment\n\n;;\n\
         INSERT INTO t (id, a) VALUES (2, 'tab\there \x01\x02\x1b[31m\x7f\n.quit\n#comment\n\\q\n\
         go\n/\n\r\ncrlf\r\n'),\n\n(3, 'e\u{301} \u{1f980} \u{1f9d1}\u{200d}\u{1f680} \u{2028}\u{feff} \
         \u{fc}\r\r\n\r'), /* not the end; */ (4, '''; -- no comment'), (5, '/* neither'), (6, '*/');\n\
         CREATE VIEW \"v ; iew\" AS SELECT 1 AS \"a;b\" /* c ; */, 2 AS \":id\";\n"
    );
    let own = match dialect {
        "sqlite" => {
            "CREATE TRIGGER tr AFTER INSERT ON t BEGIN\n  UPDATE t SET a = 'x;\n  y' WHERE id = 99; -- c\n\
             SELECT CASE WHEN 1 THEN 2 END;\nEND;\n\
             INSERT INTO t (id, a) VALUES (7, \"double\" || [b] || `c`) ON CONFLICT DO NOTHING;\n"
        }
        _ => {
            "CREATE FUNCTION f(begin INT) RETURNS TEXT BEGIN ATOMIC SELECT 'x;'; \
             SELECT CASE WHEN (begin) = 1 THEN '1;' ELSE 'END;' END; END;\n\
             CREATE FUNCTION g() RETURNS TEXT LANGUAGE plpgsql AS $f$\r\nBEGIN\n  RETURN ':id' || \
             $$; -- no comment\r\n\\q\n$$;\nEND\n$f$;\n\
             INSERT INTO t SELECT 7, (ARRAY['a', 'b', 'c'])[1:id]::text || U&'d\\0061t' \
             || E'\\'; \\\\' FROM t WHERE id = 2;\nSELECT f(1), g();\n\
             INSERT INTO t (id, a) SELECT 8, now()::timestamptz::text IS NOT NULL \
             || '2024-01-02 03:04'::timestamptz::text;\n"
        }
    };
    let own = own.replace(
        "\"double\" || [b] || `c`",
        "'[b]' || (SELECT `a` FROM [t] WHERE \"id\" = 4)",
    );
    project.add(
        revision("aa01")
            .message("Hostile; DROP TABLE t")
            .upgrade(first + &own),
    );
    project.add(
        revision("bb02")
            .revises("aa01")
            .upgrade("UPDATE t SET a = a || '\r\n' WHERE id = 1;\n-- Nothing\n;"),
    );
    // Two of them outside of transactions.
    for (id, below) in [("cc03", "bb02"), ("dd04", "cc03")] {
        let text = revision(id)
            .revises(below)
            .upgrade(format!("CREATE TABLE {id} (id INTEGER);"));
        let text = text
            .to_string()
            .replace("upgrade\n", "upgrade no-transaction\n");
        project.write(format!("migrations/{id}.sql"), text);
    }
    project
}

#[test]
fn the_sqlite3_shell_does_what_a_connection_does() {
    let example = Project::example("chorus");
    let mut cases: Vec<(&Project, String)> = EXAMPLES
        .iter()
        .map(|name| (&example, format!("-p {name}")))
        .collect();
    let hostile = hostile("sqlite");
    cases.push((&hostile, String::new()));
    for (project, krate) in cases {
        let online = project.path("online.db");
        let run = |line: &str| {
            let url = format!("sqlite://{}", online.display());
            project
                .run(&format!("{line} {krate} --url {url}"))
                .success();
        };
        let scripted = project.path("scripted.db");
        let stepped = project.path("stepped.db");
        run("upgrade");
        sqlite(
            &scripted,
            &script(project, &format!("upgrade --sql {krate}")),
        )
        .success();
        let steps = format!("upgrade --sql --transaction-per-revision {krate}");
        sqlite(&stepped, &script(project, &steps)).success();
        let expected = dump(&online);
        assert!(
            expected.contains("INSERT INTO alembic_version"),
            "{expected}"
        );
        assert_same(&dump(&scripted), &expected, &krate);
        assert_same(&dump(&stepped), &expected, &krate);
        if is_reversible(&krate) {
            run("downgrade base");
            let down = script(project, &format!("downgrade --sql heads:base {krate}"));
            sqlite(&scripted, &down).success();
            assert_same(&dump(&scripted), &dump(&online), &krate);
        }
        for path in [online, scripted, stepped] {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn psql_does_what_a_connection_does() {
    let server = Server::shared();
    let example = Project::example("chorus");
    let mut cases: Vec<(&Project, String)> = EXAMPLES
        .iter()
        .map(|name| (&example, format!("-p {name}")))
        .collect();
    let hostile = hostile("postgres");
    cases.push((&hostile, String::new()));
    for (project, krate) in cases {
        let (online, scripted) = (server.database(), server.database());
        // As other people's databases have it.
        let set = |database: &postgres::Database, setting: &str| {
            let name = database.name();
            database.execute(&format!("ALTER DATABASE {name} SET {setting}"));
        };
        for database in [&online, &scripted] {
            set(database, "TimeZone = 'Asia/Tokyo'");
            set(database, "DateStyle = 'German'");
        }
        set(&scripted, "standard_conforming_strings = off");
        let run = |line: &str| {
            let line = format!("{line} {krate} --url {}", online.url());
            project.run(&line).success();
        };
        run("upgrade");
        let up = script(
            project,
            &format!("upgrade --sql --dialect postgres {krate}"),
        );
        // `id` is a variable of psql's user, and a word of literals and slices.
        let args = [STOP.as_slice(), &["-v", "id=spoilt"]].concat();
        psql(&scripted, &args, &up).success();
        if krate.ends_with("chimera") {
            for database in [&online, &scripted] {
                database.execute("UPDATE users SET created_at = '2025-01-28'");
            }
        }
        let expected = online.dump();
        assert!(
            expected.contains("public.alembic_version: 1 rows"),
            "{expected}"
        );
        assert_same(&scripted.dump(), &expected, &krate);
        if is_reversible(&krate) {
            run("downgrade base");
            let down = format!("downgrade --sql heads:base --dialect postgres {krate}");
            psql(&scripted, &STOP, &script(project, &down)).success();
            assert_same(&scripted.dump(), &online.dump(), &krate);
        }
    }
}

/// A script that is not for this database, or fails on the way, leaves it as it was.
#[test]
fn nothing_stays_of_a_script_that_fails_on_sqlite() {
    let project = chain();
    project.add(
        revision("dd04")
            .revises("cc03")
            .upgrade("CREATE TABLE d (id);\nSELECT missing;"),
    );
    let database = project.database("shop.db");
    let whole = script(&project, "upgrade --sql cc03");
    sqlite(database.path(), &whole).success();
    let before = dump(database.path());
    for (line, part) in [
        ("upgrade --sql cc03", "the database is not at base"),
        ("upgrade --sql bb02:cc03", "the database is not at bb02"),
        ("downgrade --sql aa01:base", "the database is not at aa01"),
        ("stamp --sql base:aa01", "the database is not at base"),
        ("upgrade --sql cc03:dd04", "no such column: missing"),
    ] {
        sqlite(database.path(), &script(&project, line)).failure(part);
        assert_eq!(dump(database.path()), before, "{line}");
    }
    let missing = project.database("missing.db");
    let up = script(&project, "upgrade --sql aa01:cc03");
    sqlite(missing.path(), &up).failure("no such table: alembic_version");
    assert_eq!(missing.tables(), Vec::<String>::new());
    // An emptied version table is at base, as after a downgrade.
    let down = script(&project, "downgrade --sql cc03:base");
    sqlite(database.path(), &down).success();
    assert!(database.tables().is_empty() && database.versions().is_empty());
    sqlite(database.path(), &whole).success();
    assert_eq!(database.versions(), ["cc03"]);
}

#[test]
fn nothing_stays_of_a_script_that_fails_on_postgres() {
    let server = Server::shared();
    let project = chain();
    project.configure("dialects = [\"postgres\"]");
    project.add(
        revision("dd04")
            .revises("cc03")
            .upgrade("CREATE TABLE d (id INT);\nSELECT missing;"),
    );
    let database = server.database();
    // psql is not told to stop: the failed transaction does it.
    let whole = script(&project, "upgrade --sql --dialect postgres cc03");
    psql(&database, &[], &whole).success();
    let before = database.dump();
    for (line, part) in [
        (
            "upgrade --sql cc03",
            "the database is not at base\nDETAIL:  it is at cc03",
        ),
        ("upgrade --sql bb02:cc03", "the database is not at bb02"),
        ("downgrade --sql aa01:base", "the database is not at aa01"),
        ("stamp --sql base:aa01", "the database is not at base"),
        (
            "upgrade --sql cc03:dd04",
            "column \"missing\" does not exist",
        ),
        (
            "upgrade --sql --transaction-per-revision bb02:dd04",
            "the database is not at bb02",
        ),
    ] {
        let script = script(&project, line);
        let said = psql(&database, &[], &script);
        assert!(said.text.contains(part), "{line}: {}", said.text);
        assert_eq!(database.dump(), before, "{line}");
        psql(&database, &STOP, &script).failure("ERROR");
    }
    let down = script(&project, "downgrade --sql cc03:base");
    psql(&database, &[], &down).success();
    assert!(database.tables().is_empty() && database.versions().is_empty());
}

#[test]
fn rows_of_children_stay_and_dangling_ones_are_refused() {
    let project = Project::with_crate("shop");
    project.add(revision("aa01").upgrade(
        "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p ON DELETE CASCADE);\n\
         INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1, 1), (2, 2);\n",
    ));
    project.add(revision("bb02").revises("aa01").upgrade(
        "CREATE TABLE new_p (id INTEGER PRIMARY KEY, name TEXT);\n\
         INSERT INTO new_p (id) SELECT id FROM p;\nDROP TABLE p;\nALTER TABLE new_p RENAME TO p;\n",
    ));
    project.add(
        revision("cc03")
            .revises("bb02")
            .upgrade("DELETE FROM p WHERE id = 1;\n"),
    );
    let path = project.path("shop.db");
    // As a user's own settings may have it.
    let on = "PRAGMA foreign_keys = ON;\n";
    sqlite(
        &path,
        &(on.to_owned() + &script(&project, "upgrade --sql bb02")),
    )
    .success();
    let before = dump(&path);
    assert!(before.contains("INSERT INTO c VALUES(1,1);"), "{before}");
    let delete = script(&project, "upgrade --sql bb02:cc03");
    sqlite(&path, &delete).failure("rows would refer to rows that do not exist");
    assert_eq!(dump(&path), before);
    // What is there already is nobody's fault.
    sqlite(&path, "INSERT INTO c VALUES (9, 9);").success();
    sqlite(&path, &script(&project, "downgrade --sql bb02:aa01")).success();
}

#[test]
fn a_revision_may_not_touch_the_version_table() {
    let server = Server::shared();
    let database = server.database();
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"sqlite\", \"postgres\"]");
    project.add(revision("aa01"));
    project.add(
        revision("bb02")
            .revises("aa01")
            .upgrade("DELETE FROM alembic_version;\n"),
    );
    let part = "the version table was changed and is not at aa01";
    let path = project.path("shop.db");
    let up = "upgrade --sql --transaction-per-revision";
    let deleted = script(&project, up).replace("UPDATE alembic_version SET", "-- ");
    let deleted = deleted.replace("is not at bb02", "is not at aa01");
    sqlite(&path, &deleted).failure(part);
    assert_eq!(project.database("shop.db").versions(), ["aa01"]);
    let up = format!("{up} --dialect postgres");
    let deleted = script(&project, &up).replace("is not at bb02", "is not at aa01");
    let said = psql(&database, &[], &deleted);
    assert!(said.text.contains(part), "{}", said.text);
    assert_eq!(database.versions(), ["aa01"]);
}

#[test]
fn line_ends_that_were_changed_are_noticed() {
    let server = Server::shared();
    let database = server.database();
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"sqlite\", \"postgres\"]");
    project.add(revision("aa01").upgrade("CREATE TABLE t (a TEXT DEFAULT 'a\r\nb');\n"));
    let path = project.path("shop.db");
    let part = "the line endings of this script were changed";
    let whole = script(&project, "upgrade --sql --dialect sqlite");
    for changed in [whole.replace('\r', ""), whole.replace("\r\r\n", "\r\n")] {
        sqlite(&path, &changed).failure(part);
    }
    let whole = script(&project, "upgrade --sql --dialect postgres");
    for changed in [
        whole.replace('\r', ""),
        whole.replace('\r', "").replace('\n', "\r\n"),
    ] {
        psql(&database, &STOP, &changed).failure(part);
    }
    assert_eq!(database.tables(), Vec::<String>::new());
}

/// A script that stops within a section outside of transactions leaves what a run would, and a run
/// goes on from there.
#[test]
fn sections_outside_of_transactions() {
    let server = Server::shared();
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"sqlite\", \"postgres\"]");
    let text = revision("aa01").upgrade(
        "CREATE TABLE t (id INTEGER);\nINSERT INTO t VALUES (1), (1);\n\
         -- alembic: upgrade sqlite no-transaction\nVACUUM;\nCREATE UNIQUE INDEX by_id ON t (id);\n\
         -- alembic: upgrade postgres no-transaction\n\
         CREATE UNIQUE INDEX CONCURRENTLY by_id ON t (id);\n\
         -- alembic: upgrade\nINSERT INTO t VALUES (2);",
    );
    project.add(text);
    project.add(
        revision("bb02")
            .revises("aa01")
            .upgrade("CREATE TABLE later (id INTEGER);"),
    );
    let path = project.path("shop.db");
    sqlite(&path, &script(&project, "upgrade --sql --dialect sqlite"))
        .failure("UNIQUE constraint failed: t.id");
    let database = project.database("shop.db");
    assert_eq!(database.tables(), ["alembic_version_progress", "t"]);
    let query = "SELECT revision, direction, done, begun FROM alembic_version_progress";
    assert_eq!(database.query(query), ["aa01|upgrade|3|4"]);
    let refused = sqlite(&path, &script(&project, "upgrade --sql --dialect sqlite"));
    refused.failure("a revision is unfinished");
    database.execute("DELETE FROM t WHERE rowid = 2");
    let on = format!("--url sqlite://{}", path.display());
    let go_on = format!("upgrade --interrupted again --lock-timeout 0 {on}");
    project.run(&go_on).success();
    assert_eq!(database.query("SELECT id FROM t"), ["1", "2"]);
    assert_eq!(database.tables(), ["later", "t"]);

    let database = server.database();
    let up = script(&project, "upgrade --sql --dialect postgres");
    // The script itself tells psql to stop.
    psql(&database, &[], &up).failure("could not create unique index");
    assert_eq!(database.tables(), ["alembic_version_progress", "t"]);
    assert_eq!(database.query(query), ["aa01|upgrade|2|3"]);
    // An index that is left, and is of no use, is not taken for done.
    database.execute("DROP TABLE t; DROP TABLE alembic_version_progress");
    let lenient = up
        .replace("\\set ON_ERROR_STOP on\n", "")
        .replace("CONCURRENTLY by_id", "CONCURRENTLY IF NOT EXISTS by_id");
    let said = psql(&database, &[], &lenient);
    assert!(
        said.text.contains("the index by_id is invalid or missing"),
        "{}",
        said.text
    );
    assert!(
        said.text.contains("the database is not at aa01"),
        "{}",
        said.text
    );
    assert_eq!(database.tables(), ["alembic_version_progress", "t"]);
}

#[test]
fn revisions_may_set_the_search_path() {
    let server = Server::shared();
    let project = Project::with_crate("shop");
    project.configure("dialects = [\"postgres\"]");
    project.add(
        revision("aa01")
            .upgrade("CREATE SCHEMA app;\nSET search_path = app;\nCREATE TABLE t (id INT);\n"),
    );
    project.add(
        revision("bb02")
            .revises("aa01")
            .upgrade("SET LOCAL Search_Path TO '';\nCREATE TABLE app.u (id INT);"),
    );
    let database = server.database();
    let up = script(
        &project,
        "upgrade --sql --dialect postgres --transaction-per-revision",
    );
    psql(&database, &STOP, &up).success();
    assert_eq!(database.tables(), ["app.t", "app.u"]);
    assert_eq!(database.versions(), ["bb02"]);
}

/// `--sql` needs neither a database nor its place, and makes none.
#[test]
fn databases_are_left_alone() {
    let project = chain();
    let before = project.tree();
    let place = project
        .here()
        .env("DATABASE_URL", "postgres://nobody@nowhere.invalid/none");
    for (line, start) in [
        (
            "upgrade --sql",
            "-- Upgrade from base to cc03, on PostgreSQL\n",
        ),
        (
            "upgrade --sql --dialect sqlite",
            "-- Upgrade from base to cc03, on SQLite\n",
        ),
        (
            "upgrade --sql aa01:+1 --url sqlite://x.db",
            "-- Upgrade from aa01 to bb02, on SQLite\n",
        ),
        (
            "downgrade --sql head:-1",
            "-- Downgrade from cc03 to bb02, on PostgreSQL\n",
        ),
        (
            "stamp --sql aa01:bb02",
            "-- Stamp from aa01 to bb02, on PostgreSQL\n",
        ),
        (
            "ensure-version --sql",
            "-- Create the version table, on PostgreSQL\n",
        ),
    ] {
        let outcome = place.run(line).success();
        assert!(outcome.stdout.starts_with(start), "{line}\n{outcome}");
    }
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    // What the revisions are written for comes before what an environment has.
    project.configure("dialects = [\"sqlite\"]");
    let outcome = place.run("upgrade --sql").success();
    assert!(outcome.stdout.contains(", on SQLite\n"), "{outcome}");
}

#[test]
fn a_workspace() {
    let project = workspace();
    let heads = |script: &str| -> Vec<String> {
        let heads = script.lines().filter(|line| {
            line.starts_with("-- crate ")
                || line.starts_with("-- Upgrade")
                || line.starts_with("-- Down")
        });
        heads.map(ToOwned::to_owned).collect()
    };
    assert_eq!(
        heads(&script(&project, "upgrade --sql")),
        [
            "-- crate `store`",
            "-- Upgrade from base to dd04, on SQLite",
            "-- crate `app`",
            "-- Upgrade from base to bb02, on SQLite",
        ]
    );
    assert_eq!(
        heads(&script(&project, "downgrade --sql heads:base")),
        [
            "-- crate `app`",
            "-- Downgrade from bb02 to base, on SQLite",
            "-- crate `store`",
            "-- Downgrade from dd04 to base, on SQLite",
        ]
    );
    assert_eq!(
        heads(&script(&project, "upgrade --sql cc03:head")),
        ["-- Upgrade from cc03 to dd04, on SQLite"]
    );
    let json = project.run("upgrade --sql --format json").success().json();
    let crates = json["crates"].as_array().unwrap();
    assert_eq!(
        (&crates[0]["crate"], &crates[1]["dialect"]),
        (&"store".into(), &"sqlite".into())
    );
    let single = script(&project, "upgrade --sql -p store");
    assert_eq!(crates[0]["script"].as_str().unwrap(), single);
    // One that cannot be planned, and nothing is written.
    let outcome = project.run("downgrade --sql cc03:base -p app -p store");
    assert_eq!(outcome.status, 0, "{outcome}");
    project.add_to(
        "app/migrations",
        [revision("ee05").revises("bb02").upgrade("SELECT :x;")],
    );
    let outcome = project.run("upgrade --sql");
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (8, ""),
        "{outcome}"
    );
}

#[test]
fn branches() {
    let project = branched();
    let path = project.path("shop.db");
    sqlite(&path, &script(&project, "upgrade --sql heads")).success();
    project.run("upgrade --url sqlite://online.db").success();
    assert_eq!(dump(&path), dump(&project.path("online.db")));
    sqlite(&path, &script(&project, "stamp --sql heads:users@base")).success();
    project
        .run("stamp users@base --url sqlite://online.db")
        .success();
    assert_eq!(dump(&path), dump(&project.path("online.db")));
}

/// A script can begin where the database is, which is only read.
#[test]
fn a_script_from_where_the_database_is() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        for (rows, line, same) in [
            (
                "base",
                "upgrade --sql current:head",
                "upgrade --sql base:head",
            ),
            (
                "bb02",
                "upgrade --sql current:head",
                "upgrade --sql bb02:head",
            ),
            (
                "bb02",
                "upgrade --sql current:+1",
                "upgrade --sql bb02:cc03",
            ),
            (
                "bb02",
                "downgrade --sql current:base",
                "downgrade --sql bb02:base",
            ),
            ("bb02", "stamp --sql current:head", "stamp --sql bb02:head"),
        ] {
            project.run(&format!("stamp {rows}")).success();
            let (found, expected) = (project.run(line).success(), project.run(same).success());
            assert_eq!(found.stdout, expected.stdout, "{line} at {rows}");
        }
    });
}
