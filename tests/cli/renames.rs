//! What `cargo alembic revision --autogenerate` renames.
#![cfg(unix)]

use std::fs;

use crate::autogenerate::{at, generate};
use crate::autogenerate_on_servers::Subject;

/// One that gets the name of another comes after that, and two exchange theirs by a third name.
#[test]
fn names_are_passed_on_and_exchanged() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);\n\
                  CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT);";
    for (target, renames, values) in [
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, c INTEGER);\n\
             CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT);",
            "--rename t.a=b --rename t.b=c",
            "SELECT t.b || t.c || u.a FROM t JOIN u USING (id)",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, a INTEGER);\n\
             CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT);",
            "--rename t.a=b --rename t.b=a",
            "SELECT t.b || t.a || u.a FROM t JOIN u USING (id)",
        ),
        (
            "CREATE TABLE v (id INTEGER PRIMARY KEY, b TEXT, a INTEGER);\n\
             CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT);",
            "--rename t=v --rename t.a=b --rename t.b=a",
            "SELECT v.b || v.a || u.a FROM v JOIN u USING (id)",
        ),
        (
            "CREATE TABLE u (id INTEGER PRIMARY KEY, b TEXT, a INTEGER);\n\
             CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            "--rename t=u --rename u=t --rename t.a=b --rename t.b=a",
            "SELECT u.b || u.a || t.a FROM u JOIN t USING (id)",
        ),
    ] {
        let project = at(before);
        let database = project.database("shop.db");
        database.execute("INSERT INTO t (a, b) VALUES ('x', 1); INSERT INTO u (a) VALUES ('y')");
        project.write("schema.sql", target);
        let line = format!("{} {renames}", generate("bb02"));
        project.run(&line).success();
        project.run("upgrade").success();
        assert_eq!(database.query(values), ["x1y"], "{renames}");
        project.run("downgrade -1").success();
        let values = "SELECT t.a || t.b || u.a FROM t JOIN u USING (id)";
        assert_eq!(database.query(values), ["x1y"], "{renames}");
    }
    let project = at("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);");
    project.write(
        "schema.sql",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);",
    );
    let outcome = project.run(&format!("{} --rename t.a=b", generate("bb02")));
    assert_ne!(outcome.status, 0, "{outcome}");
    let error = "invalid `--rename t.a=b`: there is another `t.b` before the revision";
    assert!(outcome.stderr.contains(error), "{outcome}");
}

/// A rename is a question at a terminal.
#[cfg(target_os = "linux")]
#[test]
fn renames_at_a_terminal() {
    let before = "CREATE TABLE users (id INTEGER NOT NULL, name TEXT, mail TEXT);\n";
    let after = before.replace("name TEXT", "full_name TEXT");
    for (answer, expected) in [
        ("y", "ALTER TABLE users RENAME COLUMN name TO full_name;"),
        ("yes", "RENAME COLUMN name TO full_name;"),
        ("n", "ALTER TABLE users DROP COLUMN name;"),
        ("", "ALTER TABLE users DROP COLUMN name;"),
        ("maybe", "ALTER TABLE users DROP COLUMN name;"),
    ] {
        let subject = Subject::new("\"sqlite\"", before);
        subject.generate("aa01", "");
        subject.project.write("schema.sql", &after);
        let line = "revision --autogenerate -m Change --rev-id bb02";
        let shown = subject
            .project
            .here()
            .at_terminal(line, &format!("{answer}\n"));
        let question = "Was column users.name renamed to users.full_name? [y/N]";
        assert!(shown.contains(question), "{answer}: {shown}");
        assert!(shown.contains("Created"), "{answer}: {shown}");
        let files = fs::read_dir(subject.project.path("migrations")).unwrap();
        let mut paths = files.map(|file| file.unwrap().path());
        let path = paths.find(|path| path.to_string_lossy().contains("bb02"));
        let text = fs::read_to_string(path.unwrap()).unwrap();
        assert!(text.contains(expected), "{answer}: {text}");
    }
}

