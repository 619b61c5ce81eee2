//! How databases are made ready.

use std::path::PathBuf;
use std::time::Duration;

use super::fake::{Failing, Fake, Second, content};
use super::revisions::{OUTSIDE, PATH, PLAIN, Source, history};
use super::said::{assert_said, conversation};
use super::truth::{Case, REFUSED};
use crate::TransactionMode::{Revision as PerRevision, Run as PerRun};
use crate::ensure::Tables;
use crate::{
    Ahead, DatabaseErrorKind, EnsureReport, FailureKind, Fault, Reply, RunError, Runner, Scenario,
    Schema, Target, Turn, ensure_ready,
};
use alembic_history::{Dialect, Direction, Fresh};

fn target() -> Target {
    Target {
        package: "shop".to_owned(),
        schema: None,
        fresh: Fresh::Create,
        baseline: "base".to_owned(),
        ahead: Ahead::Refuse,
    }
}

fn with_schema(text: &str) -> Target {
    Target {
        schema: Some(Schema {
            path: PathBuf::from("schema.sql"),
            text: text.to_owned(),
        }),
        ..target()
    }
}

/// The revision of another crate.
const MAIL: &[Source] = &[("m", "", "-- alembic: upgrade\nCREATE TABLE mails (x);\n")];

const SCHEMA: &str = "CREATE TABLE a (x);\nCREATE TABLE b (x);\n";

fn said(outcome: &Result<Vec<EnsureReport>, RunError>) -> String {
    match outcome {
        Ok(reports) => {
            let lines = reports.iter().map(|report| {
                let steps: Vec<&str> = report
                    .steps
                    .iter()
                    .map(|step| step.revision.as_str())
                    .collect();
                format!(
                    "{} {} [{}] -> [{}], applied [{}]",
                    report.scenario,
                    report.outcome,
                    report.before.join(" "),
                    report.after.join(" "),
                    steps.join(" ")
                )
            });
            lines.collect::<Vec<_>>().join("; ")
        }
        Err(error) => format!("! {error}"),
    }
}

/// Checks what is asked and told, without settings, and what is reported.
#[track_caller]
fn check(sources: &[Source], mut fake: Fake, target: &Target, expected: &str) -> Fake {
    let history = history(sources);
    let outcome = fake.ensure(&[(&history, target.clone())], PerRun);
    let mut conversation = conversation(&fake);
    conversation.push(said(&outcome));
    assert_said(&conversation, expected, "");
    fake
}

fn found(scenario: Scenario) -> String {
    let package = "\"shop\"";
    format!("-> Found {{ package: {package}, scenario: {scenario:?} }}")
}

