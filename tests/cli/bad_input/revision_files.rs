//! Revision files, and the graph that they declare.

use alembic_tests::{graph, revision};

use super::{CC03, Row, row, third, upgrade};

pub(super) fn headers() -> Vec<Row> {
    let file = |what, stderr, text: String| row(what, "upgrade", 5, stderr).file(CC03, text);
    vec![
        file(
            "an empty file",
            "error[empty-file]: the file is empty | cc03.sql:1:1 | delete the file",
            String::new(),
        ),
        file(
            "a merge conflict in the header",
            "error[merge-conflict]: unresolved merge conflict | cc03.sql:3:1 | keep one of the two sides",
            third(|text| {
                text.replace(
                    "-- Revision ID: cc03\n",
                    "<<<<<<< HEAD\n-- Revision ID: cc03\n=======\n-- Revision ID: dd04\n>>>>>>> other\n",
                )
            }),
        ),
        file(
            "a merge conflict in the SQL, with the line endings of Windows",
            "error[merge-conflict]: unresolved merge conflict | cc03.sql:8:1",
            upgrade("<<<<<<< HEAD\nSELECT 1;\n||||||| 1a2b3c\n=======\nSELECT 2;\n>>>>>>> other")
                .replace('\n', "\r\n"),
        ),
        row(
            "a file that is not UTF-8",
            "upgrade",
            5,
            "error[not-utf8] | cc03.sql:12:1 | save the file as UTF-8",
        )
        .file(CC03, [upgrade("SELECT '").as_bytes(), b"\xff'"].concat()),
        file(
            "no id",
            "error[missing-key]: the header has no `Revision ID` | cc03.sql:1:1",
            third(|text| text.replace("-- Revision ID: cc03\n", "")),
        ),
        file(
            "no parent",
            "error[missing-key]: the header has no `Revises` | for a first revision",
            third(|text| text.replace("-- Revises: bb02\n", "")),
        ),
        file(
            "a key twice",
            "error[duplicate-key]: the header has `Revises` twice | cc03.sql:5:4",
            third(|text| text.replace("-- Revises", "-- Revises: aa01\n-- Revises")),
        ),
        file(
            "a misspelt key",
            "error[unknown-key]: unknown key `Revsies` | cc03.sql:4:4 | `Revises`?",
            third(|text| text.replace("Revises", "Revsies")),
        ),
        file(
            "a key below the header",
            "error[key-outside-header]: the key `Depends On` is outside the header | cc03.sql:7:4 | move the line up",
            third(|text| {
                text.replace(
                    "\n\n-- alembic: upgrade",
                    "\n\n-- Depends On: aa01\n\n-- alembic: upgrade",
                )
            }),
        ),
        file(
            "an id with a character that is not seen",
            "error[invalid-id]: invalid revision id 'cc\\u{202e}03' | cc03.sql:3:17 | invisible",
            third(|text| text.replace("ID: cc03", "ID: cc\u{202e}03")),
        ),
        file(
            "an id with a forbidden character",
            "error[invalid-id]: invalid revision id 'cc-03' | cc03.sql:3:17 | @ + - :",
            third(|text| text.replace("ID: cc03", "ID: cc-03")),
        ),
        file(
            "an id that is a word of expressions",
            "error[invalid-id]: invalid revision id 'heads' | cc03.sql:3:17",
            third(|text| text.replace("ID: cc03", "ID: heads")),
        ),
        file(
            "an empty id",
            "error[invalid-id] | cc03.sql:3:4",
            third(|text| text.replace("ID: cc03", "ID:")),
        ),
        file(
            "a label with a forbidden character",
            "error[invalid-label]: invalid branch label 'a@b' | cc03.sql:6:25",
            revision("cc03")
                .revises("bb02")
                .labels("good, a@b")
                .to_string(),
        ),
    ]
}

