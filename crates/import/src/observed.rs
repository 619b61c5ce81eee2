//! Migrations that are programs, as the statements that were observed while they ran one at a time.
//!
//! What a program executes comes in as its database saw it. The tool's own work around a migration is cut
//! away here: it makes its table, asks it what is applied, and records what it has done.

use alembic_history::{Dialect, RevisionId};
use alembic_sql::{Split, Statement, StatementKind, TransactionControl, split};

use crate::migration::Script;
use crate::recorded::{Event, RecordedRevision, Recording, words};
use crate::tools::sea_orm::Name;
use crate::{Key, Origin, Tool};

/// A statement that a program executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// SQL, with the values of its parameters.
    Executed(String),
    /// SQL with a value that has no literal.
    Unwritten {
        /// The SQL, without the values.
        sql: String,
        /// Why not.
        why: String,
    },
}

/// A migration, and what was observed while it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedMigration {
    /// What the tool calls it in its table.
    pub version: String,
    /// What it executed on its way up.
    pub upgrade: Vec<Observed>,
    /// What it executed on its way back.
    pub downgrade: Vec<Observed>,
    /// What its way back failed with, if it did.
    pub failed: Option<String>,
}

/// Returns the recording of migrations of a tool, which has recorded them in `table`.
#[must_use]
pub fn observed(
    tool: Tool,
    table: &str,
    dialect: Dialect,
    migrations: &[ObservedMigration],
) -> Recording {
    let own = OwnWork { table, dialect };
    let mut parent: Option<String> = None;
    let revisions = migrations.iter().map(|migration| {
        let version = migration.version.clone();
        let id = id(&version, migrations);
        let file = format!("{version}.rs");
        RecordedRevision {
            parents: parent.replace(id.clone()).into_iter().collect(),
            id,
            doc: doc(&version),
            upgrade: own.cut(&migration.upgrade),
            downgrade: own.cut(&migration.downgrade),
            raised: migration.failed.clone(),
            origin: Some(Origin {
                tool,
                key: Key::Version(version),
                checksum: None,
                file: file.clone(),
            }),
            file,
            ..RecordedRevision::default()
        }
    });
    Recording {
        dialect,
        revisions: revisions.collect(),
    }
}

/// Returns the id of a migration: the date by which people know it, if no other one has it, or what is most like
/// its name.
fn id(version: &str, all: &[ObservedMigration]) -> String {
    let short = |version| Name::parse(version).map(|name| name.short);
    let shared = |wanted: &str| {
        let others = all.iter().filter(|other| other.version != version);
        others
            .filter_map(|other| short(&other.version))
            .any(|other| other == wanted)
    };
    match short(version) {
        Some(short) if !shared(short) => short.to_owned(),
        _ => RevisionId::like(version).map_or_else(|| version.to_owned(), |id| id.to_string()),
    }
}

/// Returns what the name of a migration says, as the docstring of a revision has it.
fn doc(version: &str) -> String {
    let Some(name) = Name::parse(version) else {
        return version.to_owned();
    };
    let message = match name.message.as_str() {
        "" => version,
        message => message,
    };
    let part = |range: std::ops::Range<usize>| &name.digits[range];
    let is_below = |range, limit| part(range).parse::<u32>().is_ok_and(|part| part < limit);
    let is_date = is_below(4..6, 13) && is_below(6..8, 32);
    let is_time = is_below(8..10, 24) && is_below(10..12, 60) && is_below(12..14, 60);
    if !is_date || !is_time || part(4..6) == "00" || part(6..8) == "00" {
        return message.to_owned();
    }
    format!(
        "{message}\n\nCreate Date: {}-{}-{} {}:{}:{}+00:00\n",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..12),
        part(12..14)
    )
}

/// What the tool executes itself, around a migration.
struct OwnWork<'t> {
    table: &'t str,
    dialect: Dialect,
}

