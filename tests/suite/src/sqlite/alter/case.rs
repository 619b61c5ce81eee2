//! Reads a case; `fixtures/alter/README.md` describes the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::watched::Obedience;

/// The beginning of a heading.
const HEADING: &str = "-- case: ";

/// A file.
pub(super) struct Case {
    pub(super) name: String,
    /// The oldest SQLite that has what the database needs, as its version number.
    pub(super) since: i32,
    /// What creates the database.
    pub(super) before: String,
    pub(super) kind: Kind,
}

/// What a file holds.
pub(super) enum Kind {
    Trials(Vec<Trial>),
    /// Why it is not tried here, and where it is.
    Elsewhere(String),
}

/// A revision, and what it must lead to.
#[derive(Default)]
pub(super) struct Trial {
    pub(super) title: String,
    /// The sections of the revision file.
    pub(super) revision: String,
    /// Statements on the connection that runs the revision, before that.
    pub(super) connection: String,
    /// The only journal mode that it is tried with.
    pub(super) journal: Option<String>,
    pub(super) meanwhile: Option<Meanwhile>,
    /// Whether it is tried with foreign keys on only.
    pub(super) enforced: bool,
    /// The beginning of the statements that the connection does not obey, and what it does instead.
    pub(super) disobeyed: Option<(String, Obedience)>,
    /// Whether it is tried with a crash before each of its statements.
    pub(super) killed: bool,
    /// The parts of the error, if it must be refused.
    pub(super) refused: Option<Vec<String>>,
    pub(super) after: Difference,
    pub(super) behaviours: Vec<Behaviour>,
    pub(super) back: Difference,
}

/// What another connection does while the revision runs.
#[derive(Clone)]
pub(super) struct Meanwhile {
    pub(super) sql: String,
    /// When it ends its transaction; after the run, if there is no time.
    pub(super) ends: Option<Duration>,
}

/// What is not as it was before the upgrade; everything else must be.
#[derive(Default)]
pub(super) struct Difference {
    /// The kind and name of each object that changes, with its text.
    pub(super) objects: BTreeMap<(String, String), Text>,
    /// The table and name of each column whose values change, with the values.
    pub(super) values: BTreeMap<(String, String), Vec<String>>,
    pub(super) queries: Vec<Query>,
}

/// The text of an object in `sqlite_master`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text {
    Stored(String),
    /// What SQLite creates for a constraint has none.
    Automatic,
    Missing,
}

/// A query with its rows.
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) rows: Vec<String>,
}

/// What statements do afterwards, in a transaction that is rolled back.
pub(super) struct Behaviour {
    pub(super) sql: String,
    pub(super) outcome: Outcome,
    /// What holds then.
    pub(super) queries: Vec<Query>,
}

/// What statements come to.
pub(super) enum Outcome {
    Works,
    /// They work on the connection that has run the revision, and are not rolled back.
    WorksThere,
    /// The error has this part.
    Fails(String),
}

impl Case {
    pub(super) fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        let mut case = Self {
            name,
            since: 0,
            before: String::new(),
            kind: Kind::Trials(Vec::new()),
        };
        for section in text.split(&format!("\n{HEADING}")).skip(1) {
            let (heading, body) = section.split_once('\n').unwrap_or((section, ""));
            case.add(heading.trim_end(), body.trim_matches('\n'));
        }
        let complete = match &case.kind {
            Kind::Trials(trials) => !trials.is_empty(),
            Kind::Elsewhere(_) => true,
        };
        assert!(complete, "{}: nothing is tried", case.name);
        case
    }

    fn add(&mut self, heading: &str, body: &str) {
        let name = self.name.clone();
        let (word, rest) = heading.split_once(' ').unwrap_or((heading, ""));
        let trials = match (word, &mut self.kind) {
            ("before", _) => return body.clone_into(&mut self.before),
            ("since", _) => return self.since = version_number(rest),
            ("elsewhere", kind) => {
                let lines = body
                    .lines()
                    .map(|line| line.trim_start_matches("--").trim());
                return *kind = Kind::Elsewhere(lines.collect::<Vec<_>>().join(" "));
            }
            (_, Kind::Trials(trials)) => trials,
            (_, Kind::Elsewhere(_)) => panic!("{name}: `{heading}`, and it is tried elsewhere"),
        };
        if word == "revision" {
            return trials.push(Trial {
                title: if rest.is_empty() { "as it is" } else { rest }.to_owned(),
                revision: body.to_owned(),
                ..Trial::default()
            });
        }
        let trial = trials.last_mut();
        let trial = trial.unwrap_or_else(|| panic!("{name}: `{heading}` before a revision"));
        let known = match (word, rest) {
            ("back", rest) => trial.back.add(rest, body),
            _ => trial.add(word, rest, body) || trial.after.add(heading, body),
        };
        assert!(known, "{name}: no heading is called `{heading}`");
    }
}

