//! The version table of a run: its name and its rows.

use alembic_history::{Graph, Rows, VersionTable};

use crate::action::Action;
use crate::engine::{Engine, VersionTableLookup};
use crate::failure::Failure;
use crate::link::Link;
use crate::log::{LastEntry, LogStore};
use crate::refused_request::RefusedRequest;

/// The moment at which the version table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Statements may follow.
    During,
    /// The commit follows: what waits for it, such as deferred triggers, runs first.
    BeforeCommit,
}

/// Whether the table is looked for again before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Again,
    /// It is where it was: nothing has run since that could have changed that, or what is attached to it.
    Known,
}

/// The version table of a run.
#[derive(Debug)]
pub(crate) struct VersionStore {
    /// The table; on PostgreSQL with its schema, once it was found.
    pub(crate) table: VersionTable,
    /// The rows of the table, as far as this run knows; `None` if it does not exist.
    pub(crate) rows: Option<Rows>,
    /// Whether the table of progress exists.
    pub(crate) has_progress: bool,
    /// The table of another migration tool, if there is no version table.
    pub(crate) other_tool: Option<String>,
    /// How many characters of an id the table holds, or would hold once it is created, if the
    /// database enforces that.
    pub(crate) id_limit: Option<usize>,
    /// What the run knows of the log.
    pub(crate) log: LogStore,
    /// Whether the run keeps a log.
    keeps_log: bool,
}

impl VersionStore {
    pub(crate) fn new(table: VersionTable, keeps_log: bool) -> Self {
        Self {
            table,
            rows: None,
            has_progress: false,
            other_tool: None,
            id_limit: None,
            log: LogStore::default(),
            keeps_log,
        }
    }

    /// Looks for the version table, and returns the kind of the object that has its name.
    pub(crate) async fn find(
        &mut self,
        engine: &mut dyn Engine,
        link: &Link<'_>,
    ) -> Result<Option<String>, Failure> {
        let find = engine.find_versions(&self.table);
        let found = match link.query_patiently(find).await {
            Ok(rows) => VersionTableLookup::read(&rows),
            Err(RefusedRequest { action, error }) => {
                let action = engine.first_action(&error, action);
                return Err(RefusedRequest::new(action, error).into());
            }
        };
        self.has_progress = found.has_progress;
        self.id_limit = match found.kind {
            Some(_) => found.id_limit,
            None => engine.new_id_limit(),
        };
        self.log.access = match self.keeps_log {
            true => found.log.clone(),
            false => found.log.clone().switched_off(),
        };
        engine.locate(&found, &mut self.table);
        self.other_tool = found.other_tool;
        Ok(found.kind)
    }

    /// Reads the version table without creating it; from then on, only this run changes the rows.
    pub(crate) async fn read(
        &mut self,
        engine: &mut dyn Engine,
        link: &Link<'_>,
        graph: &Graph,
        (moment, lookup): (Moment, Lookup),
    ) -> Result<(), Failure> {
        let rows = self.read_rows(engine, link, graph, (moment, lookup));
        self.rows = rows.await?;
        Ok(())
    }

    async fn read_rows(
        &mut self,
        engine: &mut dyn Engine,
        link: &Link<'_>,
        graph: &Graph,
        (moment, lookup): (Moment, Lookup),
    ) -> Result<Option<Rows>, Failure> {
        let kind = match lookup {
            Lookup::Known if self.rows.is_some() => Some("table".to_owned()),
            Lookup::Known | Lookup::Again => self.find(engine, link).await?,
        };
        let malformed = |why: String| Failure::MalformedVersionTable {
            table: self.table.quoted(),
            why,
        };
        match kind.as_deref() {
            // Whether it is at base cannot be said.
            None if !engine.has_place(&self.table) => return Err(Failure::NoSchema),
            None => {
                self.log.last = self.read_last_entry(engine, link).await?;
                return Ok(None);
            }
            Some("table") => {}
            Some("index") => return Err(malformed("it is an index".to_owned())),
            Some(kind) => return Err(malformed(format!("it is a {kind}"))),
        }
        let read = match moment {
            Moment::During if self.log.access.can_read() => {
                engine.read_versions_and_log(&self.table, link.is_open)
            }
            Moment::During => engine.read_versions(&self.table, link.is_open),
            Moment::BeforeCommit => engine.read_final_versions(&self.table),
        };
        let found = match link.query_patiently(read).await {
            Ok(found) => found,
            Err(refused) if engine.lacks_column(&refused.error) => {
                return Err(malformed(refused.error.to_string()));
            }
            Err(RefusedRequest { error, .. }) if moment == Moment::BeforeCommit => {
                return Err(RefusedRequest::new(Action::Commit, error).into());
            }
            Err(refused) => return Err(refused.into()),
        };
        let mut rows = Vec::with_capacity(found.len());
        let mut last = None;
        for row in &found {
            match (row.cell(0), row.cell(1)) {
                (Some(version), _) => rows.push(version.to_owned()),
                (None, Some(_)) => last = LastEntry::read(row, 1),
                (None, None) => return Err(malformed("a row holds NULL".to_owned())),
            }
        }
        if moment == Moment::During {
            self.log.last = last;
        }
        Ok(Some(Rows::read(graph, rows)))
    }

    /// Reads the last row of a log that has outlived its version table.
    async fn read_last_entry(
        &self,
        engine: &dyn Engine,
        link: &Link<'_>,
    ) -> Result<Option<LastEntry>, Failure> {
        if !self.log.access.can_read() {
            return Ok(None);
        }
        let read = engine.read_last_entry(&self.table, link.is_open);
        let rows = link.query_patiently(read).await?;
        Ok(rows.first().and_then(|row| LastEntry::read(row, 0)))
    }

    /// Returns the rows; empty if the table does not exist.
    pub(crate) fn rows(&self) -> Rows {
        self.rows.clone().unwrap_or_default()
    }
}
