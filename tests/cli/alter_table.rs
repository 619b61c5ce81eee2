//! Changes of tables that SQLite lacks: what they leave, and what they find in the way.

use alembic_tests::{Project, revision};

/// A change of tables, and what must hold after it.
struct Change<'a> {
    /// What creates the tables and fills them.
    before: &'a str,
    up: &'a str,
    down: &'a str,
    /// The tables that are made anew.
    rebuilt: &'a [&'a str],
    /// The definitions of all objects, in the order of their names.
    after: &'a [&'a str],
    /// A query whose rows stay the same.
    rows: &'a str,
}

impl Change<'_> {
    /// Goes up, down and up again.
    fn check(&self) -> Project {
        let project = Project::with_crate("shop");
        project.add(revision("aa01").upgrade(self.before));
        let second = revision("bb02").revises("aa01");
        project.add(second.upgrade(self.up).downgrade(self.down));
        project.run("upgrade aa01").success();
        let database = project.database("shop.db");
        let definitions = || {
            let definitions = database.query(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL \
                 AND tbl_name NOT LIKE 'alembic_version%' ORDER BY name",
            );
            // SQLite quotes the new name of a table.
            let plain = definitions
                .iter()
                .map(|sql| sql.replace("\"old_box\"", "old_box"));
            plain.collect::<Vec<_>>()
        };
        let (first, rows) = (definitions(), database.query(self.rows));
        for (line, expected) in [
            (
                "upgrade",
                self.after.iter().map(ToString::to_string).collect(),
            ),
            ("downgrade -1", first),
            (
                "upgrade",
                self.after.iter().map(ToString::to_string).collect(),
            ),
        ] {
            let outcome = project.run(line).success();
            let lines = outcome.stderr.lines().map(str::trim);
            let rebuilt = lines.filter_map(|line| line.strip_prefix("Rebuilt table "));
            let rebuilt = rebuilt.filter_map(|line| Some(line.split_once(':')?.0));
            assert_eq!(rebuilt.collect::<Vec<_>>(), self.rebuilt, "{outcome}");
            assert_eq!(definitions(), expected, "{line}: {}", self.up);
            assert_eq!(database.query(self.rows), rows, "{line}: {}", self.up);
            assert_eq!(database.query("PRAGMA foreign_key_check"), [""; 0]);
        }
        project
    }
}

#[test]
fn constraints_keep_their_names_and_their_lack_of_one() {
    Change {
        before: "CREATE TABLE member (\n  id INTEGER PRIMARY KEY,\n  years INTEGER, -- of age\n  \
                 \"Nick Name\" TEXT COLLATE NOCASE,\n  CONSTRAINT years_positive CHECK (years > 0),\n  \
                 CHECK (length(\"Nick Name\") < 40),\n  \
                 CONSTRAINT \"UQ_Member_Nick\" UNIQUE (\"Nick Name\")\n);\n\
                 INSERT INTO member VALUES (1, 30, 'Ann'), (7, 41, 'Bob');",
        up: "ALTER TABLE member ALTER COLUMN years SET NOT NULL;",
        down: "ALTER TABLE member ALTER COLUMN years DROP NOT NULL;",
        rebuilt: &["member"],
        after: &["CREATE TABLE member (\n  id INTEGER PRIMARY KEY,\n  \
                  years INTEGER NOT NULL, -- of age\n  \"Nick Name\" TEXT COLLATE NOCASE,\n  \
                  CONSTRAINT years_positive CHECK (years > 0),\n  \
                  CHECK (length(\"Nick Name\") < 40),\n  \
                  CONSTRAINT \"UQ_Member_Nick\" UNIQUE (\"Nick Name\")\n)"],
        rows: "SELECT rowid || ' ' || years || ' ' || \"Nick Name\" FROM member ORDER BY id",
    }
    .check();
}

