//! What the log of a database says.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alembic_migrate::history::History;
use alembic_migrate::options::{Edited, Missing, Purge, TransactionMode};
use alembic_migrate::{Event, Migrations};

use crate::answer::failure;
use crate::revisions::file;
use crate::subject::{name, open};
use crate::{Command, Database, Handle, Subject};

/// What the log says, without what is different in every run.
pub const LOG: &str = "SELECT number, revision, direction, action, rows_after \
     FROM alembic_version_log ORDER BY number";

/// Checks that what the log says can have happened, and led to the rows of the version table.
#[track_caller]
pub fn check_log<D: Database>(database: &D, context: &str) {
    let log = database.log();
    let mut applied = BTreeSet::new();
    let mut rows = "";
    for (index, line) in log.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').collect();
        let [number, revision, direction, action, after] = cells[..] else {
            panic!("{context}: {line}");
        };
        assert_eq!(number, (index + 1).to_string(), "{context}: {log}");
        let is_possible = match direction {
            // What is known already may be told again.
            "upgrade" => applied.insert(revision) || action != "run",
            "downgrade" => applied.remove(revision),
            _ => false,
        };
        assert!(is_possible, "{context}, {line}: {log}");
        rows = after;
    }
    let versions = match log.is_empty() {
        true => String::new(),
        false => database.rows("SELECT version_num FROM alembic_version ORDER BY 1"),
    };
    let versions: Vec<&str> = versions.lines().collect();
    assert_eq!(rows, versions.join(","), "{context}: {log}");
}

/// Reads revisions, each with what it follows and its statements.
fn revisions<S: Subject>(revisions: &[(&str, &str, &str)]) -> Migrations {
    let files = revisions.iter().map(|(id, revises, sql)| {
        let text = format!(
            "-- Number {id}\n-- Revision ID: {id}\n-- Revises: {revises}\n\n\
             -- alembic: upgrade\n{sql}\n-- alembic: downgrade\nDROP TABLE t_{id};\n"
        );
        file(&format!("{id}.sql"), text)
    });
    Migrations::new(History::new(files, &[S::Database::DIALECT]).unwrap())
}

const A: (&str, &str, &str) = ("a", "", "CREATE TABLE t_a (x int);");
const B: (&str, &str, &str) = ("b", "a", "CREATE TABLE t_b (x int);");
const C: (&str, &str, &str) = ("c", "b", "CREATE TABLE t_c (x int);");

/// What lies below the version and never ran, what was edited, and what is no longer there, are found
/// before anything is changed, by all that relies on it.
pub fn what_ran_is_compared_with_the_files<S: Subject>() {
    let hidden = ("h", "a", "CREATE TABLE t_h (x int);");
    let after_hidden = ("b", "h", B.2);
    let other = ("b", "a", "CREATE TABLE t_b (x int, y int);");
    let same = ("b", "a", "CREATE  TABLE t_b -- as before\n( x int )");
    let closed = ("c", "a", C.2);
    let below = "revision h has never run on this database, but lies below its version";
    let edited = "revision b has been changed since this database applied it";
    let removed = "this database has applied revision b, which the files no longer have below its \
                   version";
    for (files, expected) in [
        (&[A, hidden, after_hidden, C][..], Some(below)),
        (
            &[A, hidden, after_hidden, C, ("d", "c", "SELECT 1;")],
            Some(below),
        ),
        (&[A, other, C], Some(edited)),
        (&[A, same, C], None),
        (&[A, closed], Some(removed)),
        (&[A, closed, ("b", "c", B.2)], Some(removed)),
    ] {
        let scratch = S::Database::new("");
        let mut handle = open::<S>(&scratch);
        let migrations = revisions::<S>(&[A, B, C]);
        handle.upgrade(&migrations, "heads").unwrap();
        let log = scratch.log();
        assert_eq!(
            log,
            "1|a|upgrade|run|a\n2|b|upgrade|run|b\n3|c|upgrade|run|c\n"
        );
        let (dump, trace) = (scratch.dump(), scratch.trace());
        let migrations = revisions::<S>(files);
        for command in [Command::Upgrade("heads"), Command::Ensure] {
            let context = format!("{}, {command:?}: {files:?}", name::<S>());
            let outcome = command.run(&migrations, &mut handle);
            let found = outcome.map(drop).map_err(|error| failure(&error));
            let expected = expected.map_or(Ok(()), |expected| Err(expected.to_owned()));
            assert_eq!(found, expected, "{context}");
            assert_eq!(scratch.dump(), dump, "{context}");
            assert_eq!(scratch.log(), log, "{context}");
        }
        let status = handle.status(&migrations).unwrap();
        let is_sound = expected.is_none() || expected == Some(edited);
        let is_last = !files
            .iter()
            .any(|(id, revises, _)| *id == "d" || *revises == "c");
        assert_eq!(status.is_current(), is_sound && is_last, "{files:?}");
        assert!(scratch.trace() == trace, "{files:?}");
    }
}

