//! The runner: one history and the settings of its runs.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use alembic_history::{
    Dialect, Digest, Direction, Edited, FileStatement, History, Node, Plan, Position, Reversal,
    Section, Step, TransactionMode, VersionTable,
};
use alembic_sql as sql;

use crate::alter::{Numbered, Unaltered};
use crate::batch::{Batch, value_to_commit};
use crate::database_error::DatabaseError;
use crate::engine::engine;
use crate::error::RunError;
use crate::failure::{Failure, StatementLocation, StatementScope};
use crate::log::{Author, Fingerprint, LogAction, NewEntry};
use crate::notice::NoticeOrigin;
use crate::policy::{Interruption, Missing};
use crate::refusal::Refusal;
use crate::rehearsed::Rehearsed;
use crate::request::Progress;
use crate::state::DatabaseState;
use crate::target::Schema;

/// One history, and the settings of runs that bring databases to it.
#[derive(Clone, Debug)]
pub struct Runner<'h> {
    /// The crate whose history it is; empty if it has no name.
    pub package: String,
    /// The database as errors name it, without a password, if that is known.
    pub database: Option<String>,
    /// The history.
    pub history: &'h History,
    /// The dialect of the database.
    pub dialect: Dialect,
    /// The version table.
    pub version_table: VersionTable,
    /// What databases hold that are older than the first revision; a replay in an empty one begins
    /// with it.
    pub base: Option<Schema>,
    /// How much one transaction covers.
    pub transaction: TransactionMode,
    /// How long to wait for a lock that another session holds.
    pub lock_timeout: Duration,
    /// The treatment of a statement that may have taken effect.
    pub interruption: Interruption,
    /// Whether to keep a log of what was applied.
    pub log: bool,
    /// Who the log says applies the revisions.
    pub author: Author,
    /// The treatment of applied revisions whose content is another now.
    pub edited: Edited,
    /// The treatment of revisions below the rows that never ran.
    pub missing: Missing,
    /// Whether everything is taken back at its end, instead of committed.
    pub dry_run: bool,
    /// Whether each statement of a revision is sent by itself, and reported with its time.
    pub report_statements: bool,
    /// The rows of the database that a script is for, if it was read: `current` names them.
    pub script_rows: Option<Vec<Node>>,
    /// What the rehearsal of a script has noted.
    pub rehearsed: Rehearsed,
    /// Returns the time since some fixed moment.
    pub clock: fn() -> Duration,
}

/// How long a run waits for a lock by default.
pub const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the time since its first call.
fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

impl<'h> Runner<'h> {
    /// Returns the error of a failure, which names the crate and the database.
    pub(crate) fn error(&self, failure: Failure, state: DatabaseState) -> RunError {
        RunError::new(failure, state)
            .with_package(&self.package)
            .with_database(self.database.as_deref())
    }

