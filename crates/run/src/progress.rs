//! How far a revision is whose sections run outside of transactions.
//!
//! What such a section does is there at once, while the version table does not show the revision yet.
//! So a row in a table of its own, beside the version table, tells how many of its statements are
//! done, and which one was begun. The table is there only as long as a revision is unfinished.

use std::time::Duration;

use super::index::Probe;
use super::session::{Partial, Session, WAITING_TURN};
use super::{Action, Event, Fault, Interrupted, Request, Runner, UnfinishedRevision};
use crate::digest::digest;
use alembic_history::{Dialect, Direction, FileStatement, MAX_ID_LENGTH, Node, Plan, VersionTable};
use alembic_sql::literal;

/// The row of an unfinished revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    revision: String,
    direction: String,
    /// How many statements are done.
    pub(super) done: usize,
    /// Whether the one after them was begun, and nobody has told how it ended.
    begun: bool,
    /// The digest of the statements that are done.
    digest: String,
    /// When the row was written.
    since: String,
    /// The server's process that executes the statement that was begun; none on SQLite.
    backend: Option<String>,
}

/// What an unfinished revision means for the run that finds it.
pub(super) enum Unfinished {
    /// There is none, or the run goes on with it.
    GoOn,
    /// Somebody else may be about to finish it.
    Wait,
}

/// Returns a text that changes when one of the statements does.
fn digest_of(statements: &[FileStatement<'_>]) -> String {
    let bytes =
        |statement: &FileStatement<'_>| statement.sql.bytes().chain([0]).collect::<Vec<_>>();
    format!("{:016x}", digest(statements.iter().flat_map(bytes)))
}

/// How far a revision is.
pub(crate) struct Record {
    pub(crate) node: Node,
    pub(crate) direction: Direction,
    /// How many of its statements are done.
    pub(crate) done: usize,
    /// Whether the next one begins.
    pub(crate) begins: bool,
}

/// Returns the statement that creates the table of records beside a version table.
pub(crate) fn create_records(versions: &VersionTable) -> String {
    format!(
        "CREATE TABLE {} (\n\trevision VARCHAR({MAX_ID_LENGTH}) NOT NULL, \n\t\
         direction VARCHAR(9) NOT NULL, \n\tdone INTEGER NOT NULL, \n\tbegun INTEGER, \n\t\
         digest VARCHAR(16) NOT NULL, \n\tprocess INTEGER, \n\tsince TIMESTAMP NOT NULL\n)",
        versions.progress().quoted()
    )
}

impl Runner<'_> {
    /// Returns the digest of the statements that are done.
    fn digest(&self, record: &Record) -> String {
        digest_of(&self.all_statements(record.node, record.direction)[..record.done])
    }

    /// Returns the statement that writes a record beside a version table: the first one of a
    /// revision is a new row.
    pub(crate) fn write_record(
        &self,
        versions: &VersionTable,
        record: &Record,
        is_first: bool,
    ) -> String {
        let Record {
            node,
            direction,
            done,
            begins,
        } = *record;
        let table = versions.progress().quoted();
        let digest = self.digest(record);
        let begun = if begins {
            (done + 1).to_string()
        } else {
            "NULL".to_owned()
        };
        let (backend, now) = match self.dialect {
            Dialect::Sqlite => ("NULL", "CURRENT_TIMESTAMP"),
            Dialect::Postgres => (
                "pg_catalog.pg_backend_pid()",
                "pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'",
            ),
        };
        if is_first {
            let revision = literal(self.history.graph()[node].id.as_str());
            format!(
                "INSERT INTO {table} (revision, direction, done, begun, digest, process, since) \
                 VALUES ({revision}, '{direction}', {done}, {begun}, '{digest}', {backend}, {now})"
            )
        } else {
            format!(
                "UPDATE {table} SET done = {done}, begun = {begun}, digest = '{digest}', \
                 process = {backend}, since = {now}"
            )
        }
    }
}

