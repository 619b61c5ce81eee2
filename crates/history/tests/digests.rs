//! Digests of revisions: the same in every version of this library that has the same
//! [`Digest::VERSION`].

use alembic_history::{Dialect, Digest, RevisionFile};

/// What each text is read as. If a digest here changes, databases and lock files hold another one:
/// raise [`Digest::VERSION`], so that they are not reported as edited.
const DIGESTS: &[(Dialect, &str, &str)] = &[
    (Dialect::Sqlite, "", "01cbf29ce4842223"),
    (Dialect::Sqlite, "SELECT 1;", "01c492bdce719dfb"),
    (
        Dialect::Sqlite,
        "CREATE TABLE \"a b\" (x int, [y] text, `z` blob);",
        "01a7aeb0988c0e99",
    ),
    (
        Dialect::Sqlite,
        "INSERT INTO t VALUES (X'00ff', 1.5e-3, .5, ?1, :a, @b, $c);",
        "01f0ceeaef2ef17c",
    ),
    (
        Dialect::Sqlite,
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 'x;'; SELECT CASE 1 WHEN 1 THEN 2 END; END;",
        "01ea9b9fe6deffd3",
    ),
    (Dialect::Postgres, "SELECT 1;", "01c492bdce719dfb"),
    (
        Dialect::Postgres,
        "SELECT E'a\\'b', U&'d\\0061t', $$x;$$, $f$ y $f$, B'01', 1_000, a::text, a->>'b', @-1;",
        "0124e528a22ae219",
    ),
    (
        Dialect::Postgres,
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3;",
        "01f27c73d2329f54",
    ),
    (
        Dialect::Postgres,
        "SELECT 'one'\n'two' /* a /* b */ c */ -- d\n;",
        "016905b04cb178f3",
    ),
];

fn digest(dialect: Dialect, sql: &str) -> Digest {
    let text = format!("-- A\n-- Revision ID: a1\n-- Revises:\n-- alembic: upgrade\n{sql}");
    let (file, _) = RevisionFile::parse(text, &[dialect]);
    Digest::of(&file.expect("it is a revision file"), dialect)
}

#[test]
fn digests_are_those_of_their_version() {
    let found = DIGESTS.iter().map(|(dialect, sql, expected)| {
        let found = digest(*dialect, sql).to_string();
        (found != *expected).then(|| format!("{dialect}, {sql}: {found}"))
    });
    let found: Vec<String> = found.flatten().collect();
    assert!(
        found.is_empty(),
        "raise Digest::VERSION:\n{}",
        found.join("\n")
    );
}

#[test]
fn digests_of_different_versions_show_no_change() {
    let one = digest(Dialect::Sqlite, "SELECT 1;");
    let two = digest(Dialect::Sqlite, "SELECT 2;");
    let [before_one, before_two] =
        [one, two].map(|digest| Digest::new(digest.number() & (!0 >> 8)));
    assert_eq!(one.version(), Digest::VERSION);
    assert_eq!(before_one.version(), 0);
    for (a, b, shows_change) in [
        (one, one, false),
        (one, two, true),
        (one, before_one, false),
        (one, before_two, false),
        (before_one, before_two, true),
    ] {
        assert_eq!(a.shows_change(b), shows_change, "{a} {b}");
    }
}
