//! Revisions that are done in part, because a statement outside of transactions failed or nobody
//! knows how it ended.

use std::time::Duration;

use alembic_migrate::history::RevisionId;
use alembic_migrate::options::{Interruption, Purge};
use alembic_migrate::{DatabaseState, Dialect, Migrations};

use crate::Command::{self, Ensure};
use crate::answer::{failure, state};
use crate::revisions::chain;
use crate::subject::open;
use crate::{Database, Handle, Subject};

const FIRST: &str = "-- alembic: upgrade\nCREATE TABLE a (x int);\n\
                     -- alembic: downgrade\nDROP TABLE a;";

const LAST: &str = "-- alembic: upgrade\nCREATE TABLE b (x int);\n\
                    -- alembic: downgrade\nDROP TABLE b;";

/// What the second revision does, one statement after the other.
const SECOND: [&str; 4] = [
    "INSERT INTO a VALUES (1)",
    "INSERT INTO a VALUES (2)",
    "INSERT INTO a VALUES (3)",
    "INSERT INTO a VALUES (4)",
];

/// What undoes it.
const BACK: [&str; 2] = ["DELETE FROM a WHERE x > 2", "DELETE FROM a WHERE x < 3"];

/// Three revisions, the second with two statements outside of transactions each way.
fn migrations<S: Subject>(up: &[&str], back: &[&str]) -> Migrations {
    let second = format!(
        "-- alembic: upgrade\n{};\n-- alembic: upgrade no-transaction\n{};\n\
         -- alembic: upgrade\n{};\n-- alembic: downgrade no-transaction\n{};",
        up[0],
        up[1..up.len() - 1].join(";\n"),
        up[up.len() - 1],
        back.join(";\n"),
    );
    chain(S::Database::DIALECT, &[FIRST, &second, LAST]).lock_timeout(Duration::from_millis(50))
}

fn whole<S: Subject>() -> Migrations {
    migrations::<S>(&SECOND, &BACK)
}

/// A database in which the third statement has failed.
fn stopped<S: Subject>() -> S::Database {
    let scratch = S::Database::new("");
    let mut up = SECOND;
    up[2] = "INSERT INTO nowhere VALUES (3)";
    let error = open::<S>(&scratch)
        .upgrade(&migrations::<S>(&up, &BACK), "heads")
        .unwrap_err();
    assert_eq!(*state(&error), partial(&["r1"]), "{error}");
    assert_eq!(found(&scratch), "1 2");
    scratch
}

/// A database in which nobody knows about the third statement.
fn interrupted<S: Subject>() -> S::Database {
    let scratch = stopped::<S>();
    scratch.execute("UPDATE alembic_version_progress SET begun = 3");
    scratch
}

/// What is said where these revisions were done by the same run.
fn partial(done: &[&str]) -> DatabaseState {
    let id = |id: &&str| RevisionId::new(*id).unwrap();
    DatabaseState::Unfinished {
        done: done.iter().map(id).collect(),
        revision: id(&"r2"),
        statements: 2,
        uncertain: false,
    }
}

fn found(scratch: &impl Database) -> String {
    let rows = scratch.rows("SELECT x FROM a ORDER BY x");
    rows.trim().replace('\n', " ")
}

/// What is there after an undisturbed upgrade.
fn undisturbed<S: Subject>() -> String {
    let scratch = S::Database::new("");
    open::<S>(&scratch).upgrade(&whole::<S>(), "heads").unwrap();
    scratch.dump()
}

const UPGRADE: Command = Command::Upgrade("heads");
const STEP: Command = Command::Upgrade("+1");
const STAY: Command = Command::Upgrade("r1");
const BASE: Command = Command::Downgrade("base");
const REVERT: Command = Command::Revert("r1");

pub fn the_next_run_goes_on<S: Subject>() {
    let undisturbed = undisturbed::<S>();
    for commands in [&[UPGRADE][..], &[Ensure], &[STEP, STEP]] {
        let scratch = stopped::<S>();
        for command in commands {
            command
                .run(&whole::<S>(), &mut open::<S>(&scratch))
                .unwrap();
        }
        assert_eq!(found(&scratch), "1 2 3 4");
        assert_eq!(scratch.dump(), undisturbed);
    }
    // What comes after is nobody's business before it has run.
    let scratch = stopped::<S>();
    let mut up = SECOND;
    up[2] = "INSERT INTO a VALUES (33)";
    UPGRADE
        .run(&migrations::<S>(&up, &BACK), &mut open::<S>(&scratch))
        .unwrap();
    assert_eq!(found(&scratch), "1 2 4 33");
}

