//! `cargo alembic check`, `verify`, `diff` and `dump`

use alembic_history::Dialect;
use alembic_tests::{Database, Project, graph, revision};
use insta::assert_snapshot;

use crate::{chain, give_tables_of_their_own, workspace};

/// A crate whose revisions make two tables, with a target schema.
fn project() -> Project {
    let project = Project::with_crate("shop");
    project.configure("schema = \"schema.sql\"");
    let users = revision("aa01").upgrade("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);");
    let posts = revision("bb02").revises("aa01").upgrade(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT);\nCREATE INDEX posts_body ON posts (body);",
    );
    project.add(users.downgrade("DROP TABLE users;"));
    project.add(posts.downgrade("DROP TABLE posts;"));
    project
}

#[test]
fn the_target_and_the_revisions() {
    let project = project();
    let mut shown = project.transcript(&["check", "dump", "dump --write", "check"]);
    shown += &format!("\n{}\n", project.read("schema.sql"));
    project.replace("schema.sql", "name TEXT", "name TEXT NOT NULL");
    shown += &project.transcript(&["check", "check --format json", "diff --sql"]);
    assert_snapshot!(shown);
}

#[test]
fn a_database_and_its_revisions() {
    let project = project();
    project.run("dump --write").success();
    project.run("upgrade aa01").success();
    let mut shown = project.transcript(&["verify"]);
    project.database("shop.db").execute(
        "ALTER TABLE users ADD COLUMN by_hand TEXT; CREATE TABLE more (id INTEGER); \
         INSERT INTO users (name) VALUES ('a')",
    );
    let before = project.tree();
    shown += &project.transcript(&["verify", "verify --format json"]);
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    assert_snapshot!(shown);
}

/// What undoes the drift is what makes it go away.
#[test]
fn drift_is_undone_by_what_is_printed() {
    for by_hand in [
        "ALTER TABLE users ADD COLUMN by_hand TEXT",
        "DROP INDEX posts_body",
        "CREATE VIEW v AS SELECT name FROM users",
        "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END",
    ] {
        let project = project();
        project.run("dump --write").success();
        project.run("upgrade").success();
        let database = project.database("shop.db");
        database.execute(by_hand);
        let outcome = project.run("verify --format json");
        assert_eq!(outcome.status, 9, "{by_hand}: {outcome}");
        let answer = outcome.json();
        database.execute(answer["crates"][0]["undo"].as_str().unwrap());
        project.run("verify").success();
    }
}

#[test]
fn any_two_schemas() {
    let project = project();
    project.run("dump --write").success();
    project.run("upgrade aa01").success();
    project.write(
        "other.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n",
    );
    project
        .database("other.db")
        .execute("CREATE TABLE other (id INTEGER)");
    assert_snapshot!(project.transcript(&[
        "diff history target",
        "diff history@aa01 history",
        "diff history history@base",
        "diff database history",
        "diff database other.sql",
        "diff sqlite://other.db database",
        "diff history@aa01 target --sql",
        "diff history@zz target",
        "diff nothing target",
    ]));
}

/// What is dumped makes the same schema again, and is always the same.
#[test]
fn a_dump_makes_the_schema() {
    let project = project();
    let objects = "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b (id));\n\
                   CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id), \
                   n INTEGER GENERATED ALWAYS AS (a_id + 1) STORED CHECK (n > 0)) STRICT;\n\
                   CREATE UNIQUE INDEX u ON b (a_id DESC) WHERE a_id IS NOT NULL;\n\
                   CREATE VIEW w AS SELECT * FROM v; CREATE VIEW v AS SELECT id FROM a; -- before\n\
                   CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b (a_id) VALUES (new.id); END;\n\
                   CREATE VIRTUAL TABLE f USING fts5(body);";
    let more = revision("cc03").revises("bb02").upgrade(objects);
    project.add(more.without_downgrade());
    let dump = project.run("dump").success().stdout;
    assert_eq!(dump, project.run("dump").success().stdout);
    project.run("dump --write").success();
    project.write("dump.sql", &dump);
    let outcome = project.run("diff history dump.sql").success();
    assert!(
        outcome.stderr.contains("No changes detected"),
        "{outcome}\n{dump}"
    );
    project.database("loaded.db").execute(&dump);
    let outcome = project.run("diff sqlite://loaded.db history").success();
    assert!(
        outcome.stderr.contains("No changes detected"),
        "{outcome}\n{dump}"
    );
    project.run("check").success();
}