/// Databases that are older than the names of an application have the same constraint without one.
#[test]
fn one_revision_drops_a_unique_with_a_name_and_one_without() {
    let run = "CREATE TABLE run (id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job (id) \
               ON DELETE CASCADE)";
    let plain = "source TEXT UNIQUE NOT NULL, name TEXT, UNIQUE (name, source)";
    let named = "source TEXT NOT NULL, name TEXT, CONSTRAINT uq_job_source UNIQUE (source), \
                 UNIQUE (name, source)";
    for (columns, down) in [
        (
            plain,
            "ALTER TABLE job ALTER source SET NOT NULL, ADD UNIQUE (source);",
        ),
        (
            named,
            "ALTER TABLE job ADD CONSTRAINT uq_job_source UNIQUE (source), ALTER source SET NOT NULL;",
        ),
    ] {
        let project = Project::with_crate("shop");
        let before = format!(
            "CREATE TABLE job (id INTEGER PRIMARY KEY, {columns}); {run};
             INSERT INTO job VALUES (1, 'git', 'a'), (2, 'pip', 'a');
             INSERT INTO run VALUES (10, 1), (11, 2);"
        );
        project.add(revision("aa01").upgrade(before));
        let up = "ALTER TABLE job ALTER source DROP NOT NULL, DROP UNIQUE (source);";
        project.add(revision("bb02").revises("aa01").upgrade(up).downgrade(down));
        project.run("upgrade").success();
        let database = project.database("shop.db");
        let after = "SELECT sql FROM sqlite_schema WHERE name IN ('job', 'run') ORDER BY name";
        let job = "CREATE TABLE job (id INTEGER PRIMARY KEY, source TEXT, name TEXT, \
                   UNIQUE (name, source))";
        assert_eq!(database.query(after), [job, run]);
        let runs = "SELECT id || ' ' || job_id FROM run ORDER BY id";
        assert_eq!(database.query(runs), ["10 1", "11 2"]);
        // The way down needs what the constraint needs.
        database.execute("INSERT INTO job VALUES (3, 'git', 'b'), (4, 'pip', 'b')");
        let outcome = project.run("downgrade -1");
        assert_eq!(outcome.status, 8, "{outcome}");
        for text in ["error[unfit-rows]", "4 rows with the same values in source"] {
            assert!(outcome.stderr.contains(text), "{outcome}");
        }
        assert_eq!(database.query(after), [job, run]);
        assert_eq!(database.versions(), ["bb02"]);
        database.execute("DELETE FROM job WHERE id > 2");
        project.run("downgrade -1").success();
        assert_eq!(database.query(runs), ["10 1", "11 2"]);
        let unique = "SELECT count(*) FROM pragma_index_list('job') l \
                      WHERE (SELECT group_concat(name) FROM pragma_index_info(l.name)) = 'source'";
        assert_eq!(database.query(unique), ["1"]);
        project.run("upgrade").success();
        assert_eq!(database.query(after), [job, run]);
    }
}

#[test]
fn a_table_is_renamed_with_or_without_the_names_of_its_constraints() {
    let before = "CREATE TABLE old_box (id INTEGER NOT NULL, n INTEGER, \
                  CONSTRAINT pk_old_box PRIMARY KEY (id), CONSTRAINT ck_old_box_n CHECK (n > 0));\n\
                  CREATE INDEX ix_old_box_n ON old_box (n);\n\
                  CREATE TABLE part (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES old_box (id) \
                  ON DELETE CASCADE);\n\
                  INSERT INTO old_box VALUES (5, 1), (9, 2);\nINSERT INTO part VALUES (1, 5), (2, 9);";
    let part = "CREATE TABLE part (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES \"box\" (id) \
                ON DELETE CASCADE)";
    let rows = "SELECT id || ' ' || box_id FROM part ORDER BY id";
    Change {
        before,
        up: "ALTER TABLE old_box RENAME TO box;",
        down: "ALTER TABLE box RENAME TO old_box;",
        rebuilt: &[],
        after: &[
            "CREATE TABLE \"box\" (id INTEGER NOT NULL, n INTEGER, \
             CONSTRAINT pk_old_box PRIMARY KEY (id), CONSTRAINT ck_old_box_n CHECK (n > 0))",
            "CREATE INDEX ix_old_box_n ON \"box\" (n)",
            part,
        ],
        rows,
    }
    .check();
    Change {
        before,
        up: "ALTER TABLE old_box RENAME TO box;\n\
             ALTER TABLE box RENAME CONSTRAINT pk_old_box TO pk_box;\n\
             ALTER TABLE box RENAME CONSTRAINT ck_old_box_n TO ck_box_n;\n\
             DROP INDEX ix_old_box_n;\nCREATE INDEX ix_box_n ON box (n);",
        down: "DROP INDEX ix_box_n;\nCREATE INDEX ix_old_box_n ON box (n);\n\
               ALTER TABLE box RENAME CONSTRAINT ck_box_n TO ck_old_box_n;\n\
               ALTER TABLE box RENAME CONSTRAINT pk_box TO pk_old_box;\n\
               ALTER TABLE box RENAME TO old_box;",
        rebuilt: &["box"],
        after: &[
            "CREATE TABLE \"box\" (id INTEGER NOT NULL, n INTEGER, \
             CONSTRAINT pk_box PRIMARY KEY (id), CONSTRAINT ck_box_n CHECK (n > 0))",
            "CREATE INDEX ix_box_n ON box (n)",
            part,
        ],
        rows,
    }
    .check();
}
