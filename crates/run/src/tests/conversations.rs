//! What runs ask of a database, in which order.

use super::fake::{Command, Fake, Second, content};
use super::revisions::{OUTSIDE, PLAIN, history};
use super::said::check;
use crate::TransactionMode::{Revision as PerRevision, Run as PerRun};
use crate::{Fault, Purge};
use alembic_history::Dialect;

#[test]
fn an_upgrade_is_one_transaction() {
    let fresh = check(
        PLAIN,
        PerRun,
        Fake::new(None),
        Command::Upgrade("heads"),
        "find
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         -> step 1 of 2
         create
         CREATE TABLE a (x)
         CREATE TABLE a2 (x)
         INSERT INTO alembic_version (version_num) VALUES ('a')
         -> done
         -> step 2 of 2
         CREATE TABLE b (x)
         UPDATE alembic_version SET version_num = 'b' WHERE version_num = 'a'
         -> done
         find
         read
         COMMIT
         -> committed
         = b",
    );
    let settings = fresh.log.iter().filter(|line| line.starts_with("PRAGMA"));
    assert_eq!(
        settings.collect::<Vec<_>>(),
        [
            "PRAGMA busy_timeout",
            "PRAGMA busy_timeout = 1000",
            "PRAGMA foreign_keys",
            "PRAGMA foreign_keys = OFF",
            "PRAGMA journal_mode",
            "PRAGMA foreign_keys = ON",
            "PRAGMA busy_timeout = 5000",
        ]
    );
}

#[test]
fn a_run_can_be_one_transaction_per_revision() {
    check(
        PLAIN,
        PerRevision,
        Fake::new(Some(&[])),
        Command::Upgrade("heads"),
        "find
         read
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         read
         -> step 1 of 2
         CREATE TABLE a (x)
         CREATE TABLE a2 (x)
         INSERT INTO alembic_version (version_num) VALUES ('a')
         -> done
         find
         read
         COMMIT
         -> committed
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         read
         -> step 2 of 2
         CREATE TABLE b (x)
         UPDATE alembic_version SET version_num = 'b' WHERE version_num = 'a'
         -> done
         find
         read
         COMMIT
         -> committed
         = b",
    );
}

#[test]
fn what_needs_no_change_only_reads() {
    let upgrade = Command::Upgrade("heads");
    let unknown = "! the version table names revisions that no file declares: x; \
                   the database is as it was before";
    for (rows, command, expected) in [
        (Some(&["b"][..]), upgrade, "find\nread\n= b"),
        (Some(&["x"][..]), upgrade, &format!("find\nread\n{unknown}")),
        (None, Command::Downgrade("base"), "find\n="),
        (Some(&["a"][..]), Command::Downgrade("a"), "find\nread\n= a"),
        (Some(&["b"][..]), Command::Current, "find\nread\n= b"),
        (Some(&["x"][..]), Command::Current, "find\nread\n= x"),
        (None, Command::Current, "find\n="),
        (
            Some(&["b"][..]),
            Command::Stamp(&["heads"], Purge::No),
            "find\nread\n= b",
        ),
        (Some(&[][..]), Command::EnsureVersion, "find\nread\n="),
    ] {
        for dialect in Dialect::ALL {
            let before = Fake::of(*dialect, rows);
            let after = check(PLAIN, PerRun, before.clone(), command, expected.trim());
            assert_eq!(after.content, before.content);
            assert_eq!(after.second, Second::Closed);
        }
    }
}

#[test]
fn a_downgrade_counts_what_refers_to_nothing() {
    let expected = |rest: &str| {
        format!(
            "find
             read
             BEGIN IMMEDIATE
             PRAGMA journal_mode
             find
             read
             dangling
             -> step 1 of 1
             UPDATE not_d1
             UPDATE alembic_version SET version_num = 'c' WHERE version_num = 'd'
             -> done
             dangling
             {rest}"
        )
    };
    let commit = "find\nread\nCOMMIT\n-> committed\n= c";
    for (before, after, rest) in [
        ("0", "0", commit.to_owned()),
        ("3", "3", commit.to_owned()),
        ("3", "2", format!("tables\n{commit}")),
        (
            "1",
            "3",
            "tables\nROLLBACK\n! rows would refer to rows that do not exist: \
             2 of child to parent, left by revision d; the database is as it was before"
                .to_owned(),
        ),
    ] {
        let fake = Fake {
            dangling: vec![after, before],
            ..Fake::new(Some(&["d"]))
        };
        let expected = expected(&rest);
        check(OUTSIDE, PerRun, fake, Command::Downgrade("-1"), &expected);
    }
}