#[test]
fn a_current_database_is_only_read() {
    for target in [target(), with_schema(SCHEMA)] {
        let before = Fake::new(Some(&["b"]));
        let after = check(
            PLAIN,
            before.clone(),
            &target,
            "find versions
             read versions
             -> NothingPending { package: \"shop\" }
             tracked ready [b] -> [b], applied []",
        );
        assert_eq!(after.content, before.content);
    }
}

#[test]
fn a_fresh_database_is_created_whole() {
    let found = found(Scenario::Fresh);
    check(
        PLAIN,
        Fake::new(None),
        &with_schema(SCHEMA),
        &format!(
            "find versions
             begin
             read journal mode
             find versions
             list tables
             {found}
             CREATE TABLE a (x)
             CREATE TABLE b (x)
             find versions
             create versions
             insert b
             find versions
             read versions
             commit
             -> committed
             -> SchemaCreated {{ package: \"shop\" }}
             fresh created [] -> [b], applied []"
        ),
    );
}

#[test]
fn a_target_schema_that_holds_the_version_table_is_stamped_as_well() {
    for rows in [
        "",
        "INSERT INTO alembic_version (version_num) VALUES ('a');",
    ] {
        let schema = format!("CREATE TABLE a (x);\nCREATE TABLE alembic_version (x);\n{rows}");
        let mut fake = Fake::new(None);
        let reports = fake.ensure(&[(&history(PLAIN), with_schema(&schema))], PerRun);
        assert_eq!(said(&reports), "fresh created [] -> [b], applied []");
        assert_eq!(
            fake.content,
            content(Some(&["b"]), &["CREATE TABLE a (x)"]),
            "{rows}"
        );
    }
}

#[test]
fn without_a_target_schema_revisions_are_replayed() {
    for target in [
        target(),
        Target {
            fresh: Fresh::Replay,
            ..with_schema(SCHEMA)
        },
    ] {
        let mut fake = Fake::new(None);
        let reports = fake.ensure(&[(&history(PLAIN), target)], PerRun);
        assert_eq!(said(&reports), "fresh migrated [] -> [b], applied [a b]");
    }
}

#[test]
fn a_legacy_database_is_stamped_and_upgraded_in_one_transaction() {
    let found = found(Scenario::Legacy);
    let fake = Fake {
        tables: &["a", "a2"],
        ..Fake::new(None)
    };
    let baseline = Target {
        baseline: "a".to_owned(),
        ..with_schema(SCHEMA)
    };
    check(
        PLAIN,
        fake.clone(),
        &baseline,
        &format!(
            "find versions
             begin
             read journal mode
             find versions
             list tables
             {found}
             create versions
             insert a
             find versions
             read versions
             find versions
             read versions
             -> step 1 of 1
             CREATE TABLE b (x)
             update a to b
             -> done
             find versions
             read versions
             commit
             -> committed
             legacy migrated [] -> [b], applied [b]"
        ),
    );
    let current = Target {
        baseline: "heads".to_owned(),
        ..baseline
    };
    let after = check(
        PLAIN,
        fake,
        &current,
        &format!(
            "find versions
             begin
             read journal mode
             find versions
             list tables
             {found}
             create versions
             insert b
             find versions
             read versions
             commit
             -> committed
             -> NothingPending {{ package: \"shop\" }}
             legacy migrated [] -> [b], applied []"
        ),
    );
    assert_eq!(after.content, content(Some(&["b"]), &[]));
}

#[test]
fn tables_are_told_apart() {
    const RENAMING: &[Source] = &[
        ("r1", "", "-- alembic: upgrade\nCREATE TABLE old (x);\n"),
        (
            "r2",
            "r1",
            "-- alembic: upgrade\nALTER TABLE old RENAME TO new;\n",
        ),
    ];
    let plain = with_schema("CREATE TABLE Own (x);");
    let renamed = with_schema("CREATE TABLE new (x);");
    let other = [(RENAMING, target())];
    let other_with_schema = [(RENAMING, renamed.clone())];
    for (sources, target, others, own, foreign) in [
        (PLAIN, &plain, &[][..], &["own", "a", "B"][..], &["x"][..]),
        // As its revisions create it, before the target schema has another name for it.
        (RENAMING, &renamed, &[], &["old", "new"], &["older"]),
        (RENAMING, &plain, &other, &["OWN"], &["old", "new"]),
        // Without a target schema, every table that is not another crate's.
        (PLAIN, &target(), &[], &["a", "x"], &[]),
        (
            PLAIN,
            &target(),
            &other,
            &["a", "x"],
            &["old", "New", "version_1"],
        ),
        (
            PLAIN,
            &target(),
            &other_with_schema,
            &["x"],
            &["old", "new", "version_1"],
        ),
    ] {
        let all = [(sources, target.clone())];
        let all = all.iter().chain(others).map(|(sources, target)| {
            let history = history(sources);
            (history, target.clone())
        });
        let all: Vec<_> = all.collect();
        let crates = all.iter().enumerate().map(|(index, (history, target))| {
            let mut runner = Runner::new(history, Dialect::Sqlite);
            if index > 0 {
                runner.version_table.name = format!("version_{index}");
            }
            (runner, target.clone())
        });
        let crates: Vec<_> = crates.collect();
        let tables = Tables::known(&crates, 0);
        for (names, expected) in [(own, true), (foreign, false)] {
            for name in names {
                assert_eq!(tables.owns(name), expected, "{name}");
            }
        }
    }
}

#[test]
fn the_loser_of_a_race_finds_the_work_done() {
    let allow = Target {
        ahead: Ahead::Allow,
        ..target()
    };
    let unknown = "! the version table names revisions that no file declares: x; \
                   the database is as it was before";
    for (before, meanwhile, target, expected) in [
        (None, "b", target(), "tracked ready [b] -> [b], applied []"),
        (
            None,
            "a",
            target(),
            "tracked migrated [a] -> [b], applied [b]",
        ),
        (
            Some(&["a"][..]),
            "b",
            target(),
            "tracked ready [b] -> [b], applied []",
        ),
        (None, "x", target(), unknown),
        (Some(&["a"]), "x", target(), unknown),
        (
            None,
            "x",
            allow.clone(),
            "tracked ahead [x] -> [x], applied []",
        ),
        (
            Some(&["a"]),
            "x",
            allow,
            "tracked ahead [x] -> [x], applied []",
        ),
    ] {
        for mode in [PerRun, PerRevision] {
            let mut fake = Fake {
                meanwhile: Some(content(Some(&[meanwhile]), &[])),
                ..Fake::new(before)
            };
            let outcome = fake.ensure(&[(&history(PLAIN), target.clone())], mode);
            assert_eq!(said(&outcome), expected);
            assert!(!fake.is_open());
        }
    }
}

#[test]
fn a_database_that_is_ahead_is_refused_or_left_alone() {
    for (rows, ahead, expected) in [
        (
            &["x"][..],
            Ahead::Allow,
            "tracked ahead [x] -> [x], applied []",
        ),
        (
            &["b", "x"],
            Ahead::Allow,
            "tracked ahead [b x] -> [b x], applied []",
        ),
        (
            &["b", "x"],
            Ahead::Refuse,
            "! the version table names revisions that no file declares: x; \
             the database is as it was before",
        ),
    ] {
        let mut fake = Fake::new(Some(rows));
        let target = Target { ahead, ..target() };
        let outcome = fake.ensure(&[(&history(PLAIN), target)], PerRun);
        assert_eq!(said(&outcome), expected);
        assert!(!fake.log.iter().any(|line| line.starts_with("begin")));
    }
}

#[test]
fn a_target_schema_that_cannot_be_run_whole_is_not_run_at_all() {
    for (schema, expected) in [
        (
            "CREATE TABLE a (x);\nCREATE TABLE b (x DEFAULT 'y);\n",
            "! schema.sql:2:27: the target schema failed: string literal is never closed; \
             the database is as it was before",
        ),
        (
            "CREATE TABLE a (x);\nCOMMIT;\n",
            "! schema.sql:2:1: the target schema failed: transactions are begun and ended by the \
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
        dangling: vec!["1", "0"],
        ..Fake::new(None)
    };
    let outcome = fake.ensure(&[(&history(PLAIN), with_schema(schema))], PerRun);
    let error = outcome.unwrap_err();
    assert!(matches!(error.failure(), Failure::ForeignKeys { .. }), "{error}");
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
                    assert_eq!(Some(&reports[0].after), fake.content.rows.as_ref());
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
    let log = refused.log.join("\n");
    assert!(log.contains("VACUUM b\n-> refused"), "{log}");
    let expected = "the database is stamped at its baseline; everything else is as it was before";
    assert!(said(&outcome).ends_with(expected), "{}", said(&outcome));
    assert_eq!(refused.content, content(Some(&["a"]), &[]));

    let outcome = fake.ensure(&[(&history(OUTSIDE), baseline)], PerRun);
    assert_eq!(said(&outcome), "legacy migrated [] -> [d], applied [b c d]");
}

#[test]
fn on_postgres_a_database_is_made_ready_under_lock() {
    let locked = "aside begin
                  aside try lock
                  aside keep lock
                  begin
                  set for transaction";
    let (fresh, legacy) = (found(Scenario::Fresh), found(Scenario::Legacy));
    let baseline = Target {
        baseline: "a".to_owned(),
        ..with_schema(SCHEMA)
    };
    let with_path = with_schema("SET search_path = other;\nCREATE TABLE a (x);\n");
    let insert = "INSERT INTO \"public\".alembic_version (version_num) VALUES";
    let end = "find versions in public
               read versions
               aside check lock
               commit
               -> committed";
    let pending = "-> NothingPending { package: \"shop\" }";
    for (rows, tables, target, expected) in [
        (
            Some(&["b"][..]),
            &["a"][..],
            &baseline,
            format!("find versions\nread versions\n{pending}\ntracked ready [b] -> [b], applied []"),
        ),
        (
            None,
            &[],
            &with_path,
            format!(
                "find versions
                 {locked}
                 find versions in public
                 list tables
                 {fresh}
                 read search path
                 SET search_path = other
                 CREATE TABLE a (x)
                 restore search path \"$user\", public
                 find versions in public
                 create versions
                 {insert} ('b')
                 {end}
                 -> SchemaCreated {{ package: \"shop\" }}
                 aside release lock
                 fresh created [] -> [b], applied []"
            ),
        ),
        (
            None,
            &["a"],
            &baseline,
            format!(
                "find versions
                 {locked}
                 find versions in public
                 list tables
                 {legacy}
                 create versions
                 {insert} ('a')
                 find versions in public
                 read versions
                 find versions in public
                 read versions
                 -> step 1 of 1
                 CREATE TABLE b (x)
                 UPDATE \"public\".alembic_version SET version_num = 'b' \
                 WHERE version_num = 'a'
                 -> done
                 {end}
                 aside release lock
                 legacy migrated [] -> [b], applied [b]"
            ),
        ),
    ] {
        let fake = Fake {
            tables,
            ..Fake::postgres(rows)
        };
        let after = check(PLAIN, fake, target, &expected);
        assert_eq!(after.path, Fake::postgres(None).path);
    }
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
                let retrying = fake
                    .log
                    .iter()
                    .filter(|line| line.starts_with("-> retrying"));
                assert_eq!(retrying.count(), retries, "{:#?}", fake.log);
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

#[test]
fn crates_take_the_lock_one_after_the_other() {
    let (shop, mail) = (history(PLAIN), history(MAIL));
    let mail_target = Target {
        package: "mail".to_owned(),
        ..with_schema("CREATE TABLE mails (x);")
    };
    let ensure = |fake: &mut Fake| {
        let crates = [(&shop, with_schema(SCHEMA)), (&mail, mail_target.clone())];
        fake.ensure(&crates, PerRun)
    };
    let mut fake = Fake::postgres(None);
    let outcome = ensure(&mut fake);
    assert_eq!(
        said(&outcome),
        "fresh created [] -> [b], applied []; fresh created [] -> [m], applied []"
    );
    let about_lock = |line: &&&str| line.starts_with("aside") || **line == "commit";
    let requests = fake.requests();
    let asked: Vec<&str> = requests.iter().filter(about_lock).copied().collect();
    let one = [
        "aside begin",
        "aside try lock",
        "aside keep lock",
        "aside check lock",
        "commit",
        "aside release lock",
    ];
    assert_eq!(asked, [one, one].concat());
    // Each waits for those of its own version table only.
    assert_eq!(fake.keys.len(), 2, "{:?}", fake.keys);
    assert_eq!(fake.content.second, Some(vec!["m".to_owned()]));

    // Where both are current, nobody takes any.
    let mut current = Fake {
        content: fake.content,
        ..Fake::postgres(None)
    };
    let outcome = ensure(&mut current);
    assert_eq!(
        said(&outcome),
        "tracked ready [b] -> [b], applied []; tracked ready [m] -> [m], applied []"
    );
    let requests = ["find versions", "read versions", "find version_1", "read version_1"];
    assert_eq!(current.requests(), requests);
    assert_eq!(current.second, Second::Closed);
}

#[test]
fn what_is_done_for_other_crates_stays_and_is_told() {
    let (shop, mail) = (history(PLAIN), history(MAIL));
    let mail_target = Target {
        package: "mail".to_owned(),
        ..target()
    };
    let legacy = Target {
        baseline: "heads".to_owned(),
        ..with_schema(SCHEMA)
    };
    let baseline = Target {
        baseline: "a".to_owned(),
        ..with_schema(SCHEMA)
    };
    let stays = "these revisions are done and stay:";
    let rest = "everything else is as it was before";
    let lost = "the connection was lost while committing m, so that either all of it is done, or \
                nothing";
    for (rows, tables, target, told) in [
        (Some(&["b"][..]), &["a"][..], target(), None),
        (Some(&["a"]), &["a"], target(), Some("b")),
        (None, &[], target(), Some("a, b")),
        (None, &[], with_schema(SCHEMA), Some("a, b")),
        (None, &["a"], baseline, Some("b")),
        (None, &["a"], legacy, None),
    ] {
        for dialect in Dialect::ALL {
            for mode in [PerRun, PerRevision] {
                let ensure = |fake: &mut Fake| {
                    let crates = [(&shop, target.clone()), (&mail, mail_target.clone())];
                    fake.ensure(&crates, mode)
                };
                let start = Fake {
                    tables,
                    ..Fake::of(*dialect, rows)
                };
                let mut sound = start.clone();
                ensure(&mut sound).unwrap();
                let requests = sound.requests();
                let commit = requests.iter().rposition(|request| *request == "commit");
                let is_stamped = rows.is_none() && told.is_none();
                for (request, failing) in [
                    (sound.number_of("CREATE TABLE mails (x)"), REFUSED),
                    (commit.unwrap(), REFUSED),
                    (commit.unwrap(), Failing::Lost { happened: false }),
                ] {
                    let mut fake = Fake {
                        failing: Some((request, failing)),
                        ..start.clone()
                    };
                    let error = ensure(&mut fake).unwrap_err();
                    let expected = match (told, failing) {
                        (None, REFUSED) if is_stamped => {
                            format!("the database is stamped at its baseline; {rest}")
                        }
                        (None, REFUSED) => "the database is as it was before".to_owned(),
                        (None, _) => lost.to_owned(),
                        (Some(told), REFUSED) => format!("{stays} {told}; {rest}"),
                        (Some(told), _) => format!("{stays} {told}; {lost}"),
                    };
                    assert_eq!(error.state().to_string(), expected, "{:#?}", fake.log);
                    assert_eq!(fake.content.rows, sound.content.rows);
                    assert_eq!(fake.content.second, None);
                }
            }
        }
    }
}

#[test]
fn crates_that_share_a_version_table_are_refused_before_anything_is_asked() {
    let history = history(PLAIN);
    let named = |package: &str, table: &str| {
        let mut runner = Runner::new(&history, Dialect::Sqlite);
        table.clone_into(&mut runner.version_table.name);
        let package = package.to_owned();
        (
            runner,
            Target {
                package,
                ..target()
            },
        )
    };
    let crates = vec![
        named("shop", "versions"),
        named("mail", "other"),
        named("users", "Versions"),
    ];
    let mut run = ensure_ready(crates);
    let Turn::Done(outcome) = run.resume(Reply::Nothing) else {
        panic!("something is asked");
    };
    assert_eq!(
        said(&outcome),
        "! the crates shop, users share the version table \"versions\"; \
         the database is as it was before"
    );
    assert_eq!(outcome.unwrap_err().kind(), FailureKind::Migration);
}
