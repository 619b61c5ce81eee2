//! Changes tables of random databases and takes the changes back: what nobody asked to change must
//! stay as it was.
//!
//! `ALEMBIC_CASES` is the number of databases, and `ALEMBIC_SEED` the first one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "what fails to unwrap fails the test, with the place; what was tried is counted"
)]

mod changes;
mod database;
mod execute;
mod picture;
mod random;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use alembic_schema::sqlite::{AlterError, Dependent, Loss, ObjectKind};
use alembic_sql::{Dialect, TokenKind, Tokens};
use fallible_iterator::FallibleIterator;
use rusqlite::Connection;

use changes::{Asked, Change, place};
use database::{Database, Table, change_of_rows};
use execute::{Outcome, alter};
use picture::{Picture, behaviour, probes, query, quote};
use random::{Random, dress};

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
                self.check_text(table, &before, &after);
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
                self.check_back(table, &change, &before, &end, (&did, &probes));
            }
            Outcome::Nothing => panic!("nothing was taken back"),
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

/// Returns a picture without one table, and without what belongs to it.
fn without(picture: &Picture, table: &Table, statistics: bool) -> Picture {
    let mut picture = picture.clone();
    let place = place(table);
    picture.texts.remove(&place);
    picture.columns.remove(&place);
    picture.rows.remove(&place);
    picture.indexes.remove(&place);
    picture.foreign_keys.remove(&place);
    if !statistics {
        let marker = format!("'{}'", table.name);
        picture
            .statistics
            .retain(|line| !line.contains(&marker) || !line.contains(table.schema));
    }
    picture
}

/// Checks that what was asked has changed, and nothing else.
fn check_change(table: &Table, change: &Change, before: &Picture, after: &Picture) {
    let place = place(table);
    let keeps_statistics = change
        .asked
        .iter()
        .all(|asked| matches!(asked, Asked::NotNull(..) | Asked::Default(..) | Asked::Text));
    let mut expected = without(before, table, keeps_statistics);
    let found = without(after, table, keeps_statistics);
    let drops = change
        .asked
        .iter()
        .any(|asked| matches!(asked, Asked::Drop(_)));
    if drops {
        // Indexes may go, and nothing else.
        for (place, text) in &before.texts {
            if !found.texts.contains_key(place) && text.contains("INDEX") {
                expected.texts.remove(place);
            }
        }
    }
    let adds_or_drops = change
        .asked
        .iter()
        .any(|asked| matches!(asked, Asked::Drop(_) | Asked::Add(_)));
    let types = change
        .asked
        .iter()
        .any(|asked| matches!(asked, Asked::Type(_)));
    if adds_or_drops || types {
        expected.views.clone_from(&found.views);
    }
    if drops
        || change
            .asked
            .iter()
            .any(|asked| matches!(asked, Asked::PrimaryKey))
    {
        expected.sequences.clone_from(&found.sequences);
    }
    assert_eq!(
        expected.difference(&found),
        None,
        "what was not asked to change"
    );
    // The columns of the table.
    let mut columns = before.columns[&place].clone();
    let found = &after.columns[&place];
    for asked in &change.asked {
        match asked {
            Asked::NotNull(name, is_set) => {
                for (_, info) in columns.iter_mut().filter(|(column, _)| column == name) {
                    info.1 = i64::from(*is_set);
                }
            }
            Asked::Default(name, to) => {
                for (_, info) in columns.iter_mut().filter(|(column, _)| column == name) {
                    // Shown without the gaps and parentheses that a text of its own may have.
                    let shown = found
                        .iter()
                        .find(|(column, _)| column == name)
                        .unwrap()
                        .1
                        .2
                        .clone();
                    assert_eq!(shown.is_some(), to.is_some(), "the default of {name}");
                    info.2 = shown;
                }
            }
            Asked::Type(name) => {
                for (_, info) in columns.iter_mut().filter(|(column, _)| column == name) {
                    info.0
                        .clone_from(&found.iter().find(|(column, _)| column == name).unwrap().1.0);
                }
            }
            Asked::Add(name) => {
                let new = found.iter().find(|(column, _)| column == name);
                columns.push(new.expect("the column was added").clone());
            }
            Asked::Drop(name) => columns.retain(|(column, _)| column != name),
            Asked::PrimaryKey => {
                for (name, info) in &mut columns {
                    info.3 = found.iter().find(|(column, _)| column == name).unwrap().1.3;
                }
            }
            Asked::Constraint | Asked::Text => {}
        }
    }
    if drops {
        // The key goes with its column.
        for (name, info) in &mut columns {
            info.3 = found.iter().find(|(column, _)| column == name).unwrap().1.3;
        }
    }
    assert_eq!(columns, *found, "the columns");
    let keeps_indexes = change.asked.iter().all(|asked| {
        matches!(
            asked,
            Asked::NotNull(..) | Asked::Default(..) | Asked::Text | Asked::Type(_)
        )
    });
    // SQLite takes the order of such a key from another constraint, if it is one of an INTEGER.
    let is_key_of_rows = table.without_rowid && types;
    if keeps_indexes && !is_key_of_rows {
        assert_eq!(before.indexes[&place], after.indexes[&place], "the indexes");
        assert_eq!(
            before.foreign_keys[&place], after.foreign_keys[&place],
            "the foreign keys"
        );
    }
    // Its rows.
    let (old, new) = (&before.rows[&place], &after.rows[&place]);
    assert_eq!(old.len(), new.len(), "the rows");
    let moves_rows = change
        .asked
        .iter()
        .any(|asked| matches!(asked, Asked::PrimaryKey))
        || table.without_rowid
        || old.iter().any(|(number, _)| number.is_none());
    if moves_rows {
        return;
    }
    for ((number, old), (new_number, new)) in old.iter().zip(new) {
        assert_eq!(number, new_number, "the number of a row");
        for (column, value) in old {
            let is_changed = change.asked.iter().any(|asked| match asked {
                Asked::Drop(name) => name == column,
                // What is generated from it changes with it.
                Asked::Type(name) => {
                    name == column
                        || table
                            .columns
                            .iter()
                            .any(|known| known.name == *column && known.is_generated)
                }
                _ => false,
            });
            let found = new.get(column);
            if !is_changed {
                assert_eq!(
                    found,
                    Some(value),
                    "the value of {column} in row {number:?}"
                );
            } else if let Some(found) = found {
                assert!(is_alike(value, found), "{value} became {found} in {column}");
            }
        }
    }
}

