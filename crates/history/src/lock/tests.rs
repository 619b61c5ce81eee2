use super::*;
use crate::SourceFile;

const DIALECTS: &[Dialect] = &[Dialect::Sqlite];

/// Returns a history written as `id<parent,parent` words, each of which creates a table; `id!` words
/// create another one.
fn history(revisions: &str) -> History {
    let files = revisions.split_whitespace().map(|revision| {
        let (id, parents) = revision.split_once('<').unwrap();
        let (id, table) = match id.strip_suffix('!') {
            Some(id) => (id, "other"),
            None => (id, id),
        };
        let text = format!(
            "-- {id}\n-- Revision ID: {id}\n-- Revises: {parents}\n-- alembic: upgrade\n\
             CREATE TABLE {table} (x int);\n"
        );
        SourceFile {
            path: format!("{id}.sql").into(),
            content: Ok(text.into_bytes()),
        }
    });
    History::new(files, DIALECTS).unwrap()
}

fn lock(revisions: &str) -> Lock {
    Lock::of(&history(revisions), DIALECTS)
}

fn ids(lock: &Lock) -> Vec<&str> {
    lock.revisions()
        .iter()
        .map(|known| known.id.as_str())
        .collect()
}

#[test]
fn a_lock_is_read_back_as_it_was_written() {
    for revisions in ["", "a<", "a< b<a c<a m<b,c", "z< b<z a<b"] {
        let written = lock(revisions);
        let text = written.render();
        for text in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), text] {
            let read = Lock::parse(&text).unwrap();
            assert_eq!(read.revisions(), written.revisions(), "{text}");
            assert_eq!(read.render(), written.render());
        }
    }
    let new = "-- x\na1 revises b1 new depends c\n";
    assert_eq!(
        Lock::parse(new).unwrap().render().lines().nth(1),
        new.lines().nth(1)
    );
    let several =
        "-- x\na1 sqlite 00000000000000aa postgres 00000000000000bb depends b, shop@c d\n";
    let read = Lock::parse(several).unwrap();
    assert_eq!(read.revisions()[0].depends_on, ["b", " shop@c d"]);
    assert_eq!(read.render().lines().nth(1), several.lines().nth(1));
}

#[test]
fn what_is_not_a_lock() {
    let digest = "sqlite 00000000000000aa";
    for (text, expected) in [
        ("a1".to_owned(), LockErrorKind::Malformed),
        (format!("a1 new {digest}"), LockErrorKind::Malformed),
        ("a1 revises b1".to_owned(), LockErrorKind::Malformed),
        (format!("a1 {digest} {digest}"), LockErrorKind::Malformed),
        (format!("a@1 {digest}"), LockErrorKind::Malformed),
        ("a1 sqlite 12".to_owned(), LockErrorKind::Malformed),
        (
            "a1 mysql 00000000000000aa".to_owned(),
            LockErrorKind::Malformed,
        ),
        (
            format!("a1 {digest}\na1 revises b {digest}"),
            LockErrorKind::Duplicate(RevisionId::new("a1").unwrap()),
        ),
        (
            format!("<<<<<<< HEAD\na1 {digest}\n"),
            LockErrorKind::Conflict,
        ),
        (
            format!("a1 {digest}\n=======\n>>>>>>> x\n"),
            LockErrorKind::Conflict,
        ),
    ] {
        assert_eq!(Lock::parse(&text).unwrap_err().kind, expected, "{text}");
    }
}

/// Whatever the shape of the graph, a revision that is added at a head adds a line at the end.
#[test]
fn a_new_head_is_the_last_line() {
    for (before, after) in [
        ("", "a<"),
        ("b<", "b< a<b"),
        ("a< z<a b<a", "a< z<a b<a c<b"),
        ("a< z<a b<a", "a< z<a b<a m<z,b"),
        ("z<", "a< z<"),
    ] {
        let before = lock(before).render();
        let after = Lock::parse(&before).unwrap().renewed(&lock(after)).render();
        let rest = after.strip_prefix(&before).unwrap();
        assert_eq!(rest.lines().count(), 1, "{before}{after}");
    }
}