/// What empty databases are created by is for other revisions as soon as one is generated.
#[test]
fn a_file_that_a_new_revision_makes_stale() {
    let project = project();
    project.run("dump --write").success();
    project.replace("schema.sql", "name TEXT", "name TEXT, mail TEXT");
    let generate = "revision --autogenerate -m Mail --rev-id cc03";
    assert_snapshot!(project.transcript(&[generate, "dump --write", "check"]));
}

/// What somebody wrote into a file stays there, and an empty database is created from it only while it is
/// known to be what the revisions make.
#[test]
fn a_file_that_somebody_writes() {
    let project = project();
    let users = "-- By hand.\nCREATE TABLE users (\n  id INTEGER PRIMARY KEY,\n  name TEXT -- in full\n);\n";
    let posts = "CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT);\n\
                 CREATE INDEX posts_body ON posts (body);\n";
    project.write("schema.sql", format!("{users}{posts}"));
    let mut shown = project.transcript(&["dump --write"]);
    shown += &project.read("schema.sql");
    project.replace("schema.sql", "name TEXT", "name TEXT, mail TEXT");
    let edited = project.read("schema.sql");
    shown += &project.transcript(&["ensure", "dump --write"]);
    assert_eq!(project.read("schema.sql"), edited);
    let generate = "revision --autogenerate -m Mail --rev-id cc03";
    shown += &project.transcript(&[generate, "dump --write"]);
    shown += &project.read("schema.sql");
    project.remove("shop.db");
    project.run("ensure").success();
    // A revision that nobody has written into the file.
    project.add(
        revision("dd04")
            .revises("cc03")
            .upgrade("CREATE TABLE more (x INT);"),
    );
    project.remove("shop.db");
    shown += &project.transcript(&["ensure", "dump --write", "ensure --format json"]);
    assert_snapshot!(shown);
}

/// One file for both engines would say the same to both; a missing one is told.
#[test]
fn a_file_for_each_engine() {
    let project = Project::with_crate("shop");
    project.configure("schema = { sqlite = \"a.sql\" }\ndialects = [\"sqlite\"]");
    project.add(revision("aa01").upgrade("CREATE TABLE users (id INTEGER PRIMARY KEY);"));
    let shown = project.transcript(&["dump --write", "check", "dump --write --format json"]);
    project.replace("Cargo.toml", "sqlite = \"a.sql\"", "postgres = \"b.sql\"");
    assert_snapshot!(shown + &project.transcript(&["check", "dump --write", "ensure"]));
}

#[test]
fn several_crates() {
    let project = workspace();
    for name in ["app", "store"] {
        let manifest = format!("{name}/Cargo.toml");
        project.replace(&manifest, "url-env", "schema = \"schema.sql\"\nurl-env");
    }
    assert_snapshot!(project.transcript(&["dump --write", "check", "upgrade -q", "verify"]));
}

#[test]
fn a_crate_without_a_target() {
    assert_snapshot!(chain().transcript(&["check", "dump --write", "diff target history"]));
    // A check of several crates that checks none of them would pass in silence.
    assert_snapshot!(workspace().transcript(&["check", "verify"]));
}

/// Whether crates share a database or not, no crate is compared by the tables of those that its
/// revisions depend on.
#[test]
fn crates_that_depend_on_each_other() {
    for is_shared in [false, true] {
        let project = Project::with_workspace(&["app", "store"]);
        project.add_to("store/migrations", graph("cc03; dd04<-cc03"));
        project.add_to("app/migrations", graph("aa01; bb02<-aa01 dep store@dd04"));
        if is_shared {
            give_tables_of_their_own(&project);
            for name in ["app", "store"] {
                let url = format!("sqlite://{name}.db");
                project.replace(format!("{name}/Cargo.toml"), &url, "sqlite://../shared.db");
            }
        }
        project.run("upgrade").success();
        project.run("verify").success();
        let dump = project.run("dump -p app").success().stdout;
        assert!(
            dump.contains("t_aa01") && !dump.contains("t_cc03"),
            "{dump}"
        );
    }
}

