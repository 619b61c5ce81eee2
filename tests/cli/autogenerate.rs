//! `cargo alembic revision --autogenerate`

use std::fs;

use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::readme::blocks;
use crate::{chain, workspace};

/// A crate with a target schema.
fn with_target(target: &str) -> Project {
    let project = Project::with_crate("shop");
    project.configure("schema = \"schema.sql\"");
    project.write("schema.sql", target);
    project
}

/// A crate whose only revision makes a schema, as it is applied to its database.
pub(crate) fn at(schema: &str) -> Project {
    let project = with_target(schema);
    project.run(&generate("aa01")).success();
    project.run("upgrade").success();
    project
}

pub(crate) fn generate(id: &str) -> String {
    format!("revision --autogenerate -m Change --rev-id {id}")
}

/// Returns the text of the revision with this id.
fn text(project: &Project, id: &str) -> String {
    let files = fs::read_dir(project.path("migrations")).unwrap();
    let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let name = names.find(|name| name.contains(id)).unwrap_or_default();
    project.read(format!("migrations/{name}"))
}

const BEFORE: &str = "\
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));
CREATE INDEX posts_user ON posts (user_id);
";

#[test]
fn the_first_one() {
    let project = with_target(&format!(
        "{BEFORE}CREATE VIEW names AS SELECT name FROM users -- all\n;\n"
    ));
    let line = "revision --autogenerate -m 'Create users' --rev-id aa01";
    let shown = project.transcript(&[
        &format!("{line} --dry-run"),
        line,
        "upgrade",
        &generate("bb02"),
        &format!("{} --format json", generate("bb02")),
        "downgrade base",
    ]);
    assert_snapshot!(format!("{shown}\n{}", text(&project, "aa01")));
}

#[test]
fn what_is_lost_is_told() {
    let project = at(BEFORE);
    let rows = "INSERT INTO users (name, email) VALUES ('a', 'x'), ('b', NULL);\n\
                INSERT INTO posts (user_id) VALUES (1), (1), (2)";
    project.database("shop.db").execute(rows);
    project.write(
        "schema.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, \
         age INTEGER NOT NULL DEFAULT 0, CHECK (age >= 0));",
    );
    let shown = project.transcript(&[
        &format!("{} --url sqlite://shop.db", generate("bb02")),
        "upgrade",
        "downgrade -1",
    ]);
    assert_snapshot!(format!("{shown}\n{}", text(&project, "bb02")));
}

/// What would make the revision fail is counted, too, unless it has another name in the database.
#[test]
fn rows_that_are_in_the_way_are_counted() {
    for (column, rename, expected) in [
        (
            "email",
            "",
            "Fails if email is NULL in a row: 2 on SQLite, when this was written.",
        ),
        (
            "mail",
            "--rename users.email=mail",
            "Fails if mail is NULL in a row.",
        ),
    ] {
        let project = at(BEFORE);
        let rows = "INSERT INTO users (name, email) VALUES ('a', 'x'), ('b', NULL), ('c', NULL)";
        project.database("shop.db").execute(rows);
        let target = BEFORE.replace("email TEXT", &format!("{column} TEXT NOT NULL"));
        project.write("schema.sql", target);
        let line = format!("{} {rename} --url sqlite://shop.db", generate("bb02"));
        project.run(&line).success();
        let text = text(&project, "bb02");
        assert!(text.contains(expected), "{text}");
        let outcome = project.run("upgrade");
        assert_eq!(outcome.status, 8, "{outcome}");
    }
}

