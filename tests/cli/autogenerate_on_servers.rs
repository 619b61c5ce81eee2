//! `cargo alembic revision --autogenerate` on PostgreSQL, and on both engines.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use alembic_tests::Project;
use alembic_tests::postgres::{Database, Server};
use insta::assert_snapshot;

/// A crate for these dialects with a target schema, and a database of its own on a server.
pub(crate) struct Subject {
    pub(crate) project: Project,
    pub(crate) database: Database,
}

impl Subject {
    pub(crate) fn new(dialects: &str, target: &str) -> Self {
        let project = Project::with_crate("shop");
        project.configure(&format!(
            "schema = \"schema.sql\"\ndialects = [{dialects}]\nengine-specific = [\"*.id\"]"
        ));
        project.write("schema.sql", target);
        let database = Server::shared().database();
        Self { project, database }
    }

    pub(crate) fn run(&self, line: &str) -> alembic_tests::Outcome {
        let place = self.project.here();
        place.env("DATABASE_URL", self.database.url()).run(line)
    }

    /// Writes the revision that leads to the target, and returns its text.
    pub(crate) fn generate(&self, id: &str, arguments: &str) -> String {
        let line = format!("revision --autogenerate -m Change --rev-id {id} {arguments}");
        let outcome = self.run(&line).success();
        assert!(!outcome.stderr.contains("No changes"), "{outcome}");
        let files = fs::read_dir(self.project.path("migrations")).unwrap();
        let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let name = names.find(|name| name.contains(id)).unwrap();
        self.project.read(format!("migrations/{name}"))
    }

    /// Checks that the revisions are right and lead to the target.
    fn check(&self) {
        let shown = self.run("check").success();
        assert_eq!(shown.stdout, "", "{shown}");
        self.run("test").success();
    }
}

const BOTH: &str = "\"sqlite\", \"postgres\"";

const BEFORE: &str = "\
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, email TEXT UNIQUE);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT DEFAULT 'x', CHECK (id > 0));
CREATE INDEX posts_user ON posts (user_id);
CREATE VIEW names AS SELECT name FROM users;
";

/// What both engines read is written once, and proved on both.
#[test]
fn a_section_for_both_engines() {
    let subject = Subject::new(BOTH, BEFORE);
    let first = subject.generate("aa01", "");
    subject.check();
    let after = BEFORE
        .replace(
            "email TEXT UNIQUE",
            "email TEXT UNIQUE, age INTEGER NOT NULL DEFAULT 0",
        )
        .replace(
            "(user_id);",
            "(user_id, id);\nCREATE TABLE tags (label TEXT NOT NULL UNIQUE);",
        );
    subject.project.write("schema.sql", after);
    let second = subject.generate("bb02", "");
    subject.check();
    assert_snapshot!(format!("{first}\n{second}"));
}

/// What differs has sections of its own, in the order that each engine needs.
#[test]
fn sections_for_each_engine() {
    let subject = Subject::new(BOTH, BEFORE);
    subject.generate("aa01", "");
    let after = BEFORE
        .replace("name VARCHAR(20) NOT NULL", "full_name VARCHAR(40)")
        .replace("SELECT name", "SELECT full_name")
        .replace(", CHECK (id > 0)", "")
        .replace("users (id)", "users (id) ON DELETE CASCADE");
    subject.project.write("schema.sql", after);
    assert_snapshot!(subject.generate("bb02", "--rename users.name=full_name"));
    subject.check();
}

/// Where the engines have different statements, rows outlive the way there and back.
#[test]
fn rows_outlive_changes() {
    let before = "CREATE TABLE subscription (id int PRIMARY KEY, remote varchar(255) NOT NULL \
                  DEFAULT '00000000-0000-0000-0000-000000000000');\n\
                  CREATE INDEX subscription_remote ON subscription (remote);\n";
    let subject = Subject::new("\"postgres\"", before);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    let id = "6f1c1f0e-3b1e-4d0e-9a53-0f6a6c1b2a10";
    let insert = format!("INSERT INTO subscription VALUES (1, '{id}')");
    subject.database.execute(&insert);
    subject
        .project
        .write("schema.sql", before.replace("varchar(255)", "uuid"));
    assert_snapshot!(subject.generate("bb02", ""));
    for line in ["upgrade", "verify", "downgrade -1", "verify"] {
        subject.run(line).success();
        let rows = subject.database.query("SELECT remote FROM subscription");
        assert_eq!(rows, [id], "{line}");
    }
}

