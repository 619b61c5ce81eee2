//! Databases that another tool manages.

use alembic_history::Dialect;
use alembic_history::TransactionMode::Run as PerRun;

use super::fake::{Command, Fake};
use super::revisions::{PLAIN, history};
use crate::tests::ensure::{target, with_schema};
use crate::{Failure, Purge, RunError, Target};

/// Attempts a command, and returns whether it was refused because of another tool's table.
fn is_refused(fake: &mut Fake, attempt: impl Fn(&mut Fake) -> Result<(), RunError>) -> bool {
    let before = fake.content.clone();
    let outcome = attempt(fake);
    let is_refused = outcome
        .as_ref()
        .is_err_and(|error| matches!(error.failure(), Failure::ManagedByAnotherTool { .. }));
    assert_eq!(is_refused, outcome.is_err(), "{outcome:?}");
    if is_refused {
        assert_eq!(fake.content, before);
    }
    is_refused
}

#[test]
fn revisions_are_not_applied_to_a_database_of_another_tool() {
    let history = history(PLAIN);
    let run = |command| {
        let history = &history;
        move |fake: &mut Fake| fake.run(history, PerRun, command).map(drop)
    };
    let ensure = |target: Target| {
        let history = &history;
        move |fake: &mut Fake| {
            let outcome = fake.ensure(&[(history, target.clone())], PerRun);
            outcome.map(drop)
        }
    };
    let baseline = Target {
        baseline: "a".to_owned(),
        ..target()
    };
    for dialect in Dialect::ALL {
        for (tables, is_other) in [
            (&["a", "_sqlx_migrations"][..], true),
            (&["__diesel_schema_migrations"], true),
            (&["refinery_schema_history"], true),
            (&["seaql_migrations"], true),
            (&["flyway_schema_history"], true),
            (&["schema_migrations", "x"], true),
            (&["goose_db_version"], true),
            (&["DATABASECHANGELOG"], true),
            (&["a", "migrations"], false),
            (&[], false),
        ] {
            // A version table, even an empty one, says which revisions are applied.
            for (rows, is_refused_then) in [(None, is_other), (Some(&[][..]), false)] {
                let fake = Fake {
                    tables,
                    ..Fake::of(*dialect, rows)
                };
                let check = |what: &str, expected: bool, refused: bool| {
                    assert_eq!(refused, expected, "{what} with {tables:?} on {dialect}");
                };
                let upgrade = run(Command::Upgrade("heads"));
                check(
                    "upgrade",
                    is_refused_then,
                    is_refused(&mut fake.clone(), upgrade),
                );
                for target in [target(), with_schema("CREATE TABLE a (x);")] {
                    let refused = is_refused(&mut fake.clone(), ensure(target));
                    check("ensure", is_refused_then, refused);
                }
                // The configuration says where such a database is, if it has the crate's tables.
                let is_legacy = !tables.is_empty();
                let refused = is_refused(&mut fake.clone(), ensure(baseline.clone()));
                check("baseline", is_refused_then && !is_legacy, refused);
                for command in [
                    Command::Current,
                    Command::Downgrade("base"),
                    Command::Stamp(&["a"], Purge::No),
                    Command::Stamp(&["base"], Purge::No),
                    Command::EnsureVersion,
                ] {
                    let refused = is_refused(&mut fake.clone(), run(command));
                    check("others", false, refused);
                }
                for stamp in [&["base"][..], &["a"]] {
                    let mut fake = fake.clone();
                    run(Command::Stamp(stamp, Purge::No))(&mut fake).unwrap();
                    check("stamped", false, is_refused(&mut fake, upgrade));
                    assert_eq!(fake.content.rows, Some(vec!["b".to_owned()]));
                }
            }
        }
    }
}
