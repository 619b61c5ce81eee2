//! Changes of tables on SQLite, and `--dry-run`.

use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::bad_input::check_in;
use crate::offline::shells::{dump, sqlite};
use crate::on_both;

const TABLES: &str = "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE item (
    id INTEGER PRIMARY KEY, -- counts by itself
    code TEXT NOT NULL, /* as printed */
    price NUMERIC,
    owner_id INTEGER REFERENCES owner (id) ON DELETE CASCADE,
    maker INTEGER,
    CHECK (price >= 0),
    CONSTRAINT item_code UNIQUE (code, owner_id)
);
CREATE INDEX item_price ON item (price) WHERE price > 100;
CREATE VIEW dear AS SELECT id, price FROM item WHERE price > 100;
CREATE TRIGGER item_updated AFTER UPDATE OF price ON item BEGIN SELECT 1; END;
INSERT INTO owner VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO item VALUES (1, '007', 5, 1, 1), (2, '12', NULL, 2, 2), (3, '12abc', 500, NULL, NULL),
    (4, '12', 5, 1, 9);
";

fn shop(upgrade: &str) -> Project {
    let project = Project::with_crate("shop");
    project.add(revision("aa01").upgrade(TABLES));
    project.add(revision("bb02").revises("aa01").upgrade(upgrade));
    project
}

#[test]
fn what_is_in_the_way_is_told_and_nothing_is_changed() {
    let rows = [
        (
            "ALTER TABLE item ALTER price SET NOT NULL",
            "error[unfit-rows] | 1 row with NULL in price: id = 2 | statement 1 of revision bb02 | \
             as it was before | UPDATE",
        ),
        (
            "ALTER TABLE item ADD UNIQUE (price)",
            "error[unfit-rows] | 2 rows with the same values in price: id = 1: price = 5; id = 4: price = 5",
        ),
        (
            "ALTER TABLE item ADD CONSTRAINT low CHECK (price < 100)",
            "error[unfit-rows] | 1 row for which CHECK (price < 100) fails: id = 3",
        ),
        (
            "ALTER TABLE item ADD FOREIGN KEY (maker) REFERENCES owner (id)",
            "error[unfit-rows] | 1 row whose maker refers to no row of owner: id = 4",
        ),
        (
            "ALTER TABLE item ALTER code TYPE INTEGER",
            "error[unfit-rows] | 2 rows whose code would be another value as INTEGER: id = 1 | '007' | \
             '12abc' | USING",
        ),
        (
            "ALTER TABLE item ALTER id TYPE BIGINT",
            "error[unalterable-table] | numbers the rows of `item` | `upgrade postgres`",
        ),
        (
            "ALTER TABLE item DROP COLUMN price",
            "error[unalterable-table] | needed by | trigger `item_updated`",
        ),
        (
            "ALTER TABLE owner DROP COLUMN id",
            "error[unalterable-table] | the foreign key `item` (owner_id)",
        ),
        (
            "ALTER TABLE item DROP CONSTRAINT nosuch",
            "error[unalterable-table] | no constraint `nosuch` | item_pkey | item_code | \
             item_owner_id_fkey | item_price_check | DROP UNIQUE (columns)",
        ),
        (
            "ALTER TABLE item DROP COLUMN code CASCADE",
            "error[unalterable-table] | CASCADE",
        ),
        (
            "DROP TABLE item CASCADE",
            "error[migration-failed] | SQLite has no CASCADE",
        ),
        (
            "ALTER TABLE dear ALTER price SET NOT NULL",
            "error[unalterable-table] | `dear` is a view",
        ),
        (
            "ALTER TABLE item ADD COLUMN at TEXT NOT NULL, ALTER nosuch DROP DEFAULT",
            "error[unalterable-table] | no column `nosuch`",
        ),
        (
            "ALTER TABLE item ADD COLUMN at TEXT NOT NULL",
            "error[unfit-rows] | 4 rows with NULL in at",
        ),
        ("DROP TABLE owner", "error[dangling-rows]"),
        (
            "CREATE TABLE log (item_id INTEGER REFERENCES items (id))",
            "error[broken-object] | the foreign key log (item_id) refers to a table items that does not \
             exist | create what is missing",
        ),
        (
            "CREATE TABLE other (a); DROP VIEW dear; CREATE VIEW dear AS SELECT prize FROM item",
            "error[broken-object] | the view `dear` does not compile: no such column: prize",
        ),
    ];
    for (sql, stderr) in rows {
        let project = shop(sql);
        project.run("upgrade aa01").success();
        check_in(&project, sql, "upgrade", 8, stderr);
    }
    let project = shop("");
    project.run("upgrade aa01").success();
    project.write(
        "migrations/bb02.sql",
        "-- B\n--\n-- Revision ID: bb02\n-- Revises: aa01\n\n-- alembic: upgrade no-transaction\n\
         ALTER TABLE item ALTER price DROP DEFAULT;\n",
    );
    let stderr = "error[migration-failed] | needs a transaction | as it was before";
    check_in(&project, "outside of transactions", "upgrade", 8, stderr);
    let line = "upgrade --dry-run";
    check_in(
        &project,
        "a dry run",
        line,
        8,
        "error[not-taken-back] | bb02",
    );
}