impl<'h> Session<'h> {
    /// Records that so many statements of a revision are done, and whether the next one begins.
    ///
    /// Within a transaction, the first record creates the table.
    pub(super) async fn record(
        &mut self,
        node: Node,
        direction: Direction,
        done: usize,
        begins: bool,
    ) -> Result<(), Fault> {
        let is_first = self.progress.is_none();
        if is_first && !self.has_progress {
            let create = create_records(&self.table);
            self.execute(Action::WriteProgress, create).await?;
            self.has_progress = true;
        }
        let record = Record {
            node,
            direction,
            done,
            begins,
        };
        let sql = self.runner.write_record(&self.table, &record, is_first);
        // Alone, a record that finds a lock changes nothing.
        let written = self.ask_patiently(Request::Execute(sql.clone().into()));
        let changed = written.await.changed().map_err(|error| Fault::Database {
            action: Action::WriteProgress,
            error,
        })?;
        if changed != 1 {
            return Err(Fault::RowCount {
                table: self.table.progress().quoted(),
                sql,
                changed,
            });
        }
        self.progress = Some(Progress {
            revision: self.runner.history.graph()[node].id.as_str().to_owned(),
            direction: direction.to_string(),
            done,
            begun: begins,
            digest: self.runner.digest(&record),
            since: String::new(),
            backend: None,
        });
        Ok(())
    }

    /// Removes the record of a revision that is whole now, or that a stamp declares to be.
    pub(super) async fn forget_progress(&mut self) -> Result<(), Fault> {
        if self.has_progress {
            let sql = format!("DROP TABLE {}", self.table.progress().quoted());
            self.execute(Action::WriteProgress, sql).await?;
            self.has_progress = false;
            self.progress = None;
        }
        Ok(())
    }

    /// Reads how far an unfinished revision is, if there is one.
    async fn read_progress(&self) -> Result<Option<Progress>, Fault> {
        if !self.has_progress {
            return Ok(None);
        }
        let table = self.table.progress();
        let select = format!(
            "SELECT revision, direction, done, begun, digest, since, process FROM {}",
            table.quoted()
        );
        let rows = self.read(&table, select).await;
        let rows = rows.map_err(|error| Fault::Database {
            action: Action::ReadProgress,
            error,
        })?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let mut cells = row.into_iter();
        let mut cell = || cells.next().flatten();
        Ok(Some(Progress {
            revision: cell().unwrap_or_default(),
            direction: cell().unwrap_or_default(),
            done: cell()
                .and_then(|done| done.parse().ok())
                .unwrap_or_default(),
            begun: cell().is_some(),
            digest: cell().unwrap_or_default(),
            since: cell().unwrap_or_default(),
            backend: cell(),
        }))
    }

    /// Reads what an earlier run has left in part, without looking at the version table.
    pub(super) async fn unfinished(&mut self) -> Result<Option<UnfinishedRevision>, Fault> {
        self.find_version_table().await?;
        let progress = self.read_progress().await?;
        Ok(progress.map(|progress| UnfinishedRevision {
            begun: progress.begun.then_some(progress.done + 1),
            revision: progress.revision,
            direction: progress.direction,
            statements: progress.done,
            // Without the parts of a second.
            since: progress.since.chars().take(19).collect(),
        }))
    }

    /// Tells whether the record is as this run has left it.
    ///
    /// On SQLite, anybody may go on with a revision from the moment on at which no statement of it is
    /// begun.
    pub(super) async fn is_own_progress(&self) -> Result<bool, Fault> {
        if self.runner.dialect == Dialect::Postgres {
            return Ok(true);
        }
        let place = |progress: &Progress| {
            let Progress {
                revision,
                direction,
                done,
                begun,
                ..
            } = progress;
            (revision.clone(), direction.clone(), *done, *begun)
        };
        let found = self.read_progress().await?;
        Ok(found.as_ref().map(place) == self.progress.as_ref().map(place))
    }