    /// Refuses a database that the revisions are not written for, and a version table that it cannot
    /// have.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let dialect = self.dialect;
        if !self.history.is_checked_for(dialect) {
            return Err(Failure::UncheckedDialect { dialect });
        }
        let checked = self.version_table.check(dialect);
        checked.map_err(|why| Failure::InvalidVersionTable {
            table: self.version_table.quoted(),
            why,
        })
    }

    /// Creates a runner with the default version table, one transaction for the whole run, and
    /// [`DEFAULT_LOCK_TIMEOUT`].
    #[must_use]
    pub fn new(history: &'h History, dialect: Dialect) -> Self {
        Self {
            package: String::new(),
            database: None,
            history,
            dialect,
            version_table: VersionTable::default(),
            base: None,
            transaction: TransactionMode::default(),
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            interruption: Interruption::default(),
            log: true,
            author: Author::default(),
            edited: Edited::default(),
            missing: Missing::default(),
            dry_run: false,
            report_statements: false,
            script_rows: None,
            rehearsed: Rehearsed::default(),
            clock: monotonic,
        }
    }

    /// Returns the statement that creates a version table with room for every id, if a new one as runs
    /// create it has not.
    #[must_use]
    pub fn roomy_version_table(&self) -> Option<String> {
        let engine = engine(self.dialect);
        let graph = self.history.graph();
        let longest = graph.nodes().map(|node| graph[node].id.length()).max()?;
        let is_too_long = engine.new_id_limit().is_some_and(|limit| longest > limit);
        is_too_long.then(|| engine.make_room(&self.version_table, false, longest))
    }

    /// Returns the sections of a revision that run on this dialect.
    pub(crate) fn sections(
        &self,
        node: Node,
        direction: Direction,
    ) -> impl Iterator<Item = &'h Section> + use<'h> {
        let file = &self.history.file(node).file;
        file.sections(direction, self.dialect)
    }

    /// Returns the digests of what the revisions do on this dialect, in the order of the graph.
    pub(crate) fn digests(&self) -> &'h [Digest] {
        self.history.digests(self.dialect)
    }

    /// Returns the fingerprint of what lies at or below rows, as the files have it.
    pub(crate) fn fingerprint(&self, rows: &[Node]) -> Fingerprint {
        let graph = self.history.graph();
        Fingerprint::of(graph, self.digests(), &graph.required_by(rows))
    }

    /// Returns the entry for the log of a revision that ran as its file has it; `rows` are those
    /// afterwards.
    pub(crate) fn entry(&self, node: Node, direction: Direction, rows: String) -> NewEntry {
        let revision = &self.history.graph()[node];
        let way_back = match direction {
            Direction::Upgrade => Some(self.history.file(node).way_back(self.dialect)),
            Direction::Downgrade => None,
        };
        NewEntry {
            revision: revision.id.as_str().to_owned(),
            message: revision.message.clone(),
            direction,
            action: LogAction::Run,
            digest: Some(self.digests()[node.index()]),
            rows,
            took: None,
            way_back,
        }
    }

    /// Returns the statements of all sections of a revision that run on this dialect.
    pub(crate) fn all_statements(
        &self,
        node: Node,
        direction: Direction,
    ) -> Vec<FileStatement<'h>> {
        let sections = self.sections(node, direction);
        sections
            .flat_map(|section| section.statements(self.dialect))
            .collect()
    }

    /// Returns the failure of a statement.
    pub(crate) fn statement_failure(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        error: DatabaseError,
        scope: StatementScope,
    ) -> Failure {
        Failure::Statement {
            location: Box::new(self.locate(node, statement, number, error.offset())),
            error,
            scope,
        }
    }

    /// Checks whether every revision of a plan can be reverted, without a database.
    ///
    /// # Errors
    ///
    /// When one is irreversible: the failure that a run would end with.
    pub fn check_way_back(&self, plan: &Plan) -> Result<(), RunError> {
        let checked = self.check_reversible(plan);
        checked.map_err(|failure| self.error(failure, DatabaseState::Unchanged))
    }

    /// Returns the failure of a statement that is refused before anything of its revision runs.
    pub(crate) fn refused(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        refusal: Refusal,
    ) -> Failure {
        let scope = StatementScope::Refused;
        self.statement_failure(node, statement, number, refusal.into(), scope)
    }

    /// Returns the failure of one of the statements that change a table together.
    pub(crate) fn alter_failure(
        &self,
        node: Node,
        statements: &[Numbered<'h>],
        (index, unaltered): (usize, Unaltered),
        scope: StatementScope,
    ) -> Failure {
        let Numbered { statement, number } = statements[index];
        match unaltered {
            Unaltered::Fault(fault) => Failure::Alter {
                location: Box::new(self.locate(node, statement, number, None)),
                fault,
                scope,
            },
            Unaltered::Request(refused) => {
                self.statement_failure(node, statement, number, refused.error, scope)
            }
        }
    }

    /// Refuses a plan with an irreversible revision.
    pub(crate) fn check_reversible(&self, plan: &Plan) -> Result<(), Failure> {
        if plan.direction == Direction::Upgrade {
            return Ok(());
        }
        for step in &plan.steps {
            let file = self.history.file(step.revision);
            let reason = match file.file.reversal(self.dialect) {
                Reversal::Possible => continue,
                Reversal::Declared(reason) => Some(reason.to_owned()),
                Reversal::Missing => None,
            };
            return Err(Failure::Irreversible {
                revision: file.file.header.id.name.clone(),
                path: file.path.clone(),
                reason,
            });
        }
        Ok(())
    }

    /// Returns the location of a statement, or of the part of it at `offset`.
    pub(crate) fn locate(
        &self,
        node: Node,
        statement: FileStatement<'h>,
        number: usize,
        offset: Option<usize>,
    ) -> StatementLocation {
        let file = self.history.file(node);
        let offset = statement.span.start + offset.unwrap_or(0);
        StatementLocation {
            revision: file.file.header.id.name.clone(),
            path: file.path.clone(),
            position: Position::of(&file.text, offset),
            span: statement.span,
            offset,
            statement: number,
            summary: sql::summary(statement.sql, self.dialect),
        }
    }

    /// Returns a statement as the origin of a notice.
    pub(crate) fn origin(&self, node: Node, statement: FileStatement<'h>) -> NoticeOrigin {
        let file = self.history.file(node);
        NoticeOrigin {
            revision: Some(file.file.header.id.name.clone()),
            path: file.path.clone(),
            position: Position::of(&file.text, statement.span.start),
            summary: sql::summary(statement.sql, self.dialect),
            may_speak: statement.kind().may_speak(),
        }
    }

    /// Plans the next steps of `plan` that need no transaction of their own.
    ///
    /// A section outside of transactions commits the steps before it, so nothing that may fail comes
    /// between it and the row of its revision. But where a revision begins with such a section, the
    /// commit of the steps before it records that its first statement begins.
    pub(crate) fn batch(&self, plan: &Plan) -> Batch<'h> {
        if self.dry_run {
            return Batch {
                steps: plan.steps.len(),
                value: None,
            };
        }
        let direction = plan.direction;
        let leaves = |step: &Step| self.leaves_transaction(step, direction);
        let follows = |[before, step]: &[Step; 2]| {
            self.begins_outside(step, direction)
                || match self.transaction {
                    TransactionMode::Revision => false,
                    TransactionMode::Run => !leaves(before) && !leaves(step),
                }
        };
        let pairs = plan.steps.array_windows();
        let steps = plan.steps.len().min(1) + pairs.take_while(|pair| follows(pair)).count();
        let first = self.transactions(&plan.steps[..steps], direction).next();
        let sql = first.unwrap_or_default().iter();
        let sql = sql.map(|step| self.all_statements(step.revision, direction));
        match value_to_commit(sql) {
            None => Batch { steps, value: None },
            Some((steps, value)) => Batch {
                steps,
                value: Some(value),
            },
        }
    }

    /// Returns whether a step leaves its transaction.
    pub(crate) fn leaves_transaction(&self, step: &Step, direction: Direction) -> bool {
        let mut sections = self.sections(step.revision, direction);
        sections.any(|section| !section.transaction)
    }

    /// Returns whether a step leaves its transaction before its first statement.
    fn begins_outside(&self, step: &Step, direction: Direction) -> bool {
        let mut sections = self.sections(step.revision, direction);
        sections
            .find(|section| section.statements(self.dialect).next().is_some())
            .is_some_and(|section| !section.transaction)
    }

    /// Returns the steps of a batch that share a transaction: each but the last one is committed by the
    /// first record of the step after it.
    pub(crate) fn transactions<'s>(
        &self,
        steps: &'s [Step],
        direction: Direction,
    ) -> impl Iterator<Item = &'s [Step]> {
        steps.chunk_by(move |_, step| !self.begins_outside(step, direction))
    }

    /// Returns the progress of a revision: how many of its statements are done, and whether the
    /// next one begins.
    pub(crate) fn progress(
        &self,
        node: Node,
        direction: Direction,
        done: usize,
        is_begun: bool,
    ) -> Progress {
        let statements = self.all_statements(node, direction);
        Progress {
            revision: self.history.graph()[node].id.as_str().to_owned(),
            direction: direction.to_string(),
            done,
            is_begun,
            digest: digest_statements(&statements[..done]),
            since: String::new(),
            process: None,
        }
    }
}

/// Returns a digest that changes when one of the statements does, other than in its line endings,
/// which git may change at any checkout.
pub(crate) fn digest_statements(statements: &[FileStatement<'_>]) -> String {
    let texts = statements.iter().map(|statement| statement.sql);
    Digest::of_texts(texts).to_string()
}