#[test]
fn renames_are_never_guessed() {
    let project = at(BEFORE);
    let rows = "INSERT INTO users (name) VALUES ('a'); INSERT INTO posts (user_id) VALUES (1)";
    project.database("shop.db").execute(rows);
    project.write(
        "schema.sql",
        "CREATE TABLE people (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, email TEXT);\n\
         CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES people (id));\n\
         CREATE INDEX posts_user ON posts (user_id);\n",
    );
    let line = generate("bb02");
    let shown = project.transcript(&[
        &line,
        &format!("{line} --rename users=people"),
        &format!("{line} --rename users=persons"),
        &format!("{line} --rename user=people"),
        &format!("{line} --rename users=people --rename users.name=full_name"),
        "upgrade",
        &generate("cc03"),
    ]);
    let kept = project.database("shop.db");
    assert_eq!(kept.query("SELECT full_name FROM people"), ["a"]);
    project.run("downgrade -1").success();
    assert_eq!(kept.query("SELECT name FROM users"), ["a"]);
    assert_snapshot!(format!("{shown}\n{}", text(&project, "bb02")));
}

/// A full-text index of another table's rows is filled from them when it is new, or created again.
#[test]
fn full_text_indexes_find_what_is_there() {
    let docs = "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, body TEXT);\n";
    let index = |columns| {
        format!(
            "{docs}CREATE VIRTUAL TABLE found USING fts5({columns}, content='docs', content_rowid='id');"
        )
    };
    let project = at(docs);
    let database = project.database("shop.db");
    database.execute("INSERT INTO docs VALUES (1, 'hen', 'egg'), (2, 'cow', 'milk')");
    let finds = |word: &str, expected: &[&str]| {
        let query = format!("SELECT rowid FROM found WHERE found MATCH '{word}'");
        assert_eq!(
            project.database("shop.db").query(&query),
            expected,
            "{word}"
        );
    };
    project.write("schema.sql", index("title"));
    project.run(&generate("bb02")).success();
    project.run("upgrade").success();
    finds("cow", &["2"]);
    project.write("schema.sql", index("title, body"));
    let allowed = "--allow additive,widening";
    project
        .run(&format!("{} {allowed}", generate("cc03")))
        .success();
    project.run("upgrade").success();
    finds("egg", &["1"]);
    project.run("downgrade -1").success();
    finds("cow", &["2"]);
    finds("egg", &[]);
}

#[test]
fn a_drop_is_an_answer_too() {
    let project = at(BEFORE);
    project.replace("schema.sql", "email TEXT", "phone TEXT");
    let line = generate("bb02");
    assert_snapshot!(project.transcript(&[
        &line,
        &format!("{line} --drop users.email"),
        &format!("{line} --drop users.mail"),
    ]));
}

#[test]
fn costs_that_are_not_allowed() {
    let project = at(BEFORE);
    project.replace("schema.sql", ", email TEXT", ", age INTEGER");
    let line = format!("{} --drop users.email", generate("bb02"));
    let shown = project.transcript(&[
        &format!("{line} --allow additive,widening"),
        &format!("{line} --allow cheap"),
    ]);
    project.configure("allow = [\"additive\"]");
    let configured = project.transcript(&[&line]);
    project.replace(
        "Cargo.toml",
        "allow = [\"additive\"]",
        "allow = [\"cheap\"]",
    );
    let invalid = project.transcript(&[&line]);
    assert_snapshot!([shown, configured, invalid].join("\n"));
    assert_eq!(fs::read_dir(project.path("migrations")).unwrap().count(), 1);
}

/// What is wrong is told with its place, and nothing is written.
#[test]
fn targets_that_cannot_be_read() {
    let without = chain();
    let mut shown = without.transcript(&[&generate("dd04")]);
    for target in [
        "CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id INTEGER);\n",
        "BEGIN;\nCREATE TABLE a (id INTEGER);\n",
        "CREATE VIEW v AS SELECT 'x\n-- alembic: downgrade\n' AS x;\n",
        "CREATE TABLE a (id INTEGER REFERENCES b (x));\nCREATE TABLE b (x INTEGER);\n",
    ] {
        let project = with_target(target);
        let before = project.tree();
        shown += &project.transcript(&[&generate("aa01")]);
        assert_eq!(
            before.changes(&project.tree()),
            Vec::<String>::new(),
            "{target}"
        );
    }
    let missing = with_target("");
    missing.remove("schema.sql");
    shown += &missing.transcript(&[&generate("aa01")]);
    assert_snapshot!(shown);
}