/// Nothing that another crate creates in the same database is drift, or proposed for dropping, whatever it is.
#[test]
fn objects_of_other_crates_are_left_alone() {
    let views = "CREATE TABLE sales (id INTEGER PRIMARY KEY, amount INTEGER);\n\
                 CREATE VIEW totals AS SELECT sum(amount) AS total FROM sales;\n";
    let sqlite = "CREATE TRIGGER enter INSTEAD OF INSERT ON totals BEGIN SELECT 1; END;\n";
    let postgres = "CREATE MATERIALIZED VIEW monthly AS SELECT id, amount FROM sales;\n\
                    CREATE UNIQUE INDEX monthly_id ON monthly (id);\n\
                    CREATE TYPE mood AS ENUM ('good');\n\
                    CREATE DOMAIN positive AS integer CONSTRAINT above CHECK (value > 0);\n\
                    CREATE SEQUENCE numbers;\n\
                    CREATE SCHEMA audit;\n\
                    CREATE FUNCTION twice(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x * 2';\n\
                    CREATE RULE enter AS ON INSERT TO totals DO INSTEAD NOTHING;\n\
                    CREATE STATISTICS sales_pairs ON id, amount FROM sales;\n\
                    ALTER VIEW totals RENAME TO sums;\n";
    for (dialect, more) in [(Dialect::Sqlite, sqlite), (Dialect::Postgres, postgres)] {
        let project = Project::with_workspace(&["app", "store"]);
        give_tables_of_their_own(&project);
        let users = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n\
                     CREATE VIEW ids AS SELECT id FROM users;\n";
        project.add_to("app/migrations", [revision("aa01").upgrade(users)]);
        let other = revision("bb02").upgrade(format!("{views}{more}"));
        project.add_to("store/migrations", [other.without_downgrade()]);
        let database = Database::new(dialect);
        for name in ["app", "store"] {
            let manifest = format!("{name}/Cargo.toml");
            project.replace(manifest, &format!("sqlite://{name}.db"), &database.url());
        }
        project.run("upgrade").success();
        for line in [
            "verify",
            "verify -p app",
            "verify -p store",
            "diff -p app history database",
        ] {
            let outcome = project.run(line).success();
            let is_sound = !outcome.stderr.contains("totals") && outcome.stdout.is_empty();
            assert!(is_sound, "{dialect}: {outcome}");
        }
        let dump = project.run("dump database -p app");
        let dump = dump.success().stdout;
        let own = ["users", "ids"];
        assert!(own.iter().all(|own| dump.contains(own)), "{dump}");
        assert_eq!(dump.matches("CREATE").count(), own.len(), "{dump}");
        // What nobody's revisions create is drift.
        let drift = "CREATE VIEW by_hand AS SELECT id FROM sales";
        database.execute(drift);
        let outcome = project.run("verify -p app");
        assert_eq!(outcome.status, 9, "{outcome}");
        assert!(outcome.stdout.contains("by_hand"), "{outcome}");
    }
}

/// What `CREATE EXTENSION` says by itself is not said again.
#[test]
fn comments_on_extensions() {
    let database = Database::new(Dialect::Postgres);
    let create = "CREATE EXTENSION unaccent;\n";
    for (comment, expected) in [
        ("", None),
        (
            "COMMENT ON EXTENSION unaccent IS 'ours';\n",
            Some("COMMENT ON EXTENSION unaccent IS 'ours'"),
        ),
        (
            "COMMENT ON EXTENSION unaccent IS NULL;\n",
            Some("COMMENT ON EXTENSION unaccent IS NULL"),
        ),
    ] {
        let project = Project::with_crate("shop");
        project.configure("schema = \"schema.sql\"\ndialects = [\"postgres\"]");
        project.write("schema.sql", format!("{create}{comment}"));
        let place = project.here().env("DATABASE_URL", database.url());
        let outcome = place.run("revision --autogenerate -m Search --rev-id aa01 --dry-run");
        let text = outcome.success().stdout;
        let comments = text
            .split(';')
            .filter_map(|sql| Some(sql.trim()).filter(|sql| sql.starts_with("COMMENT")));
        assert_eq!(
            comments.collect::<Vec<_>>(),
            expected.into_iter().collect::<Vec<_>>(),
            "{text}"
        );
    }
}

