//! Revisions that leave their transactions one after the other.

use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use insta::assert_snapshot;

use super::fake::{Command, Fake, converse};
use super::revisions::{ROW, Source};

#[test]
fn the_commit_before_a_section_outside_records_that_it_begins() {
    let run = |mode, sources| {
        let fake = Fake::new(Some(&[]));
        let (_, said) = converse(sources, mode, fake, Command::Upgrade("heads"));
        said
    };
    let said = run(PerRun, ROW);
    assert_snapshot!(said, @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list databases
    -> step 1 of 6
    UPDATE a1
    insert a
    -> done
    find dangling
    find versions
    read versions
    find dangling
    list databases
    -> step 2 of 6
    create progress
    record upgrade of b: 0 done, 1 begun
    commit
    -> committed
    VACUUM b1
    record 1 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    update a to b
    -> done
    find dangling
    read versions
    find dangling
    list databases
    -> step 3 of 6
    record 0 done, 1 begun
    commit
    -> committed
    VACUUM c1
    record 1 done, 2 begun
    VACUUM c2
    record 2 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    update b to c
    -> done
    find dangling
    read versions
    find dangling
    list databases
    -> step 4 of 6
    record 0 done, 1 begun
    commit
    -> committed
    VACUUM d1
    record 1 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    UPDATE d2
    update c to d
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
    -> step 5 of 6
    UPDATE e1
    find dangling
    create progress
    record upgrade of e: 1 done, 2 begun
    commit
    -> committed
    VACUUM e2
    record 2 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    update d to e
    drop progress
    -> done
    find dangling
    read versions
    commit
    -> committed
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list databases
    -> step 6 of 6
    UPDATE f1
    update e to f
    -> done
    find dangling
    find versions
    read versions
    commit
    -> committed
    = f
    ");
    let ends = |said: &str| said.matches("-> committed").count();
    assert_eq!((ends(&said), ends(&run(PerRevision, ROW))), (7, 7));

    // The table of progress is made for the id of a revision.
    let long: &[Source] = &[
        ("a", "", "-- alembic: upgrade no-transaction\nVACUUM a1;\n"),
        (
            "an_id_that_is_longer_than_the_table_holds",
            "a",
            "-- alembic: upgrade no-transaction\nVACUUM b1;\n",
        ),
    ];
    assert_snapshot!(run(PerRun, long), @"
    find versions
    read versions
    begin
    read journal mode
    find versions
    read versions
    find dangling
    list databases
    -> step 1 of 2
    create progress
    record upgrade of a: 0 done, 1 begun
    commit
    -> committed
    VACUUM a1
    record 1 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    insert a
    -> done
    find dangling
    read versions
    find dangling
    list databases
    -> step 2 of 2
    drop progress
    create progress
    record upgrade of an_id_that_is_longer_than_the_table_holds: 0 done, 1 begun
    commit
    -> committed
    VACUUM b1
    record 1 done
    begin
    read journal mode
    find versions
    read versions
    read progress
    update a to an_id_that_is_longer_than_the_table_holds
    drop progress
    -> done
    find dangling
    read versions
    commit
    -> committed
    = an_id_that_is_longer_than_the_table_holds
    ");
}