#[test]
fn histories_that_cannot_be_continued() {
    let project = crate::branched();
    project.configure("schema = \"schema.sql\"");
    project.write("schema.sql", "CREATE TABLE a (id INTEGER);");
    assert_snapshot!(project.transcript(&[&generate("zz99")]));
}

#[test]
fn a_database_instead_of_the_history() {
    let project = at(BEFORE);
    project.replace("schema.sql", ", email TEXT", "");
    let by_hand = "ALTER TABLE users DROP COLUMN email; CREATE TABLE by_hand (id INTEGER)";
    let line = format!("{} --from database", generate("bb02"));
    project.run("downgrade base").success();
    let behind = project.transcript(&[&line]);
    project.run("upgrade").success();
    project.database("shop.db").execute(by_hand);
    let shown = project.transcript(&[&line]);
    assert_snapshot!(format!("{behind}\n{shown}\n{}", text(&project, "bb02")));
}

/// Tables of another crate in the same database are not in the way, and are not dropped.
#[test]
fn tables_of_other_crates() {
    let project = workspace();
    crate::give_tables_of_their_own(&project);
    for name in ["app", "store"] {
        let manifest = format!("{name}/Cargo.toml");
        project.replace(
            &manifest,
            &format!("sqlite://{name}.db"),
            "sqlite://../both.db",
        );
    }
    project.replace(
        "app/Cargo.toml",
        "url-env",
        "schema = \"schema.sql\"\nurl-env",
    );
    project.write(
        "app/schema.sql",
        "CREATE TABLE t_aa01 (id INTEGER PRIMARY KEY);\nCREATE TABLE t_bb02 (id INTEGER PRIMARY KEY);",
    );
    project.run("upgrade --workspace").success();
    for from in ["history", "database"] {
        let line = format!("{} -p app --from {from} --dry-run", generate("ee05"));
        let outcome = project.run(&line).success();
        assert!(!outcome.stdout.contains("t_cc03"), "{outcome}");
        assert!(!outcome.stdout.contains("version"), "{outcome}");
    }
}

/// What nobody declares is not proposed for dropping: shadow tables, and what SQLite itself creates.
#[test]
fn tables_that_nobody_declares() {
    let target = "CREATE TABLE note (x INT);\nCREATE VIRTUAL TABLE doc USING fts5(body);\n\
                  CREATE VIRTUAL TABLE geo USING rtree(id, a, b);\n\
                  CREATE TABLE au (id INTEGER PRIMARY KEY AUTOINCREMENT);\n";
    let project = at(target);
    project.database("shop.db").execute("ANALYZE");
    for line in [
        generate("bb02"),
        format!("{} --from database", generate("bb02")),
    ] {
        let outcome = project.run(&line).success();
        assert!(outcome.stderr.contains("No changes detected"), "{outcome}");
    }
    project.write("schema.sql", "CREATE TABLE note (x INT);\n");
    project.run(&generate("bb02")).success();
    let drops = text(&project, "bb02");
    assert_eq!(drops.matches("DROP TABLE").count(), 3, "{drops}");
    project.run("upgrade").success();
    project.run("downgrade -1").success();
}