/// What was broken before is in the way of names only.
#[test]
fn what_keeps_sqlite_from_renaming_is_named() {
    const BROKEN: &str = "CREATE TABLE away (a); CREATE TABLE log (a);
        CREATE VIEW lost AS SELECT a FROM away;
        CREATE TRIGGER logged AFTER INSERT ON log BEGIN INSERT INTO away VALUES (1); END;
        CREATE VIEW unknown AS SELECT nosuch(a) AS a FROM log;";
    let next = "SQLite compiles all views and triggers when it renames | create what is missing";
    for (broken, upgrade, stderr) in [
        (
            "DROP TRIGGER logged; DROP TABLE away",
            "ALTER TABLE item RENAME TO article",
            "error[broken-object] | error in view lost: no such table: main.away, since the view `lost` does \
             not compile: no such table: main.away | statement 1 of revision bb02 | as it was before",
        ),
        (
            "DROP TABLE away",
            "SELECT 1; ALTER TABLE item RENAME COLUMN price TO cost",
            "error[broken-object] | the view `lost` does not compile: no such table: main.away, and the \
             trigger `logged` does not compile: | statement 2 of revision bb02",
        ),
        (
            "DROP VIEW lost; DROP TABLE away",
            "ALTER TABLE item RENAME TO article",
            "error[broken-object] | the trigger `logged` does not compile: no such table: main.away",
        ),
    ] {
        let project = shop(upgrade);
        project.run("upgrade aa01").success();
        let broken = format!("{BROKEN}{broken};\n");
        sqlite(&project.path("shop.db"), &broken).success();
        check_in(
            &project,
            upgrade,
            "upgrade",
            8,
            &format!("{stderr} | {next}"),
        );
        check_in(&project, upgrade, "upgrade --dry-run", 8, stderr);
    }
    // It has nothing to do with others that fail, or succeed.
    for (upgrade, code) in [
        (
            "ALTER TABLE nosuch ADD COLUMN a",
            "error[migration-failed] | no such table: nosuch",
        ),
        (
            "ALTER TABLE item RENAME nosuch",
            "error[migration-failed] | incomplete input",
        ),
    ] {
        let project = shop(upgrade);
        project.run("upgrade aa01").success();
        let broken = format!("{BROKEN}DROP TABLE away;\n");
        sqlite(&project.path("shop.db"), &broken).success();
        check_in(&project, upgrade, "upgrade", 8, code);
    }
    let project =
        shop("ALTER TABLE item ADD COLUMN more; ALTER TABLE owner ALTER name SET NOT NULL");
    project.run("upgrade aa01").success();
    sqlite(
        &project.path("shop.db"),
        &format!("{BROKEN}DROP TABLE away;\n"),
    )
    .success();
    project.run("upgrade").success();
}