#[test]
fn revisions_come_after_those_that_they_follow() {
    let moved = lock("a< b<a c<a").renewed(&lock("a< b<c c<a"));
    assert_eq!(ids(&moved), ["a", "c", "b"]);
    let hidden = lock("b< c<b").renewed(&lock("a< b<a c<b"));
    assert_eq!(ids(&hidden), ["a", "b", "c"]);
    // Lines that are not those of the files may form a circle, and none is lost.
    let circle = lock("a< b<a").with(&lock("a<b b<"), &[RevisionId::new("a").unwrap()]);
    assert_eq!(circle.revisions().len(), 2);
}

#[test]
fn both_sides_of_a_conflict_are_taken() {
    let (ours, theirs) = (lock("a< b<a").render(), lock("a< c<a").render());
    let line = |text: &str| text.lines().last().unwrap().to_owned();
    let common = lock("a<").render();
    let text = format!(
        "{common}<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n",
        line(&ours),
        line(&theirs)
    );
    let current = lock("a< b<a");
    let both = |text: &str| Lock::parse_both_sides(text, &current);
    assert_eq!(ids(&both(&text).unwrap()), ["a", "b", "c"]);
    // A revision that the two sides describe differently is as its file.
    let edited = |revisions: &str| text.replace(&line(&theirs), &line(&lock(revisions).render()));
    assert_eq!(
        both(&edited("a< b!<a")).unwrap().revisions(),
        current.revisions()
    );
    let other = Lock::parse_both_sides(&edited("a< b!<a"), &lock("a< b!<a"));
    assert_eq!(other.unwrap().revisions(), lock("a< b!<a").revisions());
    let neither = Lock::parse_both_sides(&edited("a< b!<a"), &lock("a< b<"));
    let duplicate = LockErrorKind::Duplicate(RevisionId::new("b").unwrap());
    assert_eq!(neither.unwrap_err().kind, duplicate);
}

/// Checks the codes, the places and the related places of what is wrong.
#[test]
fn differences_are_found() {
    let before = lock("a< b<a c<b").render();
    let check = |text: std::io::Result<String>, revisions: &str| -> Vec<String> {
        let file = LockFile::new("alembic.lock".into(), text, "shop");
        let faults = history(revisions).check_lock(&file, DIALECTS);
        let faults = faults.iter().map(|fault| {
            let code = fault.finding.kind.code();
            let place = format!("{}:{}", fault.path.display(), fault.position().line);
            let related = fault.related.as_ref();
            let related = related.map(|place| place.span.text(&place.text));
            let id = related.and_then(|line| line.split(' ').next());
            format!("{code} {place} {}", id.unwrap_or("-"))
        });
        faults.collect()
    };
    let digest = lock("b<").revisions()[0].digests[&Dialect::Sqlite].to_string();
    let new = before.replace(&format!("sqlite {digest}"), "new");
    for (text, revisions, expected) in [
        (before.as_str(), "a< b<a c<b", &[] as &[&str]),
        (&before.replace('\n', "\r\n"), "a< b<a c<b", &[]),
        (&before, "a< b!<a c<b", &["lock-content b.sql:2 b"]),
        (&new, "a< b<a c<b", &["lock-content b.sql:2 b"]),
        (&before, "a< b<a c<a", &["lock-parents c.sql:3 c"]),
        (
            &before,
            "a< b<a d<a c<d",
            &["lock-added d.sql:2 -", "lock-parents c.sql:3 c"],
        ),
        (
            &before,
            "a< c<a",
            &["lock-parents c.sql:3 c", "lock-removed alembic.lock:3 -"],
        ),
        (
            &before.replace("sqlite", "postgres"),
            "a< b<a c<b",
            &["lock-dialects alembic.lock:1 -"],
        ),
        ("", "a<", &["lock-added a.sql:2 -"]),
        ("a\n", "a<", &["lock-malformed alembic.lock:1 -"]),
        ("<<<<<<< a\n", "a<", &["lock-conflict alembic.lock:1 -"]),
    ] {
        assert_eq!(check(Ok(text.to_owned()), revisions), expected, "{text}");
    }
    for (kind, code) in [
        (std::io::ErrorKind::NotFound, "lock-missing"),
        (std::io::ErrorKind::PermissionDenied, "unreadable-file"),
    ] {
        let found = check(Err(kind.into()), "a<");
        assert_eq!(found, [format!("{code} alembic.lock:1 -")]);
    }
}