    /// Looks at the unfinished revision, if there is one, and decides whether `plan` goes on with
    /// it.
    ///
    /// `waited` tells for how long it was waited for already.
    pub(super) async fn resume_progress(
        &mut self,
        plan: &Plan,
        waited: Duration,
    ) -> Result<Unfinished, Fault> {
        self.progress = self.read_progress().await?;
        let Some(progress) = &self.progress else {
            return Ok(Unfinished::GoOn);
        };
        let graph = self.runner.history.graph();
        let next = plan.steps.first().map(|step| step.revision);
        let node = next.filter(|node| graph[*node].id.as_str() == progress.revision);
        let node = node.filter(|_| plan.direction.to_string() == progress.direction);
        let alive = progress.begun && self.may_be_alive(progress).await?;
        if alive && waited < self.runner.lock_timeout {
            return Ok(Unfinished::Wait);
        }
        let Some(node) = node else {
            return Err(Fault::Unfinished {
                revision: progress.revision.clone(),
                direction: progress.direction.clone(),
                statements: progress.done,
            });
        };
        let statements = self.runner.all_statements(node, plan.direction);
        let done = statements.get(..progress.done);
        if done.is_none_or(|done| digest_of(done) != progress.digest) {
            return Err(Fault::ChangedMeanwhile {
                revision: graph[node].id.clone(),
                path: self.runner.history.file(node).path.clone(),
                statements: progress.done,
            });
        }
        // Until something is committed, the record stays as it is.
        let partial = Partial::of(node, progress.done, progress.begun);
        if let (true, Some(statement)) = (progress.begun, statements.get(progress.done)) {
            let (done, since) = (progress.done, progress.since.clone());
            let policy = match alive {
                true => Interrupted::Refuse,
                false => self.runner.interrupted,
            };
            let probe = match (policy, alive && self.runner.dialect == Dialect::Postgres) {
                (Interrupted::Again, _) => None,
                (_, true) => Some(Probe {
                    happened: None,
                    text: "the server is still at work on it".to_owned(),
                }),
                (_, false) => self.probe(&statement.kind).await,
            };
            let has_not = probe.as_ref().and_then(|probe| probe.happened) == Some(false);
            match policy {
                Interrupted::Again => {}
                Interrupted::Skip if !has_not => {
                    self.record(node, plan.direction, done + 1, false).await?;
                }
                Interrupted::Skip | Interrupted::Refuse => {
                    return Err(Fault::Interrupted {
                        place: Box::new(self.runner.place(node, *statement, done + 1, None)),
                        // Without the parts of a second.
                        since: since.chars().take(19).collect(),
                        found: probe.map(|probe| probe.text),
                        has_not,
                    });
                }
            }
        }
        self.partial = partial;
        Ok(Unfinished::GoOn)
    }

    /// Tells whether the statement that was begun may still be executed.
    async fn may_be_alive(&self, progress: &Progress) -> Result<bool, Fault> {
        let query = match (self.runner.dialect, &progress.backend) {
            // Nobody can tell on SQLite; who says what is to be done knows.
            (Dialect::Sqlite, _) => return Ok(self.runner.interrupted == Interrupted::Refuse),
            (Dialect::Postgres, None) => return Ok(false),
            // The row was written by the same process just before the statement was begun.
            (Dialect::Postgres, Some(process)) => format!(
                // What it does is not shown to every role.
                "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = {} \
                 AND datname = pg_catalog.current_database() \
                 AND pid <> pg_catalog.pg_backend_pid() AND (state IS NULL OR state = 'active' \
                 AND pg_catalog.abs(extract(epoch FROM (query_start AT TIME ZONE 'UTC') \
                 - {}::timestamp)::numeric) < 60::numeric)",
                process.parse::<i32>().unwrap_or_default(),
                literal(&progress.since)
            ),
        };
        let rows = self.port.query(query).await;
        let rows = rows.map_err(|error| Fault::Database {
            action: Action::ReadProgress,
            error,
        })?;
        Ok(!rows.is_empty())
    }

    /// Takes back that the next statement was begun, since it is known not to have happened, and
    /// tells whether that could be recorded: otherwise, the next run says that it may have.
    ///
    /// Where nothing of the revision is done, nothing of it stays.
    pub(super) async fn take_back(
        &mut self,
        node: Node,
        direction: Direction,
        done: usize,
    ) -> bool {
        if done > 0 {
            return self.record(node, direction, done, false).await.is_ok();
        }
        let forgotten = self.forget_revision().await.is_ok();
        if !forgotten {
            // The failure of the statement is the one to tell.
            let _ = self.rollback().await;
        }
        forgotten
    }

    /// Removes the record, and the version table if it is there for the record's sake alone.
    async fn forget_revision(&mut self) -> Result<(), Fault> {
        self.begin().await?;
        self.forget_progress().await?;
        self.drop_own_version_table().await?;
        self.execute(Action::Commit, "COMMIT").await?;
        self.open = false;
        Ok(())
    }

    /// Waits a little for who may be about to finish a revision; `told` is when that was told last.
    pub(super) async fn wait_for_progress(
        &mut self,
        waited: Duration,
        told: &mut Option<Duration>,
    ) -> Result<(), Fault> {
        if told.is_none_or(|told| waited >= told + WAITING_TURN) {
            *told = Some(waited);
            self.tell(Event::Unfinished { waited }).await;
        }
        if let Some(error) = self.rollback().await {
            return Err(Fault::Database {
                action: Action::Rollback,
                error,
            });
        }
        self.port.pause(WAITING_TURN / 4).await;
        Ok(())
    }
}