/// Returns whether two values are the same to people: a number, and the text of it.
fn is_alike(one: &str, other: &str) -> bool {
    let plain = |value: &str| {
        let value = value.trim_matches('\'');
        value.strip_suffix(".0").unwrap_or(value).to_owned()
    };
    plain(one) == plain(other)
}

impl Case {
    fn check_back(
        &mut self,
        table: &Table,
        change: &Change,
        before: &Picture,
        end: &Picture,
        (did, probes): (&[String], &[String]),
    ) {
        let place = place(table);
        let mut end_with_text = end.clone();
        let types = change
            .asked
            .iter()
            .any(|asked| matches!(asked, Asked::Type(_)));
        let (old, new) = (&before.texts[&place], &end.texts[&place]);
        if change.is_exact {
            self.count(match old == new {
                true => "taken back to the byte",
                false => "taken back but for white space",
            });
            assert_eq!(without_space(old), without_space(new));
            end_with_text.texts.insert(place.clone(), old.clone());
        } else {
            self.count("taken back");
            end_with_text
                .texts
                .insert(place.clone(), before.texts[&place].clone());
            let columns = end_with_text.columns.get_mut(&place).unwrap();
            for ((name, info), (_, old)) in columns.iter_mut().zip(&before.columns[&place]) {
                let same = |text: &Option<String>| {
                    text.clone()
                        .map(|text| text.split_whitespace().collect::<String>())
                };
                assert_eq!(info.2.is_some(), old.2.is_some(), "the default of {name}");
                let _ = same;
                info.2.clone_from(&old.2);
                if types {
                    info.0.clone_from(&old.0);
                }
                // A conflict clause does not come back with its constraint.
            }
        }
        if types {
            // `1` as a text, and back.
            for rows in [&place] {
                let (old, new) = (&before.rows[rows], end_with_text.rows[rows].clone());
                assert_eq!(old.len(), new.len());
                for ((_, old), (_, new)) in old.iter().zip(&new) {
                    for (column, value) in old {
                        assert!(
                            is_alike(value, &new[column]),
                            "{value} became {}",
                            new[column]
                        );
                    }
                }
                end_with_text.rows.insert(place.clone(), old.clone());
            }
            end_with_text.views.clone_from(&before.views);
        }
        let mut expected = before.clone();
        let keeps_statistics = change
            .asked
            .iter()
            .all(|asked| matches!(asked, Asked::NotNull(..) | Asked::Default(..) | Asked::Text));
        if !keeps_statistics {
            let marker = format!("'{}'", table.name);
            for picture in [&mut expected, &mut end_with_text] {
                picture.statistics.retain(|line| !line.contains(&marker));
            }
        }
        if change
            .asked
            .iter()
            .any(|asked| matches!(asked, Asked::PrimaryKey))
        {
            end_with_text.sequences.clone_from(&expected.sequences);
        }
        assert_eq!(
            expected.difference(&end_with_text),
            None,
            "after it was taken back"
        );
        if change.is_exact && (!types || before.rows == end.rows) {
            let does = behaviour(&self.connection, before, probes);
            for (did, does) in did.iter().zip(&does) {
                assert_eq!(did, does, "what a statement does");
            }
            self.count("behaviour compared");
        }
    }