#[test]
fn stamps_and_ensure_version_write_only_the_version_table() {
    let locked = "BEGIN IMMEDIATE\nPRAGMA journal_mode\nfind";
    let end = "COMMIT\n-> committed";
    let insert = "INSERT INTO alembic_version (version_num) VALUES";
    for (rows, command, expected) in [
        (
            None,
            Command::Stamp(&["a"], Purge::No),
            format!("find\n{locked}\ncreate\n{insert} ('a')\nfind\nread\n{end}\n= a"),
        ),
        (
            Some(&["x", "y"][..]),
            Command::Stamp(&["b"], Purge::Yes),
            format!(
                "find\nread\n{locked}\nread\nDELETE FROM alembic_version\n{insert} ('b')\n\
                 find\nread\n{end}\n= b"
            ),
        ),
        (
            None,
            Command::EnsureVersion,
            format!("find\n{locked}\ncreate\n{end}\n="),
        ),
    ] {
        check(PLAIN, PerRun, Fake::new(rows), command, expected.trim());
    }
}

#[test]
fn a_section_outside_of_transactions_is_committed_around() {
    check(
        OUTSIDE,
        PerRun,
        Fake::new(Some(&["a"])),
        Command::Upgrade("heads"),
        "find
         read
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         read
         dangling
         -> step 1 of 3
         UPDATE b1
         dangling
         create progress
         record upgrade of b: 1 done, 2 begun
         COMMIT
         -> committed
         VACUUM b2
         record 2 done, 3 begun
         VACUUM b3
         record 3 done
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         read
         progress
         UPDATE b4
         UPDATE alembic_version SET version_num = 'b' WHERE version_num = 'a'
         drop progress
         -> done
         dangling
         find
         read
         COMMIT
         -> committed
         BEGIN IMMEDIATE
         PRAGMA journal_mode
         find
         read
         dangling
         -> step 2 of 3
         UPDATE c1
         UPDATE alembic_version SET version_num = 'c' WHERE version_num = 'b'
         -> done
         -> step 3 of 3
         UPDATE d1
         UPDATE d2
         UPDATE alembic_version SET version_num = 'd' WHERE version_num = 'c'
         -> done
         dangling
         find
         read
         COMMIT
         -> committed
         = d",
    );
}

#[test]
fn what_dangles_is_not_committed_before_a_section_outside_either() {
    let mut fake = Fake {
        dangling: vec!["1", "0"],
        ..Fake::new(Some(&["a"]))
    };
    let error = fake
        .run(&history(OUTSIDE), PerRun, Command::Upgrade("b"))
        .unwrap_err();
    assert!(matches!(*error.fault, Fault::ForeignKeys { .. }), "{error}");
    assert_eq!(fake.content, content(Some(&["a"]), &[]));
}

#[test]
fn foreign_keys_that_a_section_outside_switches_on_are_switched_off_again() {
    let sections = "-- alembic: upgrade no-transaction\nPRAGMA foreign_keys = ON;\nVACUUM;\n\
                    -- alembic: upgrade\nUPDATE a;\n";
    for found in [true, false] {
        let mut fake = Fake {
            foreign_keys: found,
            ..Fake::new(None)
        };
        fake.run(
            &history(&[("a", "", sections)]),
            PerRun,
            Command::Upgrade("a"),
        )
        .unwrap();
        let place = |line: &str| fake.log.iter().rposition(|logged| logged == line).unwrap();
        let off = fake.log[place("VACUUM")..place("UPDATE a")].iter();
        assert!(
            off.into_iter()
                .any(|line| line == "PRAGMA foreign_keys = OFF")
        );
        assert_eq!(fake.foreign_keys, found);
    }
}

#[test]
fn the_loser_of_a_race_does_what_is_left() {
    let lost = "find\nBEGIN IMMEDIATE\nPRAGMA journal_mode\nfind\nread\n";
    let step = "-> step 1 of 1
                CREATE TABLE b (x)
                UPDATE alembic_version SET version_num = 'b' WHERE version_num = 'a'
                -> done
                find
                read
                COMMIT
                -> committed
                = b";
    for (meanwhile, command, rest) in [
        (&["b"][..], Command::Upgrade("heads"), "ROLLBACK\n= b"),
        (&["a"], Command::Upgrade("heads"), step),
        (&["b"], Command::EnsureVersion, "ROLLBACK\n= b"),
        (
            &["b"],
            Command::Stamp(&["b"], Purge::No),
            "find\nread\nCOMMIT\n-> committed\n= b",
        ),
        (
            &["x"],
            Command::Upgrade("heads"),
            "ROLLBACK\n! the version table names revisions that no file declares: x; \
             the database is as it was before",
        ),
    ] {
        for mode in [PerRun, PerRevision] {
            let fake = Fake {
                meanwhile: Some(content(Some(meanwhile), &[])),
                ..Fake::new(None)
            };
            check(PLAIN, mode, fake, command, &format!("{lost}{rest}"));
        }
    }
}
