//! The states in which an application can find its database when it starts.

use alembic_history::{Code, Expression};
use alembic_migrate::schema::{Hazard, ObjectId, ObjectKind};
use alembic_migrate::{Migrations, Outcome, ensure_all_ready};
use alembic_schema::counting;

use super::{Picture, RowCounts, Trial, Verdict, check_failure, compare, with_order};
use crate::database::scratch::Scratch;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::stale_target::StaleTarget;

impl Trial<'_> {
    /// Returns the schema of a database that went through every revision at once.
    pub(super) fn tracked(&self) -> Result<&Picture> {
        if let Some(known) = self.tracked.get() {
            return Ok(known);
        }
        let mut scratch = self.replay.prepared()?;
        let outcome = self.migrations().upgrade(&mut scratch.connection, "heads");
        outcome.map_err(|error| self.explain(error, &scratch))?;
        let picture = self.schema(&mut scratch)?;
        let rows = count_rows(&picture, &scratch)?;
        let _ = self.tracked_rows.set(rows);
        Ok(self.tracked.get_or_init(|| picture))
    }

    fn ensure(&self, scratch: &mut Scratch) -> Result<Outcome> {
        let below = self.replay.below.iter().map(|known| &known.migrations);
        let crates: Vec<&Migrations> = below.chain([self.migrations()]).collect();
        let reports = ensure_all_ready(&mut scratch.connection, &crates);
        let reports = reports.map_err(|error| self.explain(error, scratch))?;
        let own = reports
            .iter()
            .find(|report| report.package == self.replay.owner.name());
        Ok(own.map_or(Outcome::Ready, |report| report.outcome))
    }

    pub(super) fn fresh(&self) -> Result<Verdict> {
        if let Some(skipped) = self.needs_table() {
            return Ok(skipped);
        }
        let tracked = self.tracked()?;
        let mut scratch = self.replay.empty()?;
        let outcome = self.ensure(&mut scratch)?;
        let fresh = self.schema(&mut scratch)?;
        let reordered = compare("a fresh database", tracked, &fresh);
        let reordered = reordered.map_err(|error| self.explain_stale(error))?;
        let text = match outcome {
            Outcome::Created => {
                let expected = self.tracked_rows.get();
                let found = count_rows(&fresh, &scratch)?;
                check_rows(expected.unwrap_or(&found), &found)?;
                "created whole, with the same schema as from the revisions"
            }
            _ => "created by the revisions",
        };
        Ok(Verdict::Passed(with_order(text.to_owned(), &reordered)))
    }

    /// Adds to an error how the file that empty databases are created by gets in step, if it is not.
    fn explain_stale(&self, error: Error) -> Error {
        let owner = self.replay.owner;
        match StaleTarget::find(owner, self.replay.engine.dialect()) {
            Ok(Some(stale)) => error.help(stale.ways(owner)),
            Ok(None) | Err(_) => error,
        }
    }

    pub(super) fn legacy(&self) -> Result<Verdict> {
        if let Some(skipped) = self.needs_table() {
            return Ok(skipped);
        }
        let baseline = &self.replay.owner.configuration.settings.baseline;
        let parsed: Expression = self.replay.owner.parse(baseline)?;
        let is_base = self.replay.owner.resolve(&parsed, None)?.is_empty();
        let base = self.replay.owner.configuration.settings.base.as_ref();
        let base = base.and_then(|files| files.of(self.replay.engine.dialect()));
        if is_base && base.is_none() {
            return Ok(Verdict::Skipped("no `baseline` is configured".to_owned()));
        }
        let tracked = self.tracked()?;
        let mut scratch = self.replay.prepared()?;
        if !is_base {
            let outcome = self.migrations().upgrade(&mut scratch.connection, baseline);
            outcome.map_err(|error| self.explain(error, &scratch))?;
            let table = self
                .replay
                .owner
                .version_table(self.replay.engine.dialect());
            let table = table.quoted();
            scratch.execute(&format!("DROP TABLE {table}"))?;
        }
        self.ensure(&mut scratch)?;
        let legacy = self.schema(&mut scratch)?;
        let reordered = compare("a legacy database", tracked, &legacy)?;
        let start = base.filter(|_| is_base).unwrap_or(baseline);
        let text = format!("from {start}, same schema");
        Ok(Verdict::Passed(with_order(text, &reordered)))
    }

    pub(super) fn second_start(&self) -> Result<Verdict> {
        let mut scratch = self.replay.empty()?;
        self.ensure(&mut scratch)?;
        let schema = self.schema(&mut scratch)?;
        let rows = scratch.rows()?;
        let outcome = self.ensure(&mut scratch)?;
        let mut faults = Vec::new();
        if let Err(differs) = compare("a second start", &schema, &self.schema(&mut scratch)?) {
            faults = differs.diagnostics;
        }
        if outcome != Outcome::Ready || scratch.rows()? != rows {
            faults.push(Diagnostic::new(Cause::Check, "a second start changes rows"));
        }
        if faults.is_empty() {
            Ok(Verdict::Passed("changes nothing".to_owned()))
        } else {
            Err(check_failure(faults))
        }
    }
}

/// Counts the rows of each table.
fn count_rows(picture: &Picture, scratch: &Scratch) -> Result<RowCounts> {
    let objects = picture.schema.objects.keys();
    let mut counts = RowCounts::new();
    for id in objects.filter(|id| id.kind == ObjectKind::Table) {
        if let Some((_, query)) = counting(&Hazard::DestroysRows(id.clone())) {
            counts.insert(id.clone(), scratch.connection.cell(&query)?);
        }
    }
    Ok(counts)
}

/// Refuses a database that was created whole and lacks rows that the revisions insert.
fn check_rows(expected: &RowCounts, found: &RowCounts) -> Result<()> {
    // That all of them are there was compared before.
    let differs = |table: &&ObjectId| {
        let found = found.get(table);
        found.is_some() && found != expected.get(table)
    };
    let tables: Vec<&ObjectId> = expected.keys().filter(differs).collect();
    if tables.is_empty() {
        return Ok(());
    }
    let title = "a fresh database: the rows differ from those that the revisions insert";
    let mut diagnostic = Diagnostic::new(Cause::Check, title).code(Code::SchemaDiffers);
    let count = |counts: &RowCounts, table| counts.get(table).cloned().unwrap_or_default();
    for table in tables {
        let (expected, found) = (count(expected, table), count(found, table));
        diagnostic = diagnostic.note(format!("{table}: {found} rows instead of {expected}"));
    }
    Err(diagnostic
        .help(
            "insert the same rows in the revisions and in the file that `schema` names, or let empty \
             databases replay the revisions, with `fresh = \"replay\"` under [package.metadata.alembic]",
        )
        .into())
}