/// Objects that only PostgreSQL has, and what must run outside of transactions.
#[test]
fn objects_of_postgres() {
    let before = "CREATE TYPE mood AS ENUM ('sad', 'happy');\n\
                  CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                  name text NOT NULL, mood mood DEFAULT 'sad');\n";
    let subject = Subject::new("\"postgres\"", before);
    subject.generate("aa01", "");
    let after = before.replace("'happy'", "'fine', 'happy'")
        + "CREATE FUNCTION shout(t text) RETURNS text LANGUAGE sql AS 'SELECT upper(t)';\n\
           CREATE INDEX person_name ON person USING hash (name);\n\
           CREATE MATERIALIZED VIEW moods AS SELECT mood, count(*) FROM person GROUP BY mood;\n\
           ALTER TABLE person ENABLE ROW LEVEL SECURITY;\n\
           CREATE POLICY own ON person USING (name = current_user);\n\
           COMMENT ON TABLE person IS 'who';\n";
    subject.project.write("schema.sql", after);
    let text = subject.generate("bb02", "");
    subject.check();
    assert_snapshot!(text);
}

/// A revision makes everything in the schema that the search path leads to, as one by hand would.
#[test]
fn a_schema_for_each_tenant() {
    let target = "CREATE TYPE mood AS ENUM ('sad', 'happy');\n\
                  CREATE TABLE owner (id serial PRIMARY KEY);\n\
                  CREATE TABLE pet (id int PRIMARY KEY, mood mood DEFAULT 'sad', \
                  owner_id int NOT NULL REFERENCES owner (id));\n\
                  CREATE INDEX pet_owner ON pet (owner_id);\n\
                  CREATE VIEW sad AS SELECT id FROM pet WHERE mood = 'sad';\n";
    let subject = Subject::new("\"postgres\"", target);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    subject.database.execute("CREATE SCHEMA tenant");
    let url = format!("{}?options=-csearch_path%3Dtenant", subject.database.url());
    subject
        .project
        .run(&format!("upgrade --url {url}"))
        .success();
    // What the tenant has needs nothing of another schema.
    subject.database.execute("DROP SCHEMA public CASCADE");
    let rows = subject.database.query(
        "INSERT INTO tenant.owner DEFAULT VALUES; INSERT INTO tenant.pet VALUES (7, DEFAULT, 1); \
         SELECT id::text FROM tenant.sad",
    );
    assert_eq!(rows, ["7"]);
}

/// Each form that lets others write meanwhile, with rows, up and down; the rows are read once the lock that
/// keeps others from writing is gone.
#[test]
fn forms_that_let_others_write() {
    let before = "CREATE DOMAIN short AS text;\n\
        CREATE TABLE owner (id int PRIMARY KEY);\n\
        CREATE TABLE pet (id int NOT NULL, owner_id int, name text, tag short, \
        CONSTRAINT pet_tag CHECK (tag <> ''));\n\
        CREATE INDEX pet_name ON pet (name);\n\
        CREATE TABLE log (at int NOT NULL, owner_id int) PARTITION BY RANGE (at);\n\
        CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);\n";
    let after = "CREATE DOMAIN short AS text CONSTRAINT is_short CHECK (length(VALUE) < 9);\n\
        CREATE TABLE owner (id int PRIMARY KEY);\n\
        CREATE TABLE pet (id int PRIMARY KEY, owner_id int NOT NULL REFERENCES owner (id), name text UNIQUE, \
        tag short, CONSTRAINT pet_tag CHECK (tag <> 'x'));\n\
        CREATE INDEX pet_tag_owner ON pet (tag, owner_id) WHERE tag IS NOT NULL;\n\
        CREATE TABLE log (at int NOT NULL, owner_id int REFERENCES owner (id), CHECK (at > -1)) \
        PARTITION BY RANGE (at);\n\
        CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);\n\
        CREATE INDEX log_owner ON log (owner_id);\n\
        CREATE TABLE toy (pet_id int REFERENCES pet (id), CHECK (pet_id > 0));\n";
    let subject = Subject::new("\"postgres\"", before);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    subject.database.execute(
        "INSERT INTO owner VALUES (1); INSERT INTO pet VALUES (1, 1, 'a', 'b'); INSERT INTO log VALUES (1, 1)",
    );
    subject.project.write("schema.sql", after);
    assert_snapshot!(subject.generate("bb02", "--online"));
    for line in [
        "upgrade",
        "verify",
        "downgrade -1",
        "verify",
        "upgrade",
        "verify",
    ] {
        subject.run(line).success();
        let rows = subject
            .database
            .query("SELECT id, owner_id, name, tag FROM pet");
        assert_eq!(rows, ["1|1|a|b"], "{line}");
    }
    subject.check();
}