/// Defaults that are written in another way, and mean the same or not.
#[test]
fn defaults_are_compared_by_what_they_mean() {
    for (data_type, before, after, is_same) in [
        ("DATETIME", "CURRENT_TIMESTAMP", "(CURRENT_TIMESTAMP)", true),
        ("DATETIME", "CURRENT_TIMESTAMP", "current_timestamp", true),
        ("DATETIME", "CURRENT_TIMESTAMP", "(datetime('now'))", false),
        ("INTEGER", "0", "(0)", true),
        ("BLOB", "0", "'0'", false),
        ("TEXT", "'a'", "('a')", true),
        ("TEXT", "'a'", "'A'", false),
        ("TEXT", "'it''s'", "'its'", false),
        ("TEXT", "'CURRENT_TIMESTAMP'", "CURRENT_TIMESTAMP", false),
        ("INTEGER", "-1", "(-1)", true),
        ("TEXT", "(lower('X'))", "(lower('x'))", false),
    ] {
        let table = |default: &str| {
            format!("CREATE TABLE t (id INTEGER PRIMARY KEY, c {data_type} DEFAULT {default});\n")
        };
        let project = at(&table(before));
        project.write("schema.sql", table(after));
        let outcome = project.run(&generate("bb02")).success();
        let found = outcome.stderr.contains("No changes detected");
        assert_eq!(found, is_same, "{before} {after}\n{outcome}");
        if !is_same {
            project.run("upgrade").success();
            let again = project.run(&generate("cc03")).success();
            assert!(again.stderr.contains("No changes detected"), "{again}");
            project.run("downgrade -1").success();
        }
    }
}

#[cfg(unix)]
#[test]
fn hooks_run_on_a_generated_file() {
    for (hooks, status, stderr, end) in [
        (r#"[["true"], ["true", "{path}"]]"#, 0, "", ""),
        (
            r#"[["sh", "-c", "echo '-- checked' >> \"$0\""]]"#,
            0,
            "",
            "-- checked\n",
        ),
        (
            r#"[["false"]]"#,
            1,
            "post-write hook `false` failed: exit status: 1",
            "",
        ),
        (
            r#"[["no-such-program"], ["sh", "-c", "echo '-- late' >> \"$0\""]]"#,
            1,
            "post-write hook `no-such-program` failed: No such file",
            ";\n",
        ),
        (
            r#"[["sh", "-c", "echo '-- before' >> \"$0\"; kill -9 $$"]]"#,
            1,
            "failed: signal: 9",
            "-- before\n",
        ),
    ] {
        let project = with_target(BEFORE);
        project.configure(&format!("post-write-hooks = {hooks}"));
        let outcome = project.run(&generate("aa01"));
        assert_eq!(outcome.status, status, "{hooks}: {outcome}");
        assert!(outcome.stderr.contains(stderr), "{hooks}: {outcome}");
        let is_told = outcome
            .stderr
            .contains("the revision was written: migrations/");
        assert_eq!(is_told, status != 0, "{hooks}: {outcome}");
        let text = project.read(format!("migrations/{}", only_file(&project)));
        assert!(text.ends_with(end), "{hooks}: {text}");
        project.run("upgrade").success();
    }
    // A dry run writes no file that a hook could work on.
    let project = with_target(BEFORE);
    project.configure(r#"post-write-hooks = [["false"]]"#);
    project
        .run(&format!("{} --dry-run", generate("aa01")))
        .success();
}

/// The order of columns is no difference, unless it is asked for.
#[test]
fn columns_in_another_order() {
    let before = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE);\n\
                  CREATE INDEX users_name ON users (name);\n\
                  CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));\n";
    let project = with_target(before);
    project.run(&generate("aa01")).success();
    project.run("upgrade").success();
    let database = project.database("shop.db");
    database.execute("INSERT INTO users VALUES (1, 'a', 'b'); INSERT INTO posts VALUES (1, 1)");
    project.write(
        "schema.sql",
        before.replace("name TEXT, mail TEXT UNIQUE", "mail TEXT UNIQUE, name TEXT"),
    );
    let none = project.run(&generate("bb02")).success();
    assert!(none.stderr.contains("No changes detected"), "{none}");
    let some = project
        .run(&format!("{} --column-order", generate("bb02")))
        .success();
    assert!(
        some.stderr.contains("Detected rebuilt table users"),
        "{some}"
    );
    for (line, row) in [
        ("upgrade", "1|b|a"),
        ("downgrade -1", "1|a|b"),
        ("upgrade", "1|b|a"),
    ] {
        project.run(line).success();
        assert_eq!(database.query("SELECT * FROM users"), [row], "{line}");
        assert_eq!(database.query("SELECT * FROM posts"), ["1|1"], "{line}");
    }
    project.run("test").success();
}