/// What a crate does to the objects of another one is its own: in the file of its target schema, and in a
/// database.
#[test]
fn what_is_done_to_objects_of_other_crates() {
    let sqlite = "CREATE INDEX users_name ON users (name);\n\
                  CREATE TRIGGER enter AFTER INSERT ON users BEGIN SELECT 1; END;\n";
    let postgres = "CREATE INDEX users_name ON users (name);\n\
                    ALTER TABLE users ADD CONSTRAINT named CHECK (name <> '');\n\
                    COMMENT ON VIEW names IS 'ours';\n\
                    ALTER DOMAIN positive ADD CONSTRAINT above CHECK (value > 0);\n\
                    CREATE RULE enter AS ON INSERT TO names DO INSTEAD NOTHING;\n";
    for (dialect, own, parts) in [
        (Dialect::Sqlite, sqlite, &["users_name", "enter"][..]),
        (
            Dialect::Postgres,
            postgres,
            &["users_name", "named", "'ours'", "above", "enter"],
        ),
    ] {
        let project = Project::with_workspace(&["app", "store"]);
        give_tables_of_their_own(&project);
        let domain = match dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => "CREATE DOMAIN positive AS integer;\n",
        };
        let below = format!(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n\
             CREATE VIEW names AS SELECT name FROM users;\n{domain}"
        );
        project.add_to("store/migrations", [revision("aa01").upgrade(below)]);
        let above = revision("bb02").depends_on("store@aa01");
        let own = format!("CREATE TABLE visits (id INTEGER PRIMARY KEY);\n{own}");
        project.add_to("app/migrations", [above.upgrade(own)]);
        let database = Database::new(dialect);
        for name in ["app", "store"] {
            let manifest = format!("{name}/Cargo.toml");
            let keys =
                format!("schema = \"schema.sql\"\ndialects = [\"{dialect}\"]\nversion-table");
            project.replace(&manifest, "version-table", &keys);
            project.replace(&manifest, &format!("sqlite://{name}.db"), &database.url());
        }
        project.run("dump --write").success();
        let file = project.read("app/schema.sql");
        for part in ["visits"].iter().chain(parts) {
            assert!(file.contains(part), "{part}: {file}");
        }
        assert!(!file.contains("CREATE VIEW names"), "{file}");
        let created = project.run("ensure").success();
        assert!(
            created.stderr.contains("created the target schema"),
            "{created}"
        );
        project.run("verify -p app").success();
        project.run("check").success();
        database.execute("DROP INDEX users_name");
        let outcome = project.run("verify -p app");
        assert_eq!(outcome.status, 9, "{outcome}");
        assert!(outcome.stdout.contains("users_name"), "{outcome}");
    }
}

/// A record is of what the revisions do in their order, after their base, and of every byte of the file.
#[test]
fn a_record_that_no_longer_holds() {
    let view = |id: &str, parent: &str, column: &str| {
        let sql = format!("DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT {column} FROM users;");
        revision(id)
            .revises(parent)
            .upgrade(sql)
            .downgrade("DROP VIEW IF EXISTS v;")
    };
    type Change = (&'static str, fn(&Project));
    let changes: &[Change] = &[
        ("other revisions", |project| {
            project.replace("migrations/dd04.sql", "Revises: cc03", "Revises: bb02");
            project.replace("migrations/cc03.sql", "Revises: bb02", "Revises: dd04");
        }),
        ("other revisions", |project| {
            project.write("base.sql", "CREATE TABLE old (x INT);\n");
            project.configure("base = \"base.sql\"");
        }),
        ("edited", |project| {
            project.replace("schema.sql", "name TEXT", "name TEXT, extra TEXT");
        }),
        ("edited", |project| {
            let text = project.read("schema.sql");
            project.write("schema.sql", format!("-- Free.\n\n{text}-- More.\n"));
        }),
        ("nothing says", |project| {
            project.write("schema.sql", "");
        }),
    ];
    for (told, change) in changes {
        let project = project();
        project.add(view("cc03", "bb02", "id"));
        project.add(view("dd04", "cc03", "name"));
        project.run("dump --write").success();
        let outcome = project.run("ensure --url sqlite://first.db").success();
        assert!(!outcome.stderr.contains("stale-schema"), "{outcome}");
        change(&project);
        let outcome = project.run("ensure").success();
        assert!(
            outcome.stderr.contains("[stale-schema]"),
            "{told}: {outcome}"
        );
        assert!(outcome.stderr.contains(told), "{told}: {outcome}");
        let is_created = outcome.stderr.contains("created the target schema");
        assert_eq!(is_created, *told == "nothing says", "{told}: {outcome}");
    }
}

/// Both sides of a merge of what the command wrote are written again; what somebody wrote is theirs to join.
#[test]
fn conflicts_in_the_file() {
    let conflict = |text: &str| format!("<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n");
    let project = project();
    project.run("dump --write").success();
    let written = project.read("schema.sql");
    project.write("schema.sql", conflict(&written));
    let mut shown = project.transcript(&["check", "ensure", "dump --write"]);
    assert_eq!(project.read("schema.sql"), written);
    let by_hand = "-- By hand.\nCREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n";
    project.write("schema.sql", conflict(by_hand));
    shown += &project.transcript(&["dump --write"]);
    assert_eq!(project.read("schema.sql"), conflict(by_hand));
    assert_snapshot!(shown);
}