    fn check_no_way_back(
        &mut self,
        table: &Table,
        change: &Change,
        before: &Picture,
        outcome: &Outcome,
    ) {
        // What was there before may break what is asked for again.
        let (asked, texts) = (&change.asked, &before.texts[&place(table)]);
        self.log.push(format!("{asked:?}"));
        match outcome {
            Outcome::Rows(loss, _) => {
                let is_right = match loss {
                    Loss::Changed { .. } => {
                        asked.iter().any(|asked| matches!(asked, Asked::Type(_)))
                    }
                    Loss::Null { .. } => {
                        asked.iter().any(|asked| matches!(asked, Asked::PrimaryKey))
                    }
                    _ => false,
                };
                assert!(is_right, "not taken back: {outcome:?}\n{texts}");
                self.count(format!("not taken back: {}", name_of(loss)));
            }
            Outcome::Refused(AlterError::InPrimaryKey { column, .. }) => {
                let columns = &before.columns[&place(table)];
                assert!(
                    columns
                        .iter()
                        .any(|(name, info)| name == column && info.3 > 0)
                );
                self.count("not taken back: InPrimaryKey");
            }
            _ => panic!("not taken back: {outcome:?}\n{texts}"),
        }
    }

    /// Has a second look at what was refused.
    fn check_refusal(
        &mut self,
        table: &Table,
        change: &Change,
        outcome: &Outcome,
        random: &mut Random,
    ) {
        match outcome {
            Outcome::Refused(error) => {
                let is_right = self.is_right(table, change, error, random);
                let text = &Picture::take(&self.connection).texts[&place(table)];
                assert!(
                    is_right,
                    "refused: {error}: {change:?}\n{text}",
                    change = change.actions
                );
                let error = format!("{error:?}");
                let kind = error
                    .split([' ', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                self.count(format!("refused: {kind}"));
            }
            Outcome::Rows(loss, count) => {
                self.check_rows(table, loss, *count);
                self.count(format!("rows: {}", name_of(loss)));
            }
            Outcome::Failed(message) => {
                let message = message.to_owned();
                self.count(format!(
                    "failed: {}",
                    message.chars().take(60).collect::<String>()
                ));
                if std::env::var_os("ALEMBIC_STRICT").is_some() {
                    panic!("failed: {message}: {:?}", change.actions);
                }
            }
            Outcome::Nothing | Outcome::Native | Outcome::Rebuilt => {}
        }
    }

    fn is_right(
        &mut self,
        table: &Table,
        change: &Change,
        error: &AlterError,
        random: &mut Random,
    ) -> bool {
        let place = place(table);
        let picture = Picture::take(&self.connection);
        let columns = &picture.columns[&place];
        let drops = |name: &str| {
            change.asked.iter().any(
                |asked| matches!(asked, Asked::Drop(dropped) if dropped.eq_ignore_ascii_case(name)),
            )
        };
        match error {
            AlterError::LastColumn { .. } => {
                let dropped = columns.iter().filter(|(name, _)| drops(name)).count();
                dropped == columns.len()
            }
            AlterError::NeedsPrimaryKey { .. } => {
                table.without_rowid
                    && (columns.iter().any(|(name, info)| info.3 > 0 && drops(name))
                        || change
                            .asked
                            .iter()
                            .any(|asked| matches!(asked, Asked::PrimaryKey)))
            }
            AlterError::HasPrimaryKey { .. } => columns.iter().any(|(_, info)| info.3 > 0),
            AlterError::InPrimaryKey { column, .. } => columns
                .iter()
                .any(|(name, info)| name == column && info.3 > 0),
            AlterError::NumbersRows { column, .. } => columns.iter().any(|(name, info)| {
                name == column && info.3 > 0 && info.0.eq_ignore_ascii_case("INTEGER")
            }),
            AlterError::Generated { column, .. } => columns
                .iter()
                .any(|(name, info)| name == column && info.4 > 1),
            // It went with a column.
            AlterError::NoConstraint { .. } => change
                .asked
                .iter()
                .any(|asked| matches!(asked, Asked::Drop(_))),
            AlterError::NoKey { .. } => !columns.iter().any(|(_, info)| info.3 > 0),
            AlterError::KeyLength { parent_columns, .. } => parent_columns.len() > 1,
            AlterError::Needed { by, .. } => {
                let mut dropped = 0;
                for dependent in by {
                    dropped += usize::from(self.drop_dependent(table, dependent));
                }
                if dropped < by.len() {
                    return true;
                }
                let again = self.alter(table, &change.actions, random);
                match again {
                    Outcome::Refused(AlterError::Needed { by: others, .. }) => others != *by,
                    _ => true,
                }
            }
            _ => false,
        }
    }

    fn drop_dependent(&mut self, table: &Table, dependent: &Dependent) -> bool {
        let sql = match dependent {
            Dependent::Object { kind, name } => {
                let kind = match kind {
                    ObjectKind::Trigger => "TRIGGER",
                    ObjectKind::View => "VIEW",
                    ObjectKind::Index => "INDEX",
                    ObjectKind::Table => return false,
                };
                let temp = format!("DROP {kind} temp.{}", quote(name));
                if self.try_out(&temp) {
                    return true;
                }
                format!("DROP {kind} {}.{}", table.schema, quote(name))
            }
            Dependent::ForeignKey { table: child, .. } if *child == table.name => return false,
            Dependent::ForeignKey {
                table: child,
                columns,
            } => {
                assert!(!columns.is_empty());
                format!(
                    "PRAGMA foreign_keys = OFF; DROP TABLE {}.{}",
                    table.schema,
                    quote(child)
                )
            }
            Dependent::GeneratedColumn { .. } => return false,
        };
        self.try_out(&sql)
    }

    /// Counts the rows that are to blame in another way.
    fn check_rows(&mut self, table: &Table, loss: &Loss, count: u64) {
        let name = format!("{}.{}", table.schema, quote(&table.name));
        match loss {
            Loss::Null { columns } if columns.iter().all(|column| !column.starts_with("new ")) => {
                let condition: Vec<String> = columns
                    .iter()
                    .map(|column| format!("{} IS NULL", quote(column)))
                    .collect();
                let sql = format!(
                    "SELECT count(*) FROM {name} WHERE {}",
                    condition.join(" OR ")
                );
                assert_eq!(
                    query(&self.connection, &sql).unwrap()[0][0],
                    count.to_string()
                );
            }
            Loss::Null { .. } | Loss::Check { .. } | Loss::Changed { .. } => assert!(count > 0),
            Loss::Duplicate { .. } | Loss::Dangling { .. } => assert!(count > 0),
        }
    }
}

/// Returns the tokens of a text, comments too.
fn without_space(sql: &str) -> Vec<&str> {
    Tokens::new(sql, Dialect::Sqlite)
        .filter(|token| token.kind != TokenKind::Whitespace)
        .map(|token| token.span.text(sql))
        .collect()
}

fn name_of(loss: &Loss) -> &'static str {
    match loss {
        Loss::Null { .. } => "NULL",
        Loss::Duplicate { .. } => "duplicates",
        Loss::Check { .. } => "a check",
        Loss::Dangling { .. } => "dangling",
        Loss::Changed { .. } => "other values",
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
    for seed in first..first + number("ALEMBIC_CASES", 300) {
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