/// A hidden revision runs where that is asked for, and then it is one that ran.
pub fn what_is_missing_is_applied_below_the_rows<S: Subject>() {
    let scratch = S::Database::new("");
    let mut handle = open::<S>(&scratch);
    handle.upgrade(&revisions::<S>(&[A, B]), "heads").unwrap();
    let files = [
        A,
        ("h", "a", "CREATE TABLE t_h (x int);"),
        ("i", "h", "CREATE TABLE t_i (x int);"),
        ("b", "i", B.2),
        C,
    ];
    for mode in [TransactionMode::Revision, TransactionMode::Run] {
        let missing = revisions::<S>(&files)
            .missing(Missing::Apply)
            .transaction(mode);
        handle.upgrade(&missing, "heads").unwrap();
        assert_eq!(
            scratch.log(),
            "1|a|upgrade|run|a\n2|b|upgrade|run|b\n3|h|upgrade|run|b\n4|i|upgrade|run|b\n\
             5|b|upgrade|adopt|b\n6|c|upgrade|run|c\n"
        );
        let status = handle.status(&revisions::<S>(&files)).unwrap();
        assert!(status.is_current());
    }
    let other = S::Database::new("");
    let mut starting = open::<S>(&other);
    starting.upgrade(&revisions::<S>(&[A, B]), "heads").unwrap();
    let missing = revisions::<S>(&files[..4]).missing(Missing::Apply);
    starting.ensure(&missing).unwrap();
    assert!(
        other
            .log()
            .contains("|h|upgrade|run|b\n4|i|upgrade|run|b\n")
    );
    // What an upgrade refuses must not stop one that can run the rest.
    handle.downgrade(&revisions::<S>(&files), "base").unwrap();
    check_log(&scratch, "base");
    assert_eq!(scratch.rows("SELECT count(*) FROM alembic_version"), "0\n");
}

/// A database without a log, and one whose rows somebody else has moved, are taken as they are.
pub fn rows_that_somebody_else_moved_are_adopted<S: Subject>() {
    let scratch = S::Database::new("");
    let mut handle = open::<S>(&scratch);
    let without = revisions::<S>(&[A, B]).keep_log(false);
    handle.upgrade(&without, "heads").unwrap();
    assert_eq!(scratch.log(), "");
    let migrations = revisions::<S>(&[A, B, C]);
    handle.upgrade(&migrations, "heads").unwrap();
    let adopted = "1|a|upgrade|adopt|b\n2|b|upgrade|adopt|b\n3|c|upgrade|run|c\n";
    assert_eq!(scratch.log(), adopted);

    // Alembic goes down and up to another revision.
    scratch.execute("DROP TABLE t_c; CREATE TABLE t_d (x int)");
    scratch.execute("UPDATE alembic_version SET version_num = 'd'");
    let d = ("d", "b", "CREATE TABLE t_d (x int);");
    let e = ("e", "d", "CREATE TABLE t_e (x int);");
    let migrations = revisions::<S>(&[A, B, C, d]);
    assert!(!handle.status(&migrations).unwrap().is_current());
    assert_eq!(scratch.log(), adopted);
    let files = [A, B, d, e];
    handle.upgrade(&revisions::<S>(&files), "heads").unwrap();
    let moved = "4|c|downgrade|adopt|d\n5|d|upgrade|adopt|d\n6|e|upgrade|run|e\n";
    assert_eq!(scratch.log(), format!("{adopted}{moved}"));
    // From then on, what is hidden below is found.
    let hidden = ("h", "a", "CREATE TABLE t_h (x int);");
    let files = [A, hidden, ("b", "h", B.2), d, e];
    let error = handle
        .upgrade(&revisions::<S>(&files), "heads")
        .unwrap_err();
    let expected = "revision h has never run on this database, but lies below its version";
    assert_eq!(failure(&error), expected);

    // The version table is lost, and the log is not.
    scratch.execute("DROP TABLE alembic_version; DROP TABLE t_a; DROP TABLE t_b");
    scratch.execute("DROP TABLE t_d; DROP TABLE t_e");
    handle.upgrade(&revisions::<S>(&[A]), "heads").unwrap();
    check_log(&scratch, "a new version table");
}