pub(super) fn sections() -> Vec<Row> {
    let file = |what, stderr, text: String| row(what, "upgrade", 5, stderr).file(CC03, text);
    let upgrade_heading = "-- alembic: upgrade";
    let heading = |heading: &str| third(|text| text.replace(upgrade_heading, heading));
    vec![
        file(
            "SQL before the first section",
            "error[outside-section] | cc03.sql:6:1 | below a line `-- alembic: upgrade`",
            third(|text| {
                text.replace(
                    "\n\n-- alembic: upgrade",
                    "\nSELECT 1;\n-- alembic: upgrade",
                )
            }),
        ),
        file(
            "no upgrade section",
            "error[no-upgrade]: no upgrade section | add a line `-- alembic: upgrade`",
            third(|text| text.replace("-- alembic: upgrade\nSELECT 1;", "")),
        ),
        file(
            "a misspelt heading",
            "error[misspelt-heading] | cc03.sql:7:1 | begin the line with",
            heading("-- almebic: upgrade"),
        ),
        file(
            "a heading without its space",
            "error[misspelt-heading] | cc03.sql:7:1",
            heading("--alembic: upgrade"),
        ),
        file(
            "an unknown section",
            "error[unknown-section]: unknown section `upgarde` | 7:13 | mean `upgrade`?",
            heading("-- alembic: upgarde"),
        ),
        file(
            "a section without a name",
            "error[unknown-section]: the heading names no section | cc03.sql:7:1",
            heading("-- alembic:"),
        ),
        file(
            "an unknown flag",
            "error[unknown-flag]: unknown flag `no-transactoin` | 7:21 | `no-transaction`?",
            heading("-- alembic: upgrade no-transactoin"),
        ),
        file(
            "an unknown dialect",
            "error[unknown-flag]: unknown flag `mysql` | cc03.sql:7:21",
            heading("-- alembic: upgrade mysql"),
        ),
        file(
            "SQL below `empty`",
            "error[sql-in-empty] | cc03.sql:8:1 | remove the SQL",
            heading("-- alembic: upgrade empty"),
        ),
        file(
            "nothing outside of transactions",
            "error[empty-no-transaction] | cc03.sql:7:1 | remove the heading",
            heading("-- alembic: upgrade no-transaction\n\n-- alembic: upgrade"),
        ),
        file(
            "an irreversible upgrade",
            "error[irreversible-upgrade] | cc03.sql:7:1 | below the upgrade",
            heading("-- alembic: upgrade irreversible: data is lost"),
        ),
        file(
            "irreversible without a reason",
            "error[no-reason] | cc03.sql:10:1 | say why",
            third(|text| text.replace("downgrade", "downgrade irreversible:")),
        ),
        file(
            "SQL below irreversible",
            "error[sql-in-irreversible] | cc03.sql:11:1 | remove the SQL",
            third(|text| {
                text.replace(
                    "downgrade\n",
                    "downgrade irreversible: so it is\nSELECT 1;\n",
                )
            }),
        ),
        file(
            "a string that never ends",
            "error[unsplittable-sql]: string literal is never closed | cc03.sql:9:8",
            upgrade("SELECT 1;\nSELECT 'it;"),
        ),
        file(
            "a quoted name that never ends",
            "error[unsplittable-sql]: quoted identifier is never closed | cc03.sql:8:8",
            upgrade("SELECT \"it;"),
        ),
        file(
            "a comment that never ends",
            "error[unsplittable-sql]: block comment is never closed | cc03.sql:8:10",
            upgrade("SELECT 1 /* it;"),
        ),
        file(
            "a trigger that never ends",
            "error[unsplittable-sql]: body after `BEGIN` has no closing | cc03.sql:9:1",
            upgrade("CREATE TRIGGER t AFTER INSERT ON t_aa01\nBEGIN\n  SELECT 1;\n"),
        ),
        file(
            "a dollar quote that never ends",
            "error[unsplittable-sql]: dollar-quoted string is never closed | cc03.sql:9:7",
            heading("-- alembic: upgrade\n-- alembic: upgrade postgres\n  DO  $x$ BEGIN $$"),
        )
        .configure("dialects = [\"sqlite\", \"postgres\"]"),
        file(
            "a command of a shell",
            "error[unsplittable-sql]: command of a database shell | cc03.sql:8:1",
            upgrade(".read other.sql"),
        ),
        file(
            "a NUL character",
            "error[unsplittable-sql]: NUL character | cc03.sql:8:9",
            upgrade("SELECT 1\0;"),
        ),
        file(
            "a COMMIT",
            "error[transaction-control]: `COMMIT` would end | cc03.sql:9:1 | remove it",
            upgrade("SELECT 1;\nCOMMIT;\nSELECT 2;"),
        ),
        file(
            "a BEGIN",
            "error[transaction-control]: `BEGIN IMMEDIATE` would end | cc03.sql:8:1",
            upgrade("BEGIN IMMEDIATE;"),
        ),
        row(
            "a SAVEPOINT in a downgrade",
            "test",
            5,
            "error[transaction-control] | cc03.sql:12:1",
        )
        .file(CC03, third(|text| text + "SAVEPOINT x;")),
    ]
}

