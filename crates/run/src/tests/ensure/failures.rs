//! What is left of a database that could not be made ready.

use std::time::Duration;

use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};
use alembic_history::{Dialect, Direction};

use super::{SCHEMA, said, target, with_schema};
use crate::tests::fake::{Failing, Fake, content};
use crate::tests::revisions::{OUTSIDE, PATH, PLAIN, Source, history};
use crate::tests::truth::Case;
use crate::{DatabaseErrorKind, Failure, FailureKind, Target};

#[test]
fn a_target_schema_that_cannot_be_run_whole_is_not_run_at_all() {
    for (schema, expected) in [
        (
            "CREATE TABLE a (x);\nCREATE TABLE b (x DEFAULT 'y);\n",
            "! crate `shop`: schema.sql:2:27: the target schema failed: string literal is never closed; \
             the database is as it was before",
        ),
        (
            "CREATE TABLE a (x);\nCOMMIT;\n",
            "! crate `shop`: schema.sql:2:1: the target schema failed: transactions are begun and ended by the \
             run itself; the database is as it was before",
        ),
    ] {
        let mut fake = Fake::new(None);
        let outcome = fake.ensure(&[(&history(PLAIN), with_schema(schema))], PerRun);
        assert_eq!(said(&outcome), expected);
        assert_eq!(fake.content, content(None, &[]));
    }
}

#[test]
fn rows_of_a_target_schema_must_not_refer_to_nothing() {
    let schema = "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n";
    let mut fake = Fake {
        dangling: vec![1, 0],
        ..Fake::new(None)
    };
    let outcome = fake.ensure(&[(&history(PLAIN), with_schema(schema))], PerRun);
    let error = outcome.unwrap_err();
    assert!(
        matches!(error.failure(), Failure::ForeignKeys { .. }),
        "{error}"
    );
    assert_eq!(fake.content, content(None, &[]));
}

#[test]
fn whichever_request_fails_the_state_is_told_truly_and_the_next_run_ends_it() {
    let baseline = |baseline: &str| Target {
        baseline: baseline.to_owned(),
        ..with_schema(SCHEMA)
    };
    let with_path = with_schema("SET search_path = other;\nCREATE TABLE a (x);\n");
    let postgres = &[Dialect::Postgres][..];
    for (dialects, sources, rows, tables, target) in [
        (Dialect::ALL, PLAIN, None, &[][..], target()),
        (Dialect::ALL, PLAIN, None, &[], with_schema(SCHEMA)),
        (Dialect::ALL, PLAIN, None, &["a"], baseline("a")),
        (Dialect::ALL, PLAIN, None, &["a"], baseline("heads")),
        (Dialect::ALL, PLAIN, Some(&["a"][..]), &["a"], target()),
        (Dialect::ALL, PLAIN, Some(&["b"]), &["a"], target()),
        (Dialect::ALL, OUTSIDE, None, &[], target()),
        (Dialect::ALL, OUTSIDE, None, &["a"], baseline("a")),
        (Dialect::ALL, OUTSIDE, Some(&["a"]), &["a"], target()),
        (postgres, PLAIN, None, &[], with_path),
        (postgres, PATH, None, &[], target()),
    ] {
        let history = history(sources);
        for dialect in dialects {
            for mode in [PerRun, PerRevision] {
                let attempt = |fake: &mut Fake| {
                    let reports = fake.ensure(&[(&history, target.clone())], mode)?;
                    let after = reports[0].after.ids();
                    assert_eq!(
                        Some(after),
                        fake.content
                            .rows
                            .as_ref()
                            .map(|rows| rows.iter().map(String::as_str).collect())
                    );
                    Ok(())
                };
                let is_legacy = rows.is_none() && !tables.is_empty();
                let case = Case {
                    name: format!("{dialect} {mode} {target:?}"),
                    history: &history,
                    direction: Direction::Upgrade,
                    start: Fake {
                        tables,
                        ..Fake::of(*dialect, rows)
                    },
                    creates: rows.is_none() && !is_legacy && target.schema.is_some(),
                    baseline: match target.baseline.as_str() {
                        "heads" => Some("b"),
                        _ => is_legacy.then_some("a"),
                    },
                    attempt: &attempt,
                };
                case.check();
            }
        }
    }
}

/// Only where nobody has said which revisions an older database has, that may be why one fails.
#[test]
fn a_database_whose_place_is_unknown_is_told() {
    let unplaced = "; it had tables and no version table before, and no `baseline` says";
    for (baseline, statement, is_told) in [
        ("base", "CREATE TABLE a (x)", true),
        ("a", "CREATE TABLE b (x)", false),
    ] {
        let target = Target {
            baseline: baseline.to_owned(),
            ..target()
        };
        let history = history(PLAIN);
        let fake = Fake {
            tables: &["a"],
            ..Fake::new(None)
        };
        let mut sound = fake.clone();
        sound.ensure(&[(&history, target.clone())], PerRun).unwrap();
        let failing = Failing::Once(DatabaseErrorKind::Other);
        let mut fake = Fake {
            failing: Some((sound.number_of(statement), failing)),
            ..fake
        };
        let error = fake.ensure(&[(&history, target)], PerRun).unwrap_err();
        assert_eq!(error.to_string().contains(unplaced), is_told, "{error}");
    }
}