#[test]
fn a_dry_run_shows_what_a_run_does() {
    let project = shop(
        "ALTER TABLE item ALTER COLUMN price SET DEFAULT 1;
         ALTER TABLE item DROP CONSTRAINT item_price_check, ADD COLUMN at TEXT DEFAULT CURRENT_TIMESTAMP;
         DROP TRIGGER item_updated; DROP VIEW dear;
         DELETE FROM item WHERE id = 4;
         ALTER TABLE item DROP COLUMN price;
         DROP TABLE owner; UPDATE item SET owner_id = NULL;
         ALTER TABLE item DROP FOREIGN KEY (owner_id)",
    );
    project.run("upgrade aa01").success();
    let before = dump(&project.path("shop.db"));
    assert_snapshot!(project.transcript(&["upgrade --dry-run", "current"]));
    assert_eq!(dump(&project.path("shop.db")), before);
    project.run("upgrade").success();
}

#[test]
fn a_dry_run_changes_nothing() {
    on_both(|dialect| {
        let project = crate::chain().on(dialect);
        project.run("upgrade --dry-run").success();
        assert_eq!(project.run("current").stdout, "");
        project.run("upgrade").success();
        project.run("downgrade --dry-run base").success();
        let stdout = project.run("current").stdout;
        assert!(stdout.contains("(head)"), "{stdout}");
    });
}

/// A database that is not as the revisions make it would lose what they do not know.
#[test]
fn a_script_changes_the_table_that_it_was_written_for_and_no_other() {
    let project = shop(
        "DELETE FROM item WHERE id = 4;
         ALTER TABLE item ALTER code TYPE VARCHAR(20), ALTER price SET DEFAULT 0;
         ALTER TABLE item ADD CONSTRAINT positive CHECK (id > 0);",
    );
    let script = project.run("upgrade --sql aa01:head").success().stdout;
    let (online, scripted) = (project.path("online.db"), project.path("scripted.db"));
    for path in [&online, &scripted] {
        let url = format!("sqlite://{}", path.display());
        project.run(&format!("upgrade aa01 --url {url}")).success();
    }
    project
        .run(&format!("upgrade --url sqlite://{}", online.display()))
        .success();
    for more in [
        "ALTER TABLE item ADD COLUMN more TEXT",
        "CREATE INDEX more ON item (code)",
        "CREATE TRIGGER more AFTER DELETE ON item BEGIN SELECT 1; END",
    ] {
        let other = project.path("other.db");
        std::fs::copy(&scripted, &other).unwrap();
        sqlite(&other, &format!("{more};\n")).success();
        let before = dump(&other);
        sqlite(&other, &script).failure("the table item is not as the revisions make it");
        assert_eq!(dump(&other), before, "{more}");
    }
    sqlite(&scripted, &script).success();
    assert_eq!(dump(&scripted), dump(&online));
}

/// They would be committed without a word.
#[test]
fn no_script_is_written_that_leaves_broken_objects() {
    let rebuild = "ALTER TABLE item ALTER price SET DEFAULT 0";
    for (sql, stderr) in [
        (
            "CREATE VIEW late AS SELECT nosuch FROM item",
            "error[broken-object] | the view `late` does not compile: no such column: nosuch",
        ),
        (
            "ALTER TABLE owner RENAME TO person; CREATE TABLE log (x REFERENCES owner)",
            "error[broken-object] | the foreign key log (x) refers to a table owner that does not exist",
        ),
    ] {
        let project = shop(&format!("{rebuild};\n{sql};"));
        check_in(&project, sql, "upgrade --sql", 8, stderr);
    }
    // What was broken below the start is not the script's, and functions may be the application's.
    let project = shop(rebuild);
    project.replace(
        "migrations/aa01.sql",
        "CREATE TABLE owner",
        "CREATE VIEW early AS SELECT x FROM y;\nCREATE TABLE owner",
    );
    project.run("upgrade --sql aa01:head").success();
    let project = shop(&format!(
        "{rebuild};\nCREATE VIEW v AS SELECT mine(code) AS m FROM item;"
    ));
    project.run("upgrade --sql").success();
}
