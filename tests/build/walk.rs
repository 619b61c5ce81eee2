//! Build scripts and the library find the same files.

use std::fs;
use std::path::Path;

use alembic_migrate::history::read_folder;

use crate::krate::Krate;
use crate::revision;

/// Something in a folder for migrations: a file, or a link to another path.
enum Entry {
    Revision,
    Text,
    #[cfg(unix)]
    Link(&'static str),
}

use Entry::{Revision, Text};

type Tree = &'static [(&'static str, Entry)];

/// Makes the entries below the crate's `migrations`; revisions follow each other in their order.
fn grow(krate: &Krate, tree: Tree) {
    let mut last = String::new();
    let folder = krate.path("shop/migrations");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    for (index, (path, entry)) in tree.iter().enumerate() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match entry {
            Revision => {
                let id = format!("r{index}");
                fs::write(path, revision(&id, &last)).unwrap();
                last = id;
            }
            Text => fs::write(path, "no revision").unwrap(),
            #[cfg(unix)]
            Entry::Link(to) => std::os::unix::fs::symlink(to, path).unwrap(),
        }
    }
}

/// The paths that a build embeds, relative to the folder for migrations; none where it fails.
fn embedded(krate: &Krate) -> Option<Vec<String>> {
    let build = krate.build();
    let lines = build.embedded.lines();
    let paths = lines.filter_map(|line| line.trim().strip_prefix("(\"migrations"));
    let paths = paths.map(|line| line.split('"').next().unwrap().to_owned());
    build
        .success
        .then(|| paths.map(|path| relative(Path::new(&path))).collect())
}

/// The paths that the library finds, likewise.
fn found(krate: &Krate) -> Option<Vec<String>> {
    let folder = krate.path("shop/migrations");
    let files = read_folder(&folder).ok()?;
    let paths = files
        .iter()
        .map(|file| file.path.strip_prefix(&folder).unwrap());
    Some(paths.map(relative).collect())
}

fn relative(path: &Path) -> String {
    let path = path
        .display()
        .to_string()
        .replace("\\\\", "/")
        .replace('\\', "/");
    path.trim_start_matches('/').to_owned()
}

#[track_caller]
fn check(krate: &Krate, tree: Tree, expected: Option<&[&str]>) {
    grow(krate, tree);
    let found = found(krate);
    let found: Option<Vec<&str>> = found
        .as_ref()
        .map(|paths| paths.iter().map(String::as_str).collect());
    assert_eq!(found.as_deref(), expected);
    let embedded = embedded(krate);
    let embedded: Option<Vec<&str>> = embedded
        .as_ref()
        .map(|paths| paths.iter().map(String::as_str).collect());
    assert_eq!(embedded.as_deref(), expected);
}

#[test]
fn files_are_found_alike() {
    let krate = Krate::new("walk");
    check(
        &krate,
        &[
            ("b.sql", Revision),
            ("a.SQL", Revision),
            ("a/z.sql", Revision),
            ("a-b/y.sql", Revision),
            ("c.sql/inside.sql", Revision),
            ("a/deep/er/x.sql", Revision),
            ("b.rows.sql", Text),
            ("a/z.Rows.SQL", Text),
            (".hidden.sql", Text),
            (".hidden/a.sql", Text),
            ("a/.sql", Text),
            ("README.md", Text),
            ("b.sql.orig", Text),
            ("b.sql~", Text),
            ("sql", Text),
        ],
        Some(&[
            "a/deep/er/x.sql",
            "a/z.sql",
            "a-b/y.sql",
            "a.SQL",
            "b.sql",
            "c.sql/inside.sql",
        ]),
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_alike() {
    use Entry::Link;

    let krate = Krate::new("links");
    krate.write("elsewhere/f.sql", revision("f0", "r0"));
    krate.write("elsewhere/in/g.sql", revision("g0", "f0"));
    krate.write("elsewhere/.hidden.sql", "no revision");
    check(
        &krate,
        &[
            ("a.sql", Revision),
            ("linked", Link("../../elsewhere")),
            // As editors lock a file.
            (".#a.sql", Link("somebody@somewhere.1234")),
            (".hidden", Link("..")),
        ],
        Some(&["a.sql", "linked/f.sql", "linked/in/g.sql"]),
    );
    check(
        &krate,
        &[
            ("a.sql", Revision),
            ("b.sql", Link("../../elsewhere/f.sql")),
        ],
        Some(&["a.sql", "b.sql"]),
    );
    for broken in [
        &[("a.sql", Revision), ("b", Link("nowhere"))] as Tree,
        &[("a.sql", Revision), ("again", Link("."))],
        &[("a/b/c.sql", Revision), ("a/b/up", Link("../.."))],
        &[("a/x", Link("../b")), ("b/y", Link("../a"))],
    ] {
        check(&krate, broken, None);
    }
}

/// A revision that cannot be read is found, and said to be unreadable.
#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_told_alike() {
    use Entry::Link;

    let krate = Krate::new("nowhere");
    for tree in [
        &[("a.sql", Revision), ("b.sql", Link("nowhere"))] as Tree,
        &[("a.sql", Revision), ("b.sql", Link("."))],
    ] {
        grow(&krate, tree);
        assert_eq!(found(&krate).unwrap(), ["a.sql", "b.sql"]);
        let files = read_folder(&krate.path("shop/migrations")).unwrap();
        let why = files[1].content.as_ref().unwrap_err();
        let errors = krate.build().errors;
        let expected = format!("[unreadable-file] cannot read the file: {why}\n");
        assert!(errors.contains(&expected), "{errors}");
    }
}