/// Stamps and target schemas are in the log, too.
pub fn what_did_not_run_is_logged_as_that<S: Subject>() {
    let scratch = S::Database::new("");
    let mut handle = open::<S>(&scratch);
    let migrations = revisions::<S>(&[A, B, C]);
    let whole = migrations
        .clone()
        .schema("schema.sql", "CREATE TABLE t_a (x int);");
    handle.ensure(&whole).unwrap();
    handle.stamp(&migrations, &["a"], Purge::No).unwrap();
    handle.stamp(&migrations, &["b"], Purge::Yes).unwrap();
    assert_eq!(
        scratch.log(),
        "1|a|upgrade|create|c\n2|b|upgrade|create|c\n3|c|upgrade|create|c\n\
         4|c|downgrade|stamp|a\n5|b|downgrade|stamp|a\n6|b|upgrade|stamp|b\n"
    );
    assert!(handle.ensure(&revisions::<S>(&[A, B])).is_ok());
    check_log(&scratch, "stamped");
}

/// What is edited is only told where that is configured.
pub fn what_is_edited_may_be_told_only<S: Subject>() {
    let scratch = S::Database::new("");
    let mut handle = open::<S>(&scratch);
    handle.upgrade(&revisions::<S>(&[A, B]), "heads").unwrap();
    let other = ("a", "", "CREATE TABLE t_a (x int, y int);");
    let told = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&told);
    let warn = revisions::<S>(&[other, B, C])
        .edited(Edited::Warn)
        .observe(move |event| {
            if let Event::Edited { revisions } = event {
                heard.fetch_add(revisions.len(), Ordering::Relaxed);
            }
        });
    handle.upgrade(&warn, "heads").unwrap();
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert_eq!(handle.status(&warn).unwrap().edited.len(), 1);
    check_log(&scratch, "warned");
}

/// What runs while the log is switched off is in a log that exists: otherwise, it would say afterwards
/// that what ran was edited, or never ran.
pub fn a_log_that_is_switched_off_stays_true<S: Subject>() {
    let other = ("b", "a", "CREATE TABLE t_b (x int, y int);");
    let hidden = ("h", "a", "CREATE TABLE t_h (x int);");
    let above_hidden = ("b", "h", B.2);
    for (files, expected) in [
        // Edited and run again.
        (&[A, other, C][..], Ok(())),
        // Put below, and run from there.
        (&[A, hidden, above_hidden, C], Ok(())),
        (&[A, B, C], Ok(())),
    ] {
        let scratch = S::Database::new("");
        let mut handle = open::<S>(&scratch);
        handle
            .upgrade(&revisions::<S>(&[A, B, C]), "heads")
            .unwrap();
        let off = |files| revisions::<S>(files).keep_log(false);
        handle.downgrade(&off(&[A, B, C]), "a").unwrap();
        handle.upgrade(&off(files), "heads").unwrap();
        check_log(&scratch, &format!("off: {files:?}"));
        let ended = handle.upgrade(&revisions::<S>(files), "heads");
        let ended = ended.map(drop).map_err(|error| failure(&error));
        assert_eq!(ended, expected, "{files:?}");
        // It knows what ran, and that nothing else did.
        let log = scratch.log();
        assert!(!log.contains("adopt"), "{log}");
        let edited = ("c", "b", "CREATE TABLE t_c (x int, z int);");
        let mut spoilt = files.to_vec();
        spoilt.pop();
        spoilt.push(edited);
        handle.upgrade(&off(&spoilt), "heads").unwrap();
        let error = handle.upgrade(&revisions::<S>(&spoilt), "heads");
        let expected = "revision c has been changed since this database applied it";
        assert_eq!(failure(&error.unwrap_err()), expected, "{files:?}");
    }
    // Where there is none, none begins.
    let scratch = S::Database::new("");
    let off = revisions::<S>(&[A]).keep_log(false);
    open::<S>(&scratch).upgrade(&off, "heads").unwrap();
    assert_eq!(scratch.log(), "");
}