pub fn what_is_done_may_not_change<S: Subject>() {
    let first = ["INSERT INTO a VALUES (7)", SECOND[1], SECOND[2], SECOND[3]];
    let second = [SECOND[0], "INSERT INTO a VALUES (7)", SECOND[2], SECOND[3]];
    let between = [SECOND[0], SECOND[2], SECOND[1], SECOND[3]];
    let scratch = stopped::<S>();
    let before = scratch.dump();
    for up in [&first[..], &second, &between] {
        for command in [UPGRADE, Ensure, STEP] {
            let error = command.run(&migrations::<S>(up, &BACK), &mut open::<S>(&scratch));
            let error = error.unwrap_err();
            assert_eq!(
                failure(&error),
                "the first 2 statements of revision r2 are done, and have been changed since"
            );
            assert_eq!(scratch.dump(), before);
        }
    }
}

pub fn nothing_else_is_done_before<S: Subject>() {
    let scratch = stopped::<S>();
    let before = scratch.dump();
    for command in [STAY, BASE, REVERT] {
        let error = command
            .run(&whole::<S>(), &mut open::<S>(&scratch))
            .unwrap_err();
        assert_eq!(
            failure(&error),
            "the upgrade of revision r2 is unfinished: 2 of its statements are done"
        );
        assert_eq!(scratch.dump(), before);
    }
    let mut database = open::<S>(&scratch);
    assert_eq!(database.current(&whole::<S>()).unwrap(), ["r1"]);
    assert_eq!(database.status(&whole::<S>()).unwrap().pending.len(), 2);
    assert_eq!(scratch.dump(), before);
}

pub fn a_stamp_says_what_is_done<S: Subject>() {
    for (target, purge, more, expected) in [
        ("r1", Purge::No, 2, "1 1 2 2 3 4"),
        ("r2", Purge::No, 1, "1 2"),
        ("r2", Purge::Yes, 1, "1 2"),
    ] {
        let scratch = stopped::<S>();
        let mut database = open::<S>(&scratch);
        database.stamp(&whole::<S>(), &[target], purge).unwrap();
        assert!(!scratch.dump().contains("progress"), "{target}");
        let report = database.upgrade(&whole::<S>(), "heads").unwrap();
        assert_eq!(report.steps.len(), more, "{target}");
        assert_eq!(found(&scratch), expected, "{target}");
    }
}

pub fn a_statement_that_may_have_happened_is_for_the_user_to_decide<S: Subject>() {
    let undisturbed = undisturbed::<S>();
    let scratch = interrupted::<S>();
    let before = scratch.dump();
    for command in [UPGRADE, Ensure, STEP] {
        let error = command
            .run(&whole::<S>(), &mut open::<S>(&scratch))
            .unwrap_err();
        let message = failure(&error);
        assert!(
            message.starts_with("statement 3 of revision r2 was begun at 2"),
            "{message}"
        );
        let end = " and may have taken effect: INSERT INTO a VALUES (3)";
        assert!(message.ends_with(end), "{message}");
        assert_eq!(scratch.dump(), before);
    }
    for (policy, expected) in [
        (Interruption::Again, "1 2 3 4"),
        (Interruption::Skip, "1 2 4"),
    ] {
        for command in [UPGRADE, Ensure] {
            let scratch = interrupted::<S>();
            command
                .run(&whole::<S>().interruption(policy), &mut open::<S>(&scratch))
                .unwrap();
            assert_eq!(found(&scratch), expected);
            if policy == Interruption::Again {
                assert_eq!(scratch.dump(), undisturbed);
            }
            assert!(!scratch.dump().contains("progress"));
        }
    }
    // Again, and it fails once more.
    let mut up = SECOND;
    up[2] = "INSERT INTO nowhere VALUES (3)";
    let again = migrations::<S>(&up, &BACK).interruption(Interruption::Again);
    let error = open::<S>(&scratch).upgrade(&again, "heads").unwrap_err();
    assert_eq!(*state(&error), partial(&[]), "{error}");
    UPGRADE
        .run(&whole::<S>(), &mut open::<S>(&scratch))
        .unwrap();
    assert_eq!(scratch.dump(), undisturbed);
}