impl OwnWork<'_> {
    /// Returns what the migration did, of all that was observed.
    fn cut(&self, observed: &[Observed]) -> Vec<Event> {
        let observed: Vec<Observed> = observed.iter().flat_map(|one| self.divided(one)).collect();
        let start = self.start(&observed);
        let end = self.end(&observed).filter(|end| *end >= start);
        let mut events = Vec::new();
        let mut is_open = false;
        for (index, one) in observed.into_iter().enumerate() {
            let event = match one {
                Observed::Unwritten { sql, why } => Event::Unwritten { sql, why },
                Observed::Executed(sql) => match self.control(&sql) {
                    Some(TransactionControl::Begin) => {
                        is_open = true;
                        continue;
                    }
                    Some(TransactionControl::Commit) => {
                        is_open = false;
                        Event::Committed
                    }
                    Some(TransactionControl::Rollback) => {
                        is_open = false;
                        Event::RolledBack
                    }
                    _ if self.changes_table(&sql) => Event::OfTool { sql },
                    _ => Event::Executed {
                        outside: self.runs_outside(&sql),
                        deliberate: false,
                        sql,
                    },
                },
            };
            if index < start || end.is_some_and(|end| index >= end) {
                continue;
            }
            events.push(event);
            if !is_open {
                events.push(Event::Committed);
            }
        }
        events
    }

    /// Returns the statements of a text one by one: SQLite sees them like that, and PostgreSQL not always.
    fn divided(&self, one: &Observed) -> Vec<Observed> {
        let Observed::Executed(sql) = one else {
            return vec![one.clone()];
        };
        let Split { statements, errors } = split(sql, self.dialect);
        if !errors.is_empty() || statements.len() < 2 {
            return vec![one.clone()];
        }
        let mut start = 0;
        let texts = statements.into_iter().map(|statement| {
            // Comments come before the statement that they are about.
            let text = &sql[start..statement.span.end];
            start = statement.span.end;
            Observed::Executed(text.trim_start_matches(';').trim().to_owned())
        });
        texts.collect()
    }

    /// Returns the index of the first statement of the migration: the tool asks before it what is applied.
    fn start(&self, observed: &[Observed]) -> usize {
        let first = |word| {
            let mut all = observed.iter();
            all.position(|one| self.is_about_table(one, &[word]))
        };
        first("select")
            .or_else(|| first("create"))
            .map_or(0, |own| own + 1)
    }

    /// Returns the index of the statement by which the tool records what it has done.
    fn end(&self, observed: &[Observed]) -> Option<usize> {
        let mut all = observed.iter();
        all.rposition(|one| self.is_about_table(one, &["insert", "delete"]))
    }

    fn is_about_table(&self, one: &Observed, starts: &[&str]) -> bool {
        let (Observed::Executed(sql) | Observed::Unwritten { sql, .. }) = one;
        let mut words = words(sql, self.dialect);
        let first = words.next();
        first.is_some_and(|first| starts.contains(&first.as_str()))
            && words.any(|word| word.eq_ignore_ascii_case(self.table))
    }

    /// Returns whether SQL changes the table of the tool, or its rows.
    fn changes_table(&self, sql: &str) -> bool {
        let words: Vec<String> = words(sql, self.dialect).collect();
        let Some(place) = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case(self.table))
        else {
            return false;
        };
        let before: Vec<&str> = words[..place].iter().map(String::as_str).collect();
        let skipped = ["if", "not", "exists", "only", "public"];
        let before: Vec<&str> = before
            .into_iter()
            .filter(|word| !skipped.contains(word))
            .collect();
        matches!(
            before.as_slice(),
            ["insert", "into"]
                | ["delete", "from"]
                | ["update"]
                | ["create" | "drop" | "alter", "table"]
        )
    }

    fn control(&self, sql: &str) -> Option<TransactionControl> {
        let statements = split(sql, self.dialect).statements;
        match statements.as_slice() {
            [
                Statement {
                    kind: StatementKind::Transaction(control),
                    ..
                },
            ] => Some(*control),
            _ => None,
        }
    }

    fn runs_outside(&self, sql: &str) -> bool {
        Script::whole("", sql)
            .needs_no_transaction(self.dialect)
            .is_some()
    }
}
