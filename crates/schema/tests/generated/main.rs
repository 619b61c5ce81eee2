//! Changes tables of random databases and takes the changes back: what nobody asked to change must
//! stay as it was.
//!
//! `ALEMBIC_CASES=10000` is the long form; `ALEMBIC_SEED` is the first seed, and `ALEMBIC_FAILURES` the
//! number of failures after which the test ends.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

mod changes;
mod compare;
mod database;
mod execute;
mod objects;
mod picture;
mod random;
mod refusal;
mod rows;
mod tables;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fallible_iterator::FallibleIterator;
use rusqlite::Connection;

use changes::{Asked, Change, place};
use compare::{check_back, check_change};
use database::Database;
use execute::{Outcome, alter};
use picture::{Picture, behaviour, probes, quote};
use random::{Random, dress};
use rows::change_of_rows;
use tables::Table;

/// What was done in one case, for a look at it when it fails.
struct Case {
    connection: Connection,
    log: Vec<String>,
    counts: BTreeMap<String, usize>,
}

impl Case {
    fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        let settings =
            "ATTACH ':memory:' AS aux; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";
        connection.execute_batch(settings).unwrap();
        Self {
            connection,
            log: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    /// Executes a statement of the setup, unless SQLite refuses it.
    fn try_out(&mut self, sql: &str) -> bool {
        let done = self.connection.execute_batch(sql);
        if done.is_ok() {
            self.log.push(sql.to_owned());
        }
        done.is_ok()
    }

    fn alter(&mut self, table: &Table, actions: &[String], random: &mut Random) -> Outcome {
        let written = table.written(random);
        let plain = format!("ALTER TABLE {written} {}", actions.join(" , "));
        let sql = dress(random, &plain);
        self.log.push(format!("{sql} /* our way */"));
        alter(&self.connection, &sql, &mut self.log)
    }

    fn run(&mut self, seed: u64) {
        let random = &mut Random::new(seed);
        let database = Database::generate(random);
        for statement in &database.statements {
            let statement = dress(random, statement);
            let what = match self.try_out(&statement) {
                true => "created",
                false => "not created",
            };
            self.count(what);
        }
        let exists = |table: &&Table| {
            let sql = format!(
                "SELECT 1 FROM {}.{} LIMIT 0",
                table.schema,
                quote(&table.name)
            );
            self.connection.prepare(&sql).is_ok()
        };
        let tables: Vec<&Table> = database.tables.iter().filter(exists).collect();
        if tables.is_empty() {
            return self.count("without a table");
        }
        for turn in 0..80 {
            let table = random.pick(&tables);
            let plain = change_of_rows(random, table, turn < 65);
            let statement = dress(random, &plain);
            self.try_out(&statement);
        }
        if random.chance(40) {
            self.try_out("ANALYZE");
        }
        let table = random.pick(&tables);
        let probes = probes(random, &tables);
        let before = Picture::take(&self.connection);
        if before.rows[&place(table)].is_empty() {
            self.count("tables without rows");
        }
        let did = behaviour(&self.connection, &before, &probes);
        assert_eq!(Picture::take(&self.connection).difference(&before), None);
        let change = Change::generate(random, table, &tables, &before);
        if change.actions.is_empty() {
            return;
        }
        let outcome = self.alter(table, &change.actions, random);
        let after = Picture::take(&self.connection);
        match &outcome {
            Outcome::Nothing => {
                self.count("nothing to do");
                assert_eq!(after.difference(&before), None, "nothing was to be done");
                return;
            }
            Outcome::Native | Outcome::Rebuilt => {
                let what = if matches!(outcome, Outcome::Native) {
                    "native"
                } else {
                    "rebuilt"
                };
                self.count(what);
                if matches!(outcome, Outcome::Native) && before.checks != after.checks {
                    // The run looks at all foreign keys before it commits.
                    return self.count("native, with a foreign key that nothing enforces");
                }
                self.check_text(table, &before, &after);
                if change.types() && before.checks != after.checks {
                    return self.count("a foreign key whose values have another type");
                }
                check_change(table, &change, &before, &after);
            }
            Outcome::Refused(_) | Outcome::Rows(..) | Outcome::Failed(_) => {
                assert_eq!(after.difference(&before), None, "a failure changes nothing");
                self.check_refusal(table, &change, &outcome, random);
                return;
            }
        }
        let Some(back) = &change.back else {
            return;
        };
        let outcome = self.alter(table, back, random);
        let end = Picture::take(&self.connection);
        match outcome {
            Outcome::Native | Outcome::Rebuilt => {
                self.check_text(table, &before, &end);
                let taken_back = check_back(table, &change, &before, &end);
                self.count(taken_back);
                // Whether rows are refused depends on the others that break foreign keys.
                let is_sound = before.checks.iter().all(|line| line == "'ok'");
                if is_sound && change.is_exact && before.rows == end.rows {
                    let does = behaviour(&self.connection, &before, &probes);
                    for (probe, (did, does)) in probes.iter().zip(did.iter().zip(&does)) {
                        let is_alike = did.is_like(does);
                        assert!(is_alike, "{probe} did {did:?}, and does {does:?}");
                    }
                    self.count("behaviour compared");
                }
            }
            Outcome::Nothing => {
                // It set the default that there was, in other words.
                let is_default = |asked: &Asked| matches!(asked, Asked::Default(..));
                assert!(
                    change.asked.iter().all(is_default),
                    "nothing was taken back"
                );
            }
            other => self.check_no_way_back(table, &change, &before, &other),
        }
    }

    /// Checks the edited definition by another reader of SQLite's grammar.
    fn check_text(&mut self, table: &Table, before: &Picture, after: &Picture) {
        let read = |sql: &str| {
            let mut parser = sqlite3_parser::lexer::sql::Parser::new(sql.as_bytes());
            let first = parser.next().map(|command| command.is_some());
            first.map_err(|error| error.to_string())
        };
        let place = place(table);
        match read(&before.texts[&place]) {
            Ok(_) => {
                let after = &after.texts[&place];
                assert_eq!(
                    read(after),
                    Ok(true),
                    "the other parser cannot read {after}"
                );
                self.count("read by the other parser");
            }
            Err(error) => {
                let error = error.lines().next().unwrap_or_default().to_owned();
                self.count(format!(
                    "the other parser cannot read what SQLite can: {error}"
                ));
            }
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(otherwise, |value| value.parse().unwrap())
}

#[test]
fn nothing_changes_but_what_was_asked() {
    let first = number("ALEMBIC_SEED", 1);
    let mut counts = BTreeMap::new();
    let mut failures = 0;
    for seed in first..first + number("ALEMBIC_CASES", 100) {
        let mut case = Case::new();
        let done = catch_unwind(AssertUnwindSafe(|| case.run(seed)));
        for (what, count) in &case.counts {
            *counts.entry(what.clone()).or_insert(0) += count;
        }
        if let Err(panic) = done {
            eprintln!("the case of the seed {seed}:\n{};", case.log.join(";\n"));
            failures += 1;
            if failures >= number("ALEMBIC_FAILURES", 1) {
                resume_unwind(panic);
            }
        }
    }
    eprintln!("{counts:#?}");
    assert_eq!(failures, 0);
}