/// What the server calls after a table goes with it, and numbers go on.
#[test]
fn numbers_go_on_under_another_name() {
    let subject = Subject::new(
        "\"postgres\"",
        "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT);\n",
    );
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    let database = &subject.database;
    database.execute("INSERT INTO users (name) VALUES ('a'), ('b')");
    subject.project.write(
        "schema.sql",
        "CREATE TABLE people (number SERIAL PRIMARY KEY, name TEXT);\n",
    );
    let text = subject.generate("bb02", "--rename users=people --rename users.id=number");
    let renamed = "ALTER SEQUENCE users_id_seq RENAME TO people_number_seq;";
    assert!(text.contains(renamed), "{text}");
    subject.run("upgrade").success();
    let added = "INSERT INTO people (name) VALUES ('c') RETURNING number";
    assert_eq!(database.query(added), ["3"]);
    subject.run("downgrade -1").success();
    let added = "INSERT INTO users (name) VALUES ('d') RETURNING id";
    assert_eq!(database.query(added), ["4"]);
    subject.run("verify").success();
}

/// The keys of tables that exchange their names are created again, and so are those that refer to them.
#[test]
fn servers_exchange_names() {
    let before = "CREATE TABLE t (id SERIAL PRIMARY KEY, a TEXT);\n\
                  CREATE TABLE u (id SERIAL PRIMARY KEY, b INTEGER REFERENCES t);\n";
    let after = "CREATE TABLE u (id SERIAL PRIMARY KEY, a TEXT);\n\
                 CREATE TABLE t (id SERIAL PRIMARY KEY, b INTEGER REFERENCES u);\n";
    let subject = Subject::new("\"postgres\"", before);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    let database = &subject.database;
    database.execute("INSERT INTO t (a) SELECT 'x' FROM generate_series(1, 9)");
    database.execute("INSERT INTO u (b) VALUES (3), (4)");
    subject.project.write("schema.sql", after);
    let text = subject.generate("bb02", "--rename t=u --rename u=t");
    assert!(!text.contains("Not written"), "{text}");
    subject.run("upgrade").success();
    subject.run("check").success();
    let added =
        |table: &str| database.query(&format!("INSERT INTO {table} DEFAULT VALUES RETURNING id"));
    assert_eq!(added("u"), ["10"]);
    assert!(added("t")[0].parse::<u32>().unwrap() >= 3);
    subject.run("downgrade -1").success();
    subject.run("verify").success();
    assert_eq!(added("t"), ["11"]);
    assert_eq!(
        database.query("SELECT b FROM u ORDER BY id LIMIT 2"),
        ["3", "4"]
    );
}

#[test]
fn tables_move_to_other_schemas() {
    let schemas = "CREATE SCHEMA a;\nCREATE SCHEMA b;\n";
    let subject = Subject::new(
        "\"postgres\"",
        &format!(
            "{schemas}CREATE TABLE a.t (id SERIAL PRIMARY KEY, x TEXT);\n\
             CREATE TABLE u (id INTEGER REFERENCES a.t);\n"
        ),
    );
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    let database = &subject.database;
    database.execute("INSERT INTO a.t (x) VALUES ('kept'); INSERT INTO u VALUES (1)");
    subject.project.write(
        "schema.sql",
        format!(
            "{schemas}CREATE TABLE b.t (id SERIAL PRIMARY KEY, x TEXT);\n\
             CREATE TABLE a.v (id INTEGER REFERENCES b.t);\n"
        ),
    );
    let line = "revision --autogenerate -m Change --rev-id bb02 --rename u=a.v";
    let stopped = subject.run(line);
    let question = "`--rename a.t=b.t`";
    assert!(stopped.stderr.contains(question), "{stopped}");
    let missing = subject.run(&format!("{line} --rename a.t=c.t"));
    assert!(
        missing
            .stderr
            .contains("there is no table and no column `c.t`"),
        "{missing}"
    );
    subject.generate("bb02", "--rename u=a.v --rename a.t=b.t");
    subject.run("upgrade").success();
    assert_eq!(
        database.query("SELECT x FROM b.t JOIN a.v USING (id)"),
        ["kept"]
    );
    assert_eq!(
        database.query("INSERT INTO b.t DEFAULT VALUES RETURNING id"),
        ["2"]
    );
    subject.run("downgrade -1").success();
    assert_eq!(
        database.query("SELECT x FROM a.t JOIN u USING (id)"),
        ["kept"]
    );
    subject.run("verify").success();
    subject.project.write(
        "schema.sql",
        format!(
            "{schemas}CREATE SCHEMA c;\nCREATE TABLE c.t (id SERIAL PRIMARY KEY, x TEXT);\n\
             CREATE TABLE u (id INTEGER REFERENCES c.t);\n"
        ),
    );
    let early = subject.run("revision --autogenerate -m Change --rev-id cc03 --rename b.t=c.t");
    let why = "there is no schema `c` before the revision: let an earlier one create it";
    assert!(early.stderr.contains(why), "{early}");
}