#[test]
fn a_failure_after_a_legacy_stamp_says_what_stays() {
    let fake = Fake {
        tables: &["a"],
        ..Fake::new(None)
    };
    let baseline = Target {
        baseline: "a".to_owned(),
        ..target()
    };
    for (mode, expected) in [
        (PerRun, content(None, &[])),
        (PerRevision, content(Some(&["b"]), &["CREATE TABLE b (x)"])),
    ] {
        let chain = [
            PLAIN,
            &[("c", "b", "-- alembic: upgrade\nCREATE TABLE c (x);\n")],
        ]
        .concat();
        let mut sound = fake.clone();
        sound
            .ensure(&[(&history(&chain), baseline.clone())], mode)
            .unwrap();
        let failing = Failing::Once(DatabaseErrorKind::Other);
        let mut fake = Fake {
            failing: Some((sound.number_of("CREATE TABLE c (x)"), failing)),
            ..fake.clone()
        };
        let outcome = fake.ensure(&[(&history(&chain), baseline.clone())], mode);
        assert!(outcome.is_err());
        assert_eq!(fake.content, expected, "{mode}");
    }
}

#[test]
fn a_legacy_stamp_stays_when_a_revision_outside_of_transactions_fails() {
    let mut fake = Fake {
        tables: &["a"],
        ..Fake::new(None)
    };
    let baseline = Target {
        baseline: "a".to_owned(),
        ..target()
    };
    let alone: &[Source] = &[
        PLAIN[0],
        ("b", "a", "-- alembic: upgrade no-transaction\nVACUUM b;\n"),
    ];
    let mut sound = fake.clone();
    sound
        .ensure(&[(&history(alone), baseline.clone())], PerRun)
        .unwrap();
    let request = sound.number_of("VACUUM b");
    let mut refused = Fake {
        failing: Some((request, Failing::Once(DatabaseErrorKind::Other))),
        ..fake.clone()
    };
    let outcome = refused.ensure(&[(&history(alone), baseline.clone())], PerRun);
    let log = refused.log.text();
    assert!(log.contains("VACUUM b\n-> refused"), "{log}");
    let expected = "the database is stamped at its baseline; everything else is as it was before";
    assert!(said(&outcome).ends_with(expected), "{}", said(&outcome));
    assert_eq!(refused.content, content(Some(&["a"]), &[]));

    let outcome = fake.ensure(&[(&history(OUTSIDE), baseline)], PerRun);
    assert_eq!(said(&outcome), "legacy migrated [] -> [d], applied [b c d]");
}

#[test]
fn on_postgres_a_database_that_meets_a_lock_is_looked_at_anew() {
    let baseline = Target {
        baseline: "a".to_owned(),
        ..with_schema(SCHEMA)
    };
    for (rows, tables, target, sources, statement) in [
        (
            None,
            &[][..],
            with_schema(SCHEMA),
            PLAIN,
            "CREATE TABLE b (x)",
        ),
        (None, &[], target(), PLAIN, "CREATE TABLE b (x)"),
        (None, &["a"], baseline.clone(), PLAIN, "CREATE TABLE b (x)"),
        (None, &["a"], baseline.clone(), OUTSIDE, "UPDATE b1"),
        // The stamp is committed by then.
        (None, &["a"], baseline.clone(), OUTSIDE, "UPDATE b4"),
        (None, &["a"], baseline, OUTSIDE, "UPDATE d2"),
        (
            Some(&["a"][..]),
            &["a"],
            target(),
            PLAIN,
            "CREATE TABLE b (x)",
        ),
        (Some(&["a"]), &["a"], target(), OUTSIDE, "UPDATE d2"),
    ] {
        let history = history(sources);
        for mode in [PerRun, PerRevision] {
            for (times, retries) in [(1, 1), (2, 2), (usize::MAX, 7)] {
                let start = Fake {
                    tables,
                    lock_timeout: Duration::from_secs(30),
                    ..Fake::postgres(rows)
                };
                let mut sound = start.clone();
                let reports = sound.ensure(&[(&history, target.clone())], mode);
                let mut fake = Fake {
                    failing: Some((sound.number_of(statement), Failing::Busy(times))),
                    ..start
                };
                let outcome = fake.ensure(&[(&history, target.clone())], mode);
                let retrying = fake.log.starting_with("-> retrying");
                assert_eq!(retrying.len(), retries, "{:#?}", fake.log);
                if times == usize::MAX {
                    assert_eq!(outcome.unwrap_err().kind(), FailureKind::Busy);
                    assert!(!fake.is_open());
                } else {
                    assert_eq!(said(&outcome), said(&reports), "{:#?}", fake.log);
                    assert_eq!(fake.content, sound.content);
                }
            }
        }
    }
}
