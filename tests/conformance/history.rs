//! Crates with long histories, and what they make of a database.

use std::cell::RefCell;
use std::collections::BTreeMap;

use alembic_tests::{Numbers, Project, fill, revision};

use crate::place::{Kind, Place};
use crate::starter::{Ended, Starter};

/// A crate of so many revisions, `r001` and so on. Each creates a table, and writes its id into the
/// table `log`.
pub(crate) struct History {
    pub(crate) project: Project,
    pub(crate) revisions: usize,
    /// What an undisturbed run leaves: in a file, and on a server.
    whole: RefCell<BTreeMap<bool, String>>,
}

/// What a revision does besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Besides {
    Nothing,
    /// Something that takes a few milliseconds.
    Work,
    /// Every third one leaves its transaction twice, to build an index and write into `log` again.
    Outside,
}

/// Enough for pages to leave SQLite's cache, and for an index to take a while.
const ROWS: usize = 3_000;

impl History {
    pub(crate) fn new(revisions: usize, besides: Besides) -> Self {
        let project = Project::with_crate("shop");
        for number in 1..=revisions {
            let parent = match number {
                1 => String::new(),
                number => id(number - 1),
            };
            let text = revision(&id(number))
                .revises(&parent)
                .upgrade(upgrade(number, besides));
            project.add(text);
        }
        Self {
            project,
            revisions,
            whole: RefCell::default(),
        }
    }

    /// Returns a crate with more revisions, the last of which takes a second.
    pub(crate) fn and_a_long_one(self) -> Self {
        let number = self.revisions + 1;
        let long = "-- alembic: upgrade sqlite\nCREATE TABLE long AS WITH RECURSIVE n(i) AS (SELECT 1 \
                    UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) AS rows FROM \
                    n;\n-- alembic: upgrade postgres\nSELECT pg_sleep(1);";
        let text = revision(&id(number))
            .revises(&id(self.revisions))
            .upgrade(upgrade(number, Besides::Nothing) + long);
        self.project.add(text);
        Self {
            revisions: number,
            ..self
        }
    }

    pub(crate) fn start(&self, place: &Place, line: &str) -> Starter {
        Starter::new(&self.project, &place.url, line)
    }

    /// Starts so many, with `ensure` or `upgrade` each.
    pub(crate) fn start_many(
        &self,
        place: &Place,
        count: usize,
        numbers: &mut Numbers,
    ) -> Vec<Starter> {
        let starters =
            (0..count).map(|_| self.start(place, numbers.one_of(&["ensure", "upgrade"])));
        starters.collect()
    }

    pub(crate) fn run(&self, place: &Place, line: &str) -> Ended {
        self.start(place, line).end()
    }

    /// Fails unless the database is what an undisturbed run makes of it.
    #[track_caller]
    pub(crate) fn check(&self, place: &Place) {
        let served = place.kind.is_served();
        let known = self.whole.borrow().get(&served).cloned();
        let expected = known.unwrap_or_else(|| {
            let kind = if served { Kind::Direct } else { Kind::Journal };
            let alone = Place::new(kind);
            let ended = self.run(&alone, "upgrade").success();
            assert_eq!(ended.revisions(), self.revisions, "{ended}");
            let dump = alone.dump();
            self.whole.borrow_mut().insert(served, dump.clone());
            dump
        });
        check_same(&place.dump(), &expected);
        check_log(place);
    }
}

/// Fails unless the log has an entry for each revision that is applied, in the order in which they were,
/// and for nothing else, whatever has happened so far.
#[track_caller]
pub(crate) fn check_log(place: &Place) {
    let versions = place.versions();
    let last = match versions.as_slice() {
        [] => 0,
        [version] => version[1..].parse().unwrap(),
        several => panic!("several rows: {several:?}"),
    };
    let expected = (1..=last).map(|number: usize| {
        let id = id(number);
        format!("{number}|{id}|upgrade|run|{id}\n")
    });
    let found = place.log().into_iter().map(|entry| entry + "\n");
    check_same(&found.collect::<String>(), &expected.collect::<String>());
}

/// Fails with the lines in which two dumps differ.
#[track_caller]
pub(crate) fn check_same(found: &str, expected: &str) {
    if found == expected {
        return;
    }
    let lacks = |text: &str, other: &str, sign: &str| {
        let other: Vec<&str> = other.lines().collect();
        let lines = text.lines().filter(|line| !other.contains(line)).take(20);
        lines
            .map(|line| format!("{sign} {line}\n"))
            .collect::<String>()
    };
    let missing = lacks(expected, found, "-");
    panic!(
        "not what an undisturbed run leaves:\n{missing}{}",
        lacks(found, expected, "+")
    );
}

pub(crate) fn id(number: usize) -> String {
    format!("r{number:03}")
}

fn upgrade(number: usize, besides: Besides) -> String {
    let id = id(number);
    let log = match number {
        1 => "CREATE TABLE log (revision VARCHAR(20) NOT NULL);\n",
        _ => "",
    };
    let own = format!(
        "{log}CREATE TABLE t_{id} (id INTEGER PRIMARY KEY, text TEXT);\n\
         INSERT INTO log (revision) VALUES ('{id}');\n"
    );
    let filled = fill(&format!("t_{id}"), ROWS);
    let more = match besides {
        Besides::Work => format!(
            "-- alembic: upgrade sqlite\n{filled}\n\
             -- alembic: upgrade postgres\nSELECT pg_sleep(0.004);\n"
        ),
        Besides::Outside if number.is_multiple_of(3) => {
            let index = format!("i_{id} ON t_{id} (text)");
            let log = |what| format!("INSERT INTO log (revision) VALUES ('{id} {what}')");
            let [outside, inside, again] = ["outside", "inside", "again"].map(log);
            format!(
                "-- alembic: upgrade sqlite\n{filled}\n\
                 -- alembic: upgrade postgres\nINSERT INTO t_{id} (id, text) \
                 SELECT i, 'row ' || i FROM generate_series(1, {ROWS}) i;\n\
                 -- alembic: upgrade sqlite no-transaction\nCREATE INDEX {index};\n{outside};\n\
                 -- alembic: upgrade postgres no-transaction\n\
                 CREATE INDEX CONCURRENTLY {index};\n{outside};\n\
                 -- alembic: upgrade\n{inside};\n\
                 -- alembic: upgrade no-transaction\n{again};\n"
            )
        }
        Besides::Nothing | Besides::Outside => String::new(),
    };
    own + &more
}