/// The temporary databases of a command that is interrupted are dropped.
#[test]
fn interrupts_leave_nothing() {
    let subject = Subject::new(
        "\"postgres\"",
        "CREATE TABLE t (x int); SELECT pg_sleep(60);",
    );
    let names = || {
        let names = "SELECT datname FROM pg_database WHERE datname LIKE 'alembic\\_test\\_%'";
        let names = format!("{names} AND datdba = 'interrupted'::regrole");
        subject.database.query(&names)
    };
    subject.database.execute(
        "DROP ROLE IF EXISTS interrupted; CREATE ROLE interrupted LOGIN CREATEDB PASSWORD 'x'",
    );
    let (_, address) = subject.database.url().split_once('@').unwrap();
    let url = format!("postgres://interrupted:x@{address}");
    let line = format!("revision --autogenerate -m Change --scratch-url {url}");
    let words: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
    for signal in ["-INT", "-TERM"] {
        let mut command = subject.project.here().command(&words);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let sleeping = "SELECT pid FROM pg_stat_activity WHERE usename = 'interrupted' \
                        AND query LIKE '%pg_sleep(60)%'";
        let begin = Instant::now();
        while subject.database.query(sleeping).is_empty() {
            assert!(begin.elapsed() < Duration::from_secs(60), "it never sleeps");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!names().is_empty());
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(130 | 143)), "{signal}: {code:?}");
        assert_eq!(names(), Vec::<String>::new(), "{signal}");
        let files = fs::read_dir(subject.project.path("migrations")).unwrap();
        assert_eq!(files.count(), 0, "{signal}");
    }
    subject.database.execute("DROP ROLE interrupted");
}

/// What PostgreSQL refuses is named in the file, and the rest is written; if nothing is left, nothing is.
#[test]
fn changes_that_cannot_be_written() {
    let before = "CREATE TYPE pair AS (a int, b text);\n\
                  CREATE TABLE entry (k int NOT NULL, pair pair, note text);\n";
    let subject = Subject::new("\"postgres\"", before);
    subject.generate("aa01", "");
    let after = before
        .replace("a int, b text", "b text, a int")
        .replace("note text", "note varchar(9)")
        + "CREATE VIEW notes AS SELECT k, note FROM entry;\n";
    subject.project.write("schema.sql", &after);
    let line = "revision --autogenerate -m Change --rev-id bb02";
    let written = subject.run(&format!("{line} --dry-run"));
    let answer = subject
        .run(&format!("{line} --dry-run --format json"))
        .success();
    let omissions = &answer.json()["crates"][0]["not_written"];
    assert_eq!(
        omissions[0]["sentence"],
        "dropped composite type pair to recreate it"
    );
    subject.project.write(
        "schema.sql",
        before.replace("a int, b text", "b text, a int"),
    );
    let nothing = subject.run(line);
    assert_eq!(nothing.status, 8, "{nothing}");
    assert!(nothing.stderr.contains("nothing was written"), "{nothing}");
    let names = fs::read_dir(subject.project.path("migrations")).unwrap();
    assert_eq!(names.count(), 1);
    subject.project.write("schema.sql", &after);
    subject.run(line).success();
    for line in ["upgrade", "downgrade -1", "upgrade"] {
        subject.run(line).success();
    }
    assert_eq!(subject.run("check").status, 9);
    assert_snapshot!(written);
}

/// The server writes defaults with casts: that is no difference.
#[test]
fn defaults_that_the_server_writes_otherwise() {
    let target = "CREATE TYPE \"user-role\" AS ENUM ('admin', 'customer');\nCREATE SEQUENCE s;\n\
        CREATE TABLE d (a \"user-role\" DEFAULT 'customer', b varchar(20) DEFAULT 'x', \
        c text DEFAULT 'it''s', d int DEFAULT -1, f text[] DEFAULT '{}', g jsonb DEFAULT '{}', \
        h timestamptz DEFAULT now(), j interval DEFAULT '1 day', k bigint DEFAULT nextval('s'), \
        l char(3) DEFAULT 'abc', t text DEFAULT NULL, u text DEFAULT lower('X'));\n";
    let subject = Subject::new("\"postgres\"", target);
    subject.generate("aa01", "");
    subject.check();
    let changed = target
        .replace("'customer', b", "'admin', b")
        .replace("'1 day'", "'2 days'");
    subject.project.write("schema.sql", changed);
    let text = subject.generate("bb02", "");
    assert_eq!(text.matches("SET DEFAULT").count(), 4, "{text}");
    subject.check();
}

