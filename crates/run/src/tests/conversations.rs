//! What runs ask of a database, in which order.

use alembic_history::Dialect;
use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use insta::{allow_duplicates, assert_snapshot};

use super::fake::{Command, Fake, Second, content, converse};
use super::revisions::{OUTSIDE, PLAIN, history};
use crate::{Failure, Purge};

#[test]
fn an_upgrade_is_one_transaction() {
    let fake = Fake::new(None);
    let (fake, said) = converse(PLAIN, PerRun, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @"
    find versions
    begin
    read journal mode
    find versions
    explain check
    list databases
    find databases
    read catalog
    -> step 1 of 2
    create versions
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    -> step 2 of 2
    CREATE TABLE b (x)
    update a to b
    -> done
    explain check
    find databases
    read catalog
    find versions
    read versions
    commit
    -> committed
    = b
    ");
    let mut log = fake.log.lines();
    log.retain(|line| line.contains(" foreign keys") || line.contains(" lock timeout"));
    assert_snapshot!(log.join("\n"), @"
    read lock timeout
    set lock timeout 1000
    read foreign keys
    switch foreign keys off
    switch foreign keys on
    set lock timeout 5000
    ");
}

#[test]
fn a_run_can_be_one_transaction_per_revision() {
    let fake = Fake::new(Some(&[]));
    let (_, said) = converse(PLAIN, PerRevision, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    explain check
    list databases
    find databases
    read catalog
    -> step 1 of 2
    CREATE TABLE a (x)
    CREATE TABLE a2 (x)
    insert a
    -> done
    explain check
    find databases
    read catalog
    find versions
    read versions
    commit
    -> committed
    begin
    read journal mode
    find versions
    read versions
    explain check
    list databases
    find databases
    read catalog
    -> step 2 of 2
    CREATE TABLE b (x)
    update a to b
    -> done
    explain check
    find databases
    read catalog
    find versions
    read versions
    commit
    -> committed
    = b
    ");
}

#[test]
fn what_needs_no_change_only_reads() {
    let upgrade = Command::Upgrade("heads");
    for dialect in Dialect::ALL {
        let mut all = Vec::new();
        for (rows, command) in [
            (Some(&["b"][..]), upgrade),
            (Some(&["x"]), upgrade),
            (None, Command::Downgrade("base")),
            (Some(&["a"]), Command::Downgrade("a")),
            (Some(&["b"]), Command::Current),
            (Some(&["x"]), Command::Current),
            (None, Command::Current),
            (Some(&["b"]), Command::Stamp(&["heads"], Purge::No)),
            (Some(&[]), Command::EnsureVersion),
        ] {
            let before = Fake::of(*dialect, rows);
            let (after, said) = converse(PLAIN, PerRun, before.clone(), command);
            assert_eq!(after.content, before.content);
            assert_eq!(after.second, Second::Closed);
            all.push(said.replace('\n', ", "));
        }
        allow_duplicates!(assert_snapshot!(all.join("\n"), @"
        find versions, read versions, = b
        find versions, read versions, ! the version table names revisions that no file declares: x; the database is as it was before
        find versions, =
        find versions, read versions, = a
        find versions, read versions, = b
        find versions, read versions, = x
        find versions, =
        find versions, read versions, = b
        find versions, read versions, =
        "));
    }
}

#[test]
fn a_downgrade_counts_what_refers_to_nothing() {
    let downgrade = |before, after| {
        let fake = Fake {
            dangling: vec![after, before],
            ..Fake::new(Some(&["d"]))
        };
        let (_, said) = converse(OUTSIDE, PerRun, fake, Command::Downgrade("-1"));
        said
    };
    assert_snapshot!(downgrade(0, 0), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list databases
    -> step 1 of 1
    UPDATE not_d1
    update d to c
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = c
    ");
    assert_snapshot!(downgrade(3, 3), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list foreign keys
    read primary key
    read dangling rows
    list databases
    -> step 1 of 1
    UPDATE not_d1
    update d to c
    -> done
    find dangling
    list foreign keys
    read primary key
    read dangling rows
    find versions
    read versions
    commit
    -> committed
    = c
    ");
    assert_snapshot!(downgrade(3, 2), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list foreign keys
    read primary key
    read dangling rows
    list databases
    -> step 1 of 1
    UPDATE not_d1
    update d to c
    -> done
    find dangling
    list foreign keys
    read primary key
    read dangling rows
    list tables now
    list foreign keys
    find versions
    read versions
    commit
    -> committed
    = c
    ");
    assert_snapshot!(downgrade(1, 3), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list foreign keys
    read primary key
    read dangling rows
    list databases
    -> step 1 of 1
    UPDATE not_d1
    update d to c
    -> done
    find dangling
    list foreign keys
    read primary key
    read dangling rows
    list tables now
    list foreign keys
    roll back
    ! rows would refer to rows that do not exist: 2 of child to parent, left by revision d; the database is as it was before
    ");
}

#[test]
fn stamps_and_ensure_version_write_only_the_version_table() {
    let stamp = Command::Stamp(&["a"], Purge::No);
    let (_, said) = converse(PLAIN, PerRun, Fake::new(None), stamp);
    assert_snapshot!(said, @"
    find versions
    begin
    read journal mode
    find versions
    create versions
    insert a
    find versions
    read versions
    commit
    -> committed
    = a
    ");
    let (fake, purge) = (
        Fake::new(Some(&["x", "y"])),
        Command::Stamp(&["b"], Purge::Yes),
    );
    let (_, said) = converse(PLAIN, PerRun, fake, purge);
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    clear versions
    insert b
    find versions
    read versions
    commit
    -> committed
    = b
    ");
    let (_, said) = converse(PLAIN, PerRun, Fake::new(None), Command::EnsureVersion);
    assert_snapshot!(said, @"
    find versions
    begin
    read journal mode
    find versions
    create versions
    commit
    -> committed
    =
    ");
}

#[test]
fn a_schema_is_described_without_waiting_for_other_migrators() {
    let (_, said) = converse(PLAIN, PerRun, Fake::new(None), Command::Describe);
    assert_snapshot!(said, @"
    find versions
    describe schema
    = schema
    ");
    let (_, said) = converse(PLAIN, PerRun, Fake::postgres(None), Command::Describe);
    assert_snapshot!(said, @"
    find versions
    find transaction
    begin
    set for description
    describe schema
    roll back
    = schema
    ");
}

#[test]
fn a_section_outside_of_transactions_is_committed_around() {
    let fake = Fake::new(Some(&["a"]));
    let (_, said) = converse(OUTSIDE, PerRun, fake, Command::Upgrade("heads"));
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list databases
    -> step 1 of 3
    UPDATE b1
    find dangling
    create progress
    record upgrade of b: 1 done, 2 begun
    commit
    -> committed
    VACUUM b2
    record 2 done, 3 begun
    VACUUM b3
    record 3 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    UPDATE b4
    update a to b
    drop progress
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list databases
    -> step 2 of 3
    UPDATE c1
    update b to c
    -> done
    -> step 3 of 3
    UPDATE d1
    UPDATE d2
    update c to d
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = d
    ");
}

#[test]
fn what_dangles_is_not_committed_before_a_section_outside_either() {
    let mut fake = Fake {
        dangling: vec![1, 0],
        ..Fake::new(Some(&["a"]))
    };
    let error = fake
        .run(&history(OUTSIDE), PerRun, Command::Upgrade("b"))
        .unwrap_err();
    assert!(
        matches!(error.failure(), Failure::ForeignKeys { .. }),
        "{error}"
    );
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
        let log = fake.log.lines();
        let place = |line: &str| log.iter().rposition(|logged| logged == line).unwrap();
        let mut between = log[place("VACUUM")..place("UPDATE a")].iter();
        assert!(between.any(|line| line == "switch foreign keys off"));
        assert_eq!(fake.foreign_keys, found);
    }
}

#[test]
fn the_loser_of_a_race_does_what_is_left() {
    let upgrade = Command::Upgrade("heads");
    for mode in [PerRun, PerRevision] {
        let lose = |meanwhile, command| {
            let fake = Fake {
                meanwhile: Some(content(Some(&[meanwhile]), &[])),
                ..Fake::new(None)
            };
            let (_, said) = converse(PLAIN, mode, fake, command);
            said
        };
        allow_duplicates! {
            assert_snapshot!(lose("b", upgrade), @"
            find versions
            begin
            read journal mode
            find versions
            read versions
            roll back
            = b
            ");
            assert_snapshot!(lose("a", upgrade), @"
            find versions
            begin
            read journal mode
            find versions
            read versions
            explain check
            list databases
            find databases
            read catalog
            -> step 1 of 1
            CREATE TABLE b (x)
            update a to b
            -> done
            explain check
            find databases
            read catalog
            find versions
            read versions
            commit
            -> committed
            = b
            ");
            assert_snapshot!(lose("b", Command::EnsureVersion), @"
            find versions
            begin
            read journal mode
            find versions
            read versions
            roll back
            = b
            ");
            assert_snapshot!(lose("b", Command::Stamp(&["b"], Purge::No)), @"
            find versions
            begin
            read journal mode
            find versions
            read versions
            find versions
            read versions
            commit
            -> committed
            = b
            ");
            assert_snapshot!(lose("x", upgrade), @"
            find versions
            begin
            read journal mode
            find versions
            read versions
            roll back
            ! the version table names revisions that no file declares: x; the database is as it was before
            ");
        }
    }
}
