//! How a database is made ready for several crates.

use alembic_history::Dialect;
use alembic_history::TransactionMode::{Revision as PerRevision, Run as PerRun};

use super::{SCHEMA, said, target, with_schema};
use crate::tests::fake::{Failing, Fake, REFUSED, Second};
use crate::tests::revisions::{PLAIN, Source, history};
use crate::{FailureKind, Runner, Target, ensure_all};

/// The revision of another crate.
const MAIL: &[Source] = &[("m", "", "-- alembic: upgrade\nCREATE TABLE mails (x);\n")];

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
    let mut asked = fake.requests();
    asked.retain(|line| line.starts_with("aside") || line == "commit");
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

    // If both are current, no lock is taken.
    let mut current = Fake {
        content: fake.content,
        ..Fake::postgres(None)
    };
    let outcome = ensure(&mut current);
    assert_eq!(
        said(&outcome),
        "tracked ready [b] -> [b], applied []; tracked ready [m] -> [m], applied []"
    );
    let requests = [
        "find versions",
        "read versions",
        "find version_1",
        "read version_1",
    ];
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
    let stays = "these revisions are committed:";
    let rest = "everything else is as it was before";
    let lost = "the connection was lost while committing m, so either all of it took effect or none \
                of it did";
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
                let commit = *sound.numbers_of("commit").last().unwrap();
                let is_ready = rows.is_none() && told.is_none();
                for (request, failing) in [
                    (sound.number_of("CREATE TABLE mails (x)"), REFUSED),
                    (commit, REFUSED),
                    (commit, Failing::Lost { took_effect: false }),
                ] {
                    let mut fake = Fake {
                        failing: Some((request, failing)),
                        ..start.clone()
                    };
                    let error = ensure(&mut fake).unwrap_err();
                    let expected = match (told, failing) {
                        (None, REFUSED) if is_ready => format!("crate shop is ready; {rest}"),
                        (None, REFUSED) => "the database is as it was before".to_owned(),
                        (None, _) => lost.to_owned(),
                        (Some(told), REFUSED) => format!("{stays} {told}; {rest}"),
                        (Some(told), _) => format!("{stays} {told}; {lost}"),
                    };
                    assert_eq!(error.state().to_string(), expected, "{:#?}", fake.log);
                    assert_eq!(fake.content.rows, sound.content.rows);
                    assert_eq!(fake.content.second, None);
                    assert_eq!(error.package(), Some("mail"));
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
    let mut fake = Fake::new(None);
    let outcome = fake.drive(ensure_all(crates));
    assert_eq!(fake.log.text(), "");
    assert_eq!(
        said(&outcome),
        "! the crates shop, users share the version table versions; \
         the database is as it was before"
    );
    assert_eq!(outcome.unwrap_err().kind(), FailureKind::Migration);
}

/// A crate without revisions is made ready by its target schema alone.
#[test]
fn a_target_schema_without_revisions_stays_and_is_told() {
    let (none, shop) = (history(&[]), history(PLAIN));
    let mail = Target {
        package: "mail".to_owned(),
        ..with_schema("CREATE TABLE mails (x);")
    };
    let ensure = |fake: &mut Fake| {
        let crates = [(&none, mail.clone()), (&shop, target())];
        fake.ensure(&crates, PerRevision)
    };
    for dialect in Dialect::ALL {
        let mut sound = Fake::of(*dialect, None);
        ensure(&mut sound).unwrap();
        for (request, expected) in [
            ("CREATE TABLE a (x)", "crate mail is ready; "),
            (
                "CREATE TABLE b (x)",
                "crate mail is ready; these revisions are committed: a; ",
            ),
        ] {
            let mut fake = Fake {
                failing: Some((sound.number_of(request), REFUSED)),
                ..Fake::of(*dialect, None)
            };
            let error = ensure(&mut fake).unwrap_err();
            let rest = "everything else is as it was before";
            assert_eq!(error.state().to_string(), format!("{expected}{rest}"));
            assert_eq!(error.package(), Some("shop"));
        }
    }
}

/// On PostgreSQL, a name without a schema may be the same table as one that has it.
#[test]
fn tables_with_and_without_a_schema_are_looked_up() {
    let history = history(PLAIN);
    let named = |package: &str, schema: Option<&str>| {
        let mut runner = Runner::new(&history, Dialect::Postgres);
        runner.version_table.schema = schema.map(ToOwned::to_owned);
        let package = package.to_owned();
        (
            runner,
            Target {
                package,
                ..target()
            },
        )
    };
    let mut fake = Fake::postgres(None);
    let crates = vec![named("shop", None), named("mail", Some("public"))];
    let outcome = fake.drive(ensure_all(crates));
    assert_eq!(
        said(&outcome),
        "! the crates shop, mail share the version table public.alembic_version; \
         the database is as it was before"
    );
    assert_eq!(
        fake.requests(),
        ["find versions", "find versions in public"]
    );
    assert_eq!(fake.content.rows, None);
}