/// What is lost is counted in the database that is named; a database by hand is told by `verify`.
#[test]
fn databases_of_a_server() {
    let subject = Subject::new(BOTH, BEFORE);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    subject
        .database
        .execute("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b')");
    let without = "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, \
                   body TEXT DEFAULT 'x', CHECK (id > 0));\n\
                   CREATE INDEX posts_user ON posts (user_id);\n";
    subject.project.write("schema.sql", without);
    let url = subject.database.url();
    let text = subject.generate("bb02", &format!("--url {url}"));
    assert!(
        text.contains(
            "-- The rows of table users are lost: 2 on PostgreSQL, when this was written."
        ),
        "{text}"
    );
    subject
        .database
        .execute("CREATE VIEW by_hand AS SELECT 1 AS x");
    let outcome = subject.run("verify");
    assert_eq!(outcome.status, 9, "{outcome}");
    assert!(
        outcome.stdout.contains("    DROP VIEW by_hand;"),
        "{outcome}"
    );
}

/// A crate for both engines is proved on both, or not at all.
/// Two databases are compared whatever the revisions are written for.
#[test]
fn databases_of_another_engine_than_the_revisions() {
    let project = Project::with_crate("shop");
    let [before, after] = [(), ()].map(|()| Server::shared().database());
    after.execute("CREATE TABLE users (id integer)");
    let [from, to] = [before.url(), after.url()];
    let shown = project.run(&format!("diff {from} {to}")).success();
    assert_eq!(shown.stdout, "added table users\n", "{shown}");
    for (line, message) in [
        (
            format!("diff {from} history"),
            "the revisions of shop are written for sqlite",
        ),
        (
            format!("diff {from} sqlite://other.db"),
            "are of different engines",
        ),
    ] {
        let shown = project.run(&line);
        assert_eq!(shown.status, 2, "{shown}");
        assert!(shown.stderr.contains(message), "{shown}");
    }
}

#[test]
fn without_a_server() {
    let project = Project::with_crate("shop");
    project.configure(&format!("schema = \"schema.sql\"\ndialects = [{BOTH}]"));
    project.write("schema.sql", BEFORE);
    let database = Server::shared().database();
    let line = "revision --autogenerate -m Change --rev-id aa01 --dry-run";
    let url = database.url();
    assert_snapshot!(project.transcript(&[line, "check", "dump"]));
    project
        .run(&format!("{line} --scratch-url {url}"))
        .success();
    project.configure(&format!("scratch-url = \"{url}\""));
    project.run(line).success();
}

/// The dump of a server is loaded again by its own shell and by the command.
#[test]
fn dumps_of_a_server() {
    let subject = Subject::new("\"postgres\"", BEFORE);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    let dump = subject.run("dump database").success().stdout;
    let other = Server::shared().database();
    other.execute(&dump);
    let outcome = subject
        .run(&format!("diff {} database", other.url()))
        .success();
    assert!(
        outcome.stderr.contains("No changes detected"),
        "{outcome}\n{dump}"
    );
    subject.run("dump --write").success();
    subject.check();
}

/// What one engine keeps as it was written is read by the other one, whichever comes first.
#[test]
fn a_dump_for_both_engines() {
    for dialects in [BOTH, "\"postgres\", \"sqlite\""] {
        let subject = Subject::new(dialects, BEFORE);
        subject.generate("aa01", "");
        subject.run("dump --write").success();
        let written = subject.project.read("schema.sql");
        assert!(written.contains("name VARCHAR(20) NOT NULL"), "{written}");
        assert!(!written.contains("public"), "{written}");
        subject.check();
    }
}

/// What numbers the rows is written differently on the two engines.
#[test]
fn a_file_for_each_engine() {
    let subject = Subject::new(BOTH, "CREATE TABLE users (id INTEGER PRIMARY KEY);\n");
    let sections = "-- Users\n-- Revision ID: aa01\n-- Revises:\n\n\
                    -- alembic: upgrade sqlite\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n\n\
                    -- alembic: upgrade postgres\nCREATE TABLE users (\n    \
                    id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY\n);\n\n\
                    -- alembic: downgrade\nDROP TABLE users;\n";
    subject.project.write("migrations/aa01.sql", sections);
    subject.project.remove("schema.sql");
    let refused = subject.run("dump --write");
    assert_ne!(refused.status, 0, "{refused}");
    for part in [
        "one file cannot make the schema of the revisions on SQLite and PostgreSQL",
        "schema = { sqlite = \"schema.sqlite.sql\", postgres = \"schema.postgres.sql\" }",
    ] {
        assert!(refused.stderr.contains(part), "{refused}");
    }
    let files = "{ sqlite = \"schema.sqlite.sql\", postgres = \"schema.postgres.sql\" }";
    subject
        .project
        .replace("Cargo.toml", "\"schema.sql\"", files);
    subject.run("dump --write").success();
    subject.check();
    for line in ["ensure", "verify", "ensure --url sqlite://shop.db"] {
        subject.run(line).success();
    }
    subject
        .project
        .replace("schema.postgres.sql", "id integer", "id bigint");
    let changed = subject.run("check");
    assert_eq!(changed.status, 9, "{changed}");
    assert!(changed.stdout.contains("users.id"), "{changed}");
    let generated = subject.generate("bb02", "");
    assert!(generated.contains("upgrade postgres"), "{generated}");
    assert!(!generated.contains("sqlite"), "{generated}");
}