/// Returns the name of the only revision.
fn only_file(project: &Project) -> String {
    let files = std::fs::read_dir(project.path("migrations")).unwrap();
    let names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
    names[0].clone()
}

/// Only what is asked for is compared.
#[test]
fn objects_that_are_left_out() {
    let target = format!("{BEFORE}CREATE TABLE audit_log (x INT);\nCREATE VIEW v AS SELECT 1;\n");
    for (arguments, expected) in [
        ("", "+3 tables, +1 index, +1 view"),
        (
            "--exclude-objects 'audit_*'",
            "+2 tables, +1 index, +1 view",
        ),
        (
            "--exclude-objects kind:view --exclude-objects posts",
            "+2 tables",
        ),
        ("--include-objects users", "+1 table"),
        (
            "--exclude-objects kind:nothing",
            "`kind:nothing` names no kind of objects",
        ),
    ] {
        let project = with_target(&target);
        let line = format!("{} --dry-run {arguments}", generate("aa01"));
        let shown = project.run(&line).to_string();
        assert!(
            shown.contains(&format!("{expected}\n")) || shown.contains(expected),
            "{shown}"
        );
    }
    let project = with_target(&target);
    project.configure("exclude = [\"audit_*\", \"kind:view\"]");
    let outcome = project
        .run(&format!("{} --dry-run", generate("aa01")))
        .success();
    assert!(
        outcome.stdout.contains("-- +2 tables, +1 index\n"),
        "{outcome}"
    );
}

/// What is older than the first revision exists before it.
#[test]
fn a_base_schema() {
    let project =
        with_target("CREATE TABLE old (id INTEGER PRIMARY KEY);\nCREATE TABLE new (x INT);\n");
    project.configure("base = \"base.sql\"");
    project.write("base.sql", "CREATE TABLE old (id INTEGER PRIMARY KEY);\n");
    let new = revision("aa01").upgrade("CREATE TABLE new (x INT);");
    project.add(new.downgrade("DROP TABLE new;"));
    let outcome = project.run(&generate("bb02")).success();
    assert!(outcome.stderr.contains("No changes detected"), "{outcome}");
    assert_snapshot!(project.transcript(&["test"]));
}

/// The commands of docs/autogenerate.md do what the page says.
#[test]
fn the_page() {
    let project = Project::with_crate("shop");
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);";
    let first = revision("create_users").upgrade(users);
    project.add(first.downgrade("DROP TABLE users;"));
    let mut commands = 0;
    let sections = ["The target", "In step"];
    for block in sections
        .map(|name| blocks("docs/autogenerate.md", name))
        .concat()
    {
        match block.language.as_str() {
            "toml" => {
                let (_, keys) = block.text.split_once('\n').unwrap();
                project.configure(keys);
            }
            "sql" => {
                project.write("schema.sql", block.text);
            }
            "console" => {
                for command in block.text.split("$ cargo alembic ").skip(1) {
                    let (line, shown) = command.split_once('\n').unwrap_or((command, ""));
                    let place = project.here().env("SOURCE_DATE_EPOCH", "1767323045");
                    let outcome = place.run(line).success();
                    let found = format!("{}{}", outcome.stderr, outcome.stdout);
                    assert_eq!(found.trim(), shown.trim(), "cargo alembic {line}");
                    commands += 1;
                }
            }
            language => panic!("nothing is known of a block of {language}"),
        }
    }
    assert_eq!(commands, 7);
}