/// A way back that was shown is run if the database is as it was then, and no other one is.
pub fn only_the_way_back_that_was_shown_is_run<S: Subject>() {
    let again = ("c", "b", "CREATE TABLE t_c (x int, y int);");
    let d = ("d", "c", "CREATE TABLE t_d (x int);");
    type Change<'c, D> = &'c dyn Fn(&mut dyn Handle, &D);
    let run_again: Change<'_, S::Database> = &|handle, _| {
        handle.downgrade(&revisions::<S>(&[A, B, C]), "b").unwrap();
        handle
            .upgrade(&revisions::<S>(&[A, B, again]), "heads")
            .unwrap();
    };
    let run_more: Change<'_, S::Database> = &|handle, _| {
        handle
            .upgrade(&revisions::<S>(&[A, B, C, d]), "heads")
            .unwrap();
    };
    let run_less: Change<'_, S::Database> = &|handle, _| {
        handle.downgrade(&revisions::<S>(&[A, B, C]), "b").unwrap();
    };
    let moved: Change<'_, S::Database> = &|_, database| {
        database.execute("UPDATE alembic_version SET version_num = 'b'");
    };
    let nothing: Change<'_, S::Database> = &|_, _| {};
    let less = "the database has changed since its way back was shown: it would revert nothing, and \
                what was shown reverts c";
    let same = "the log has new entries since the way back from c was shown, which may be another one \
                now";
    let unknown = "the version table names revisions that no file declares: d";
    for (what, change, expected) in [
        ("nothing", nothing, None),
        ("applied again", run_again, Some(same)),
        ("applied more", run_more, Some(unknown)),
        ("reverted", run_less, Some(less)),
        ("moved", moved, Some(less)),
    ] {
        let scratch = S::Database::new("");
        let mut handle = open::<S>(&scratch);
        handle
            .upgrade(&revisions::<S>(&[A, B, C]), "heads")
            .unwrap();
        let files = revisions::<S>(&[A, B]);
        let record = handle.record(&files).unwrap();
        assert_eq!(record.writers(), []);
        let history = record.history(S::Database::DIALECT).unwrap();
        let back = files.with_history(history);
        let graph = back.history().graph();
        let steps = graph.ids(&[graph.node("c").unwrap()]);
        change(&mut handle, &scratch);
        let before = scratch.dump() + &scratch.log();
        let ended = handle.revert_recorded(&back, &record, &steps);
        match expected {
            None => {
                ended.unwrap();
                assert_eq!(handle.current(&files).unwrap(), ["b"]);
            }
            Some(expected) => {
                assert_eq!(failure(&ended.unwrap_err()), expected, "{what}");
                assert_eq!(scratch.dump() + &scratch.log(), before, "{what}");
            }
        }
    }
}

/// What an earlier version of this library has digested in another way counts as it is now, once.
pub fn digests_of_an_earlier_version_show_no_edits<S: Subject>() {
    let other = ("b", "a", "CREATE TABLE t_b (x int, y int);");
    let scratch = S::Database::new("");
    let mut handle = open::<S>(&scratch);
    handle.upgrade(&revisions::<S>(&[A, B]), "heads").unwrap();
    scratch.execute("UPDATE alembic_version_log SET digest = '00' || substr(digest, 3)");
    let status = handle.status(&revisions::<S>(&[A, other])).unwrap();
    assert!(status.is_current(), "{status:?}");
    handle.ensure(&revisions::<S>(&[A, other])).unwrap();
    handle
        .upgrade(&revisions::<S>(&[A, other, C]), "heads")
        .unwrap();
    assert_eq!(
        scratch.log(),
        "1|a|upgrade|run|a\n2|b|upgrade|run|b\n3|a|upgrade|adopt|b\n4|b|upgrade|adopt|b\n\
         5|c|upgrade|run|c\n"
    );
    // From then on, edits are found again.
    let error = handle.upgrade(&revisions::<S>(&[A, B, C]), "heads");
    let expected = "revision b has been changed since this database applied it";
    assert_eq!(failure(&error.unwrap_err()), expected);
    handle
        .downgrade(&revisions::<S>(&[A, other, C]), "base")
        .unwrap();
    check_log(&scratch, "base");
}