pub(super) fn graphs() -> Vec<Row> {
    fn add(what: &'static str, nodes: &'static str, stderr: &'static str) -> Row {
        row(what, "upgrade", 5, stderr).with(move |project| {
            project.add_to("migrations", graph(nodes));
        })
    }
    vec![
        row(
            "an id twice",
            "upgrade",
            5,
            "error[duplicate-id]: revision bb02 is present more than once | other.sql:3:17 | migrations/bb02.sql:3:17 | give one of the two a new id",
        )
        .file(
            "migrations/other.sql",
            revision("bb02").revises("aa01").to_string(),
        ),
        add(
            "a missing parent",
            "cc03<-zz99",
            "error[missing-parent]: revision cc03 follows zz99, which does not exist | migrations/cc03.sql:4:13",
        ),
        add(
            "a missing dependency",
            "cc03<-bb02 dep zz99",
            "error[missing-dependency] | depends on zz99 | migrations/cc03.sql:6:16",
        ),
        add(
            "a label twice",
            "cc03<-bb02 [x]; dd04<-bb02 [x]",
            "error[duplicate-label]: branch label 'x' in revision dd04 is already used | migrations/dd04.sql:6:19 | migrations/cc03.sql: | choose another label",
        ),
        add(
            "a label that is an id",
            "cc03<-bb02 [aa01]",
            "error[duplicate-label] | migrations/cc03.sql:6:19 | migrations/aa01.sql:",
        ),
        add(
            "a revision that follows itself",
            "cc03<-cc03",
            "error[self-loop]: revision cc03 follows itself | migrations/cc03.sql:4:13",
        ),
        add(
            "a revision that depends on itself",
            "cc03<-bb02 dep cc03",
            "error[dependency-self-loop] | migrations/cc03.sql:6:16",
        ),
        add(
            "a cycle",
            "cc03<-ee05; dd04<-cc03; ee05<-dd04",
            "error[cycle]: cycle in revisions cc03 -> ee05 -> dd04 | migrations/cc03.sql:4:13",
        ),
        add(
            "a cycle of dependencies",
            "cc03<-bb02 dep dd04; dd04<-bb02 dep cc03",
            "error[dependency-cycle] | cc03 | dd04 | migrations/cc03.sql:6:16",
        ),
    ]
}

pub(super) fn revision_files() -> Vec<Row> {
    vec![
        row(
            "a folder that does not exist",
            "upgrade",
            4,
            "error[unreadable-folder] | nowhere | cargo alembic init -p shop",
        )
        .configure("migrations = \"nowhere\""),
        row(
            "a file instead of a folder",
            "upgrade",
            4,
            "error[unreadable-folder] | Cargo.toml/versions",
        )
        .configure("migrations = \"Cargo.toml/versions\""),
        #[cfg(unix)]
        row(
            "a link that leads nowhere",
            "upgrade",
            5,
            "error[unreadable-file] | migrations/cc03.sql",
        )
        .with(|project| {
            std::os::unix::fs::symlink("nowhere.sql", project.path(CC03)).unwrap();
        }),
        // What cannot be read even by root, as which these tests may run.
        #[cfg(target_os = "linux")]
        row(
            "a file that cannot be read",
            "upgrade",
            5,
            "error[unreadable-file] | migrations/cc03.sql:1:1 | error[empty-file] | dd04.sql",
        )
        .file("migrations/dd04.sql", "")
        .with(|project| {
            std::os::unix::fs::symlink("/proc/self/mem", project.path(CC03)).unwrap();
        }),
        row(
            "files of Alembic",
            "heads",
            5,
            "error[python-revision]: the folder holds revisions of Python's Alembic | versions/a1.py:1:1 | with the same `Revision ID`",
        )
        .configure("migrations = \"alembic\"")
        .file("alembic/env.py", "from alembic import context\n")
        .file("alembic/versions/__init__.py", "")
        .file(
            "alembic/versions/a1.py",
            "revision = 'a1'\ndown_revision = None\n",
        ),
        row(
            "several broken files",
            "upgrade",
            5,
            "error[empty-file] | migrations/cc03.sql:1:1 | error[unsplittable-sql] | migrations/sub/dd04.sql:8:8 | error[misspelt-heading] | migrations/sub/dd04.sql:10:1 | error[self-loop] | migrations/ee05.sql:4:13",
        )
        .file(CC03, "")
        .file(
            "migrations/sub/dd04.sql",
            revision("dd04")
                .revises("bb02")
                .upgrade("SELECT 'it;")
                .to_string()
                .replace("-- alembic: downgrade", "-- alembic downgrade"),
        )
        .file(
            "migrations/ee05.sql",
            revision("ee05").revises("ee05").to_string(),
        ),
    ]
}