pub fn a_downgrade_goes_on_as_an_upgrade_does<S: Subject>() {
    let scratch = S::Database::new("");
    let mut database = open::<S>(&scratch);
    database.upgrade(&whole::<S>(), "r2").unwrap();
    let fails = ["DELETE FROM a WHERE x > 2", "DELETE FROM nowhere"];
    let error = BASE
        .run(&migrations::<S>(&SECOND, &fails), &mut database)
        .unwrap_err();
    assert_eq!(
        state(&error).to_string(),
        "revision r2 is unfinished: its first statement is done, \
             and the next run continues with statement 2"
    );
    assert_eq!(found(&scratch), "1 2");
    let before = scratch.dump();
    for command in [UPGRADE, Ensure, STEP] {
        let error = command.run(&whole::<S>(), &mut database).unwrap_err();
        assert_eq!(
            failure(&error),
            "the downgrade of revision r2 is unfinished: 1 of its statements is done"
        );
        assert_eq!(scratch.dump(), before);
    }
    database.downgrade(&whole::<S>(), "-1").unwrap();
    assert_eq!(found(&scratch), "");
    assert!(!scratch.dump().contains("progress"));
    UPGRADE.run(&whole::<S>(), &mut database).unwrap();
    assert_eq!(found(&scratch), "1 2 3 4");
}

/// A statement that fails can have done something all the same, where no transaction undoes it.
pub fn what_fails_after_it_has_done_something_may_have_happened<S: Subject>() {
    let commits = "INSERT INTO a VALUES (1); COMMIT; PERFORM 1 / 0;";
    let procedure = format!("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN {commits} END $$");
    let guard = "CREATE TRIGGER t BEFORE INSERT ON a WHEN NEW.x = 2 \
                 BEGIN SELECT RAISE(FAIL, 'no'); END";
    let rows = "INSERT INTO a VALUES (1), (2)".to_owned();
    let cases = match S::Database::DIALECT {
        Dialect::Sqlite => [
            (guard.to_owned(), rows.clone()),
            (
                "CREATE UNIQUE INDEX i ON a (x)".to_owned(),
                "INSERT OR FAIL INTO a VALUES (1), (1)".to_owned(),
            ),
        ],
        Dialect::Postgres => [
            (procedure.clone(), "CALL p()".to_owned()),
            (
                "SELECT 1".to_owned(),
                format!("DO $$ BEGIN {commits} END $$"),
            ),
        ],
    };
    for (before, statement) in cases {
        let first = format!("-- alembic: upgrade\nCREATE TABLE a (x int);\n{before};");
        let second = format!("-- alembic: upgrade no-transaction\n{statement};");
        let migrations = chain(S::Database::DIALECT, &[&first, &second]);
        let migrations = migrations.lock_timeout(Duration::from_millis(50));
        let scratch = S::Database::new("");
        let mut database = open::<S>(&scratch);
        let error = database.upgrade(&migrations, "heads").unwrap_err();
        assert_eq!(
            state(&error).to_string(),
            "these revisions are committed: r1; revision r2 is unfinished: \
                 statement 1 may have taken effect",
            "{error}"
        );
        assert_eq!(found(&scratch), "1", "{statement}");
        for _ in 0..2 {
            let error = database.upgrade(&migrations, "heads").unwrap_err();
            let message = error.to_string();
            assert!(message.contains(" may have taken effect: "), "{message}");
        }
        let done = migrations.interruption(Interruption::Skip);
        database.upgrade(&done, "heads").unwrap();
        assert_eq!(database.current(&done).unwrap(), ["r2"]);
        assert_eq!(found(&scratch), "1", "{statement}");
    }
}

pub fn what_is_unfinished_is_told<S: Subject>() {
    let migrations = whole::<S>();
    for (scratch, begun) in [(stopped::<S>(), None), (interrupted::<S>(), Some(3))] {
        let mut database = open::<S>(&scratch);
        let found = database.status(&migrations).unwrap().unfinished.unwrap();
        assert_eq!(
            (found.revision.as_str(), found.direction.as_str()),
            ("r2", "upgrade")
        );
        assert_eq!((found.statements, found.begun), (2, begun));
        assert_eq!(found.since.len(), "2026-01-02 03:04:05".len());
        let how = match begun {
            None => format!("it stopped after statement 2 at {} UTC", found.since),
            Some(_) => format!(
                "statement 3 was begun at {} UTC and may have taken effect",
                found.since
            ),
        };
        assert_eq!(
            found.to_string(),
            format!("the upgrade of revision r2 is unfinished: {how}")
        );
        let again = migrations.clone().interruption(Interruption::Again);
        database.upgrade(&again, "heads").unwrap();
        assert_eq!(database.status(&migrations).unwrap().unfinished, None);
    }
    let empty = S::Database::new("");
    let status = open::<S>(&empty).status(&migrations).unwrap();
    assert_eq!(status.unfinished, None);
}