/// What the model does not hold is told, or refused.
#[test]
fn what_is_not_compared() {
    let subject = Subject::new("\"postgres\"", "");
    let sql = "CREATE TABLE users (id INTEGER PRIMARY KEY); GRANT SELECT ON users TO PUBLIC";
    subject.database.execute(sql);
    let told = subject.run("dump database").success();
    assert!(told.stderr.contains("not compared: "), "{told}");
    let refused = subject.run("dump database --strict");
    assert_ne!(refused.status, 0, "{refused}");
    assert!(refused.stderr.contains("error[not-compared]"), "{refused}");
}

/// Nothing makes a column that a table inherits its own, or the other way round: the difference is told.
#[test]
fn what_is_inherited_and_stated_as_well() {
    let base = "CREATE TABLE base (a INTEGER, CONSTRAINT positive CHECK (a > 0));\n";
    let inherited = format!("{base}CREATE TABLE heir (c INTEGER) INHERITS (base);\n");
    let stated = "(c INTEGER, a INTEGER, CONSTRAINT positive CHECK (a > 0))";
    let subject = Subject::new("\"postgres\"", &inherited);
    let sql = format!("{base}CREATE TABLE heir {stated}; ALTER TABLE heir INHERIT base");
    subject.database.execute(&sql);
    let note = "own definition of what is inherited: column heir.a, constraint heir.positive";
    for line in ["diff database target", "diff target database"] {
        let told = subject.run(line).success();
        assert!(told.stderr.contains(note), "{told}");
        let refused = subject.run(&format!("{line} --strict"));
        assert!(refused.stderr.contains("error[not-compared]"), "{refused}");
    }
    subject.project.replace("schema.sql", "(c INTEGER)", stated);
    let same = subject.run("diff database target --strict").success();
    assert!(!same.stderr.contains("not compared"), "{same}");
}

/// The crates of the example workspace are in step with their targets, on both engines.
#[test]
fn the_example_workspace() {
    let project = Project::example("chorus");
    let database = Server::shared().database();
    let check = |arguments: &str| {
        project.run(&format!(
            "check {arguments} --scratch-url {}",
            database.url()
        ))
    };
    let checked = check("--workspace").success();
    let finished = checked.stderr.matches("No changes detected").count();
    assert_eq!(finished, 5, "{checked}");
    let before = project.tree();
    let line = format!("dump --write --workspace --scratch-url {}", database.url());
    project.run(&line).success();
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
    for (name, source) in [
        ("chat2chart", "models.rs"),
        ("chimera", "auth.rs"),
        ("chorus", "models/document.rs"),
        ("daa-chatbot", "models.rs"),
        ("orchestrator", "models.rs"),
    ] {
        let path = format!("crates/{name}/src/{source}");
        let text = project.read(&path);
        project.write(&path, text.replacen("length = ", "length = 9", 1));
        let changed = check(&format!("-p {name}"));
        project.write(&path, text);
        assert_eq!(changed.status, 9, "{path}: {changed}");
        for engine in ["SQLite: ", "PostgreSQL: "] {
            assert!(changed.stdout.contains(engine), "{path}: {changed}");
        }
    }
}

/// Options that the server keeps of columns for itself are nobody's: newer minor versions number every column.
#[test]
fn options_of_the_server_itself() {
    let subject = Subject::new("\"postgres\"", BEFORE);
    subject.generate("aa01", "");
    subject.run("upgrade").success();
    subject.database.execute(
        "UPDATE pg_attribute SET attoptions = '{pg_attver=7,n_distinct=5}'
         WHERE attrelid = 'users'::regclass AND attname = 'name'",
    );
    let shown = subject.run("verify");
    assert_eq!(shown.status, 9, "{shown}");
    assert!(shown.stdout.contains("n_distinct"), "{shown}");
    assert!(!shown.stdout.contains("pg_attver"), "{shown}");
}