impl Trial {
    /// Adds a section that is about the run or about what works after it.
    fn add(&mut self, word: &str, rest: &str, body: &str) -> bool {
        let behaviour = |outcome| Behaviour {
            sql: body.to_owned(),
            outcome,
            queries: Vec::new(),
        };
        match (word, rest) {
            ("connection", "") => body.clone_into(&mut self.connection),
            ("enforced", "") => self.enforced = true,
            ("ignoring", statement) => {
                self.disobeyed = Some((statement.to_owned(), Obedience::Ignores));
            }
            ("failing", statement) => {
                self.disobeyed = Some((statement.to_owned(), Obedience::Fails));
            }
            ("killed", "") => self.killed = true,
            ("journal", mode) => self.journal = Some(mode.to_owned()),
            ("meanwhile", time) => {
                let number = time.strip_suffix(" ms").map(|number| number.parse());
                self.meanwhile = Some(Meanwhile {
                    sql: body.to_owned(),
                    ends: number.map(|number| Duration::from_millis(number.unwrap())),
                });
            }
            ("refused", "") => self.refused = Some(body.lines().map(str::to_owned).collect()),
            ("works", "") => self.behaviours.push(behaviour(Outcome::Works)),
            ("connection", "works") => self.behaviours.push(behaviour(Outcome::WorksThere)),
            ("fails", part) => {
                let outcome = Outcome::Fails(part.to_owned());
                self.behaviours.push(behaviour(outcome));
            }
            ("then", sql) => match self.behaviours.last_mut() {
                Some(behaviour) => behaviour.queries.push(Query::new(sql, body)),
                None => return false,
            },
            _ => return false,
        }
        true
    }
}

impl Difference {
    /// Adds a section; returns whether it is one about a difference.
    fn add(&mut self, heading: &str, body: &str) -> bool {
        let (word, rest) = heading.split_once(' ').unwrap_or((heading, ""));
        let object = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
        match word {
            "table" | "index" | "view" | "trigger" => {
                let text = match body.trim_end().trim_end_matches(';') {
                    "" => Text::Automatic,
                    text => Text::Stored(text.to_owned()),
                };
                self.objects.insert(object(word, rest), text);
            }
            "gone" => {
                let (kind, name) = rest.split_once(' ').unwrap_or((rest, ""));
                self.objects.insert(object(kind, name), Text::Missing);
            }
            "values" => {
                let (table, column) = rest.rsplit_once('.').unwrap_or((rest, ""));
                let lines = body.lines().map(str::to_owned).collect();
                self.values.insert(object(table, column), lines);
            }
            "query" => self.queries.push(Query::new(rest, body)),
            _ => return false,
        }
        true
    }
}

impl Query {
    fn new(sql: &str, body: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            rows: body.lines().map(str::to_owned).collect(),
        }
    }
}

/// Returns the number that SQLite has for a version such as `3.37`.
fn version_number(version: &str) -> i32 {
    let parts = version.split('.').map(|part| part.parse::<i32>().unwrap());
    parts
        .chain([0, 0])
        .take(3)
        .fold(0, |number, part| number * 1000 + part)
}
