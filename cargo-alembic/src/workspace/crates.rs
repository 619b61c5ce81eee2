//! A crate with its migrations, and its database.

use std::cell::OnceCell;
use std::time::Duration;

use alembic_history::{
    Expression, Graph, History, Node, Plan, PlanError, ResolveError, Symbol, VersionTable,
};
use alembic_migrate::history::Direction;
use alembic_migrate::report::Status;
use alembic_migrate::{Dialect, Migrations, Report, RunError, Versions};
use alembic_run::DEFAULT_LOCK_TIMEOUT;

use super::evidence::evidence;
use super::{Configuration, ModelPlan};
use crate::args::DatabaseArgs;
use crate::database::Database;
use crate::explain::{self, Lifetime, Source, Storage, Subject};
use crate::output::json::AnswerJson;
use crate::output::{Answer, Error, Layout, Response, Result, Shell, reports};

/// A crate with its migrations, and the database that a command finds for it.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    pub(crate) configuration: Configuration,
    /// The dialects that its revisions are written for.
    pub(crate) dialects: Vec<Dialect>,
    pub(crate) migrations: Migrations,
    pub(super) access: Access,
    source: Source,
    database: OnceCell<Database>,
    /// What states its target schema, unless files do.
    models: Option<ModelPlan>,
}

/// How a command accesses the databases of its crates.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The database that an argument names, instead of the configured one.
    pub(crate) url: Option<String>,
    /// How long to wait for a lock held by another process.
    pub(crate) lock_timeout: Duration,
    pub(crate) target: TargetFile,
    pub(crate) histories: Histories,
}

/// Which of the histories of a crate that has several a command is about, unless one is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Histories {
    /// All of them.
    #[default]
    All,
    /// Those that are written for databases of the dialect of theirs.
    OfDatabase,
}

/// Whether the file of the target schema must exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TargetFile {
    /// It must, if it is configured.
    #[default]
    Needed,
    /// The command is about to write it.
    Optional,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            url: None,
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            target: TargetFile::default(),
            histories: Histories::default(),
        }
    }
}

impl From<&DatabaseArgs> for Access {
    fn from(args: &DatabaseArgs) -> Self {
        Self {
            url: args.url.clone(),
            lock_timeout: args.lock_timeout,
            target: TargetFile::default(),
            histories: Histories::OfDatabase,
        }
    }
}

impl Access {
    /// Returns the access of a command that is about revision files, and reads a database only if it is
    /// asked for what is there.
    pub(crate) fn of_files(args: &DatabaseArgs) -> Self {
        Self {
            histories: Histories::All,
            ..args.into()
        }
    }

    /// Returns the access to crates that the arguments do not choose.
    pub(crate) fn for_other_crates(&self) -> Self {
        Self {
            url: None,
            lock_timeout: self.lock_timeout,
            target: self.target,
            histories: self.histories,
        }
    }
}

impl Crate {
    pub(super) fn new(
        configuration: Configuration,
        dialects: Vec<Dialect>,
        migrations: Migrations,
        access: &Access,
    ) -> Self {
        Self {
            configuration,
            dialects,
            migrations,
            access: access.clone(),
            source: Source::Files,
            database: OnceCell::new(),
            models: None,
        }
    }

    pub(super) fn stated_by(mut self, plan: Option<ModelPlan>) -> Self {
        self.models = plan;
        self
    }

    /// Returns the sources that state the target schema, unless files do.
    pub(crate) fn models(&self) -> Option<&ModelPlan> {
        self.models.as_ref()
    }

    /// Returns whether the crate says how its schema should be.
    pub(crate) fn has_target(&self) -> bool {
        self.models.is_some() || self.configuration.settings.schema.is_some()
    }

    /// Returns how the command accesses the crate's database.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn name(&self) -> &str {
        &self.configuration.name
    }

    pub(crate) fn history(&self) -> &History {
        self.migrations.history()
    }

    /// Returns the crate with the history that the log of its database recorded.
    pub(crate) fn with_recorded(&self, history: History) -> Self {
        Self {
            source: Source::Log,
            migrations: self.migrations.with_history(history),
            ..self.clone()
        }
    }

    /// Returns the crate with another history of its files.
    pub(crate) fn with_history(&self, history: History) -> Self {
        Self {
            migrations: self.migrations.with_history(history),
            ..self.clone()
        }
    }

    pub(crate) fn graph(&self) -> &Graph {
        self.history().graph()
    }

    /// Checks the SQL of the revision files that runs in `direction`, unless that was already done.
    pub(crate) fn check_sql(&self, direction: Direction) -> Result<()> {
        let checked = self.history().check_sql(direction);
        checked.map_err(|error| explain::history(&error, self.name()).about(self.name()))
    }

    /// Refuses a plan for `database` with a revision that cannot be reverted.
    pub(crate) fn check_reversible(&self, plan: &Plan, database: &Database) -> Result<()> {
        let checked = self
            .migrations
            .runner(database.dialect())
            .check_way_back(plan);
        checked.map_err(|error| self.explain(error, database))
    }

    /// Returns the crate's version table in a database of this dialect.
    pub(crate) fn version_table(&self, dialect: Dialect) -> VersionTable {
        self.configuration.version_table(dialect)
    }

    /// Reports the end of a run, and returns how many revisions are pending.
    pub(crate) fn report_run(&self, shell: Shell, report: &Report, took: Duration) -> usize {
        let rows = report.after.revisions.iter();
        let rows = rows.filter_map(|id| self.graph().node(id.as_str()));
        let pending = self.graph().pending(&rows.collect::<Vec<Node>>()).len();
        let what = reports::run(self.name(), report, pending, took);
        shell.status("Finished", what);
        pending
    }

    /// Finds the crate's database on first use: the one named by an argument, or else by the
    /// environment, or else by the configuration.
    pub(crate) fn database(&self) -> Result<&Database> {
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let found = self.configuration.database(self.access.url.as_deref());
        let found = found.map_err(|error| error.about(self.name()))?;
        Ok(self.database.get_or_init(|| found))
    }

    /// Returns whether any revision depends on another crate.
    pub(crate) fn has_requirements(&self) -> bool {
        let history = self.history();
        let mut nodes = self.graph().nodes();
        nodes.any(|node| history.file(node).requirements().next().is_some())
    }

    /// Returns whether any revision depends on the crate `package`.
    pub(crate) fn requires(&self, package: &str) -> bool {
        let history = self.history();
        self.graph().nodes().any(|node| {
            let mut requirements = history.file(node).requirements();
            requirements.any(|requirement| requirement.package == package)
        })
    }

    /// Parses an expression.
    pub(crate) fn parse(&self, expression: &str) -> Result<Expression> {
        let parsed = expression.parse();
        parsed.map_err(|error| self.explain_expression(&ResolveError::Syntax(error), None))
    }

    /// Finds the revisions that `expression` names.
    pub(crate) fn resolve(
        &self,
        expression: &Expression,
        rows: Option<&[Node]>,
    ) -> Result<Vec<Node>> {
        let found = self.graph().resolve(expression, rows);
        found.map_err(|error| self.explain_expression(&error, rows))
    }

    /// Finds the revisions that a new revision follows.
    pub(crate) fn resolve_parents(&self, expression: &Expression) -> Result<Vec<Node>> {
        let found = self.graph().resolve_parents(expression);
        found.map_err(|error| self.explain_expression(&error, None))
    }

    /// Finds the revisions that an expression names, asking the crate's database if necessary.
    pub(crate) fn find_revisions(&self, expression: &str, shell: Shell) -> Result<Vec<Node>> {
        let expression = self.parse(expression)?;
        let rows = match expression.symbol {
            Some(Symbol::Current) => {
                self.report_missing_database(shell)?;
                Some(self.current(self.database()?)?)
            }
            Some(_) | None => None,
        };
        self.resolve(&expression, rows.as_deref())
    }

    /// Reports that the crate's database does not exist, if so: it is then read as an empty one.
    pub(crate) fn report_missing_database(&self, shell: Shell) -> Result<()> {
        let database = self.database()?;
        if database.is_missing() {
            let what = format_args!("{} does not exist yet ({})", database.url, self.name());
            shell.status("Note", what);
        }
        Ok(())
    }

    /// Reads the rows of the version table in `database`.
    pub(crate) fn versions(&self, database: &Database) -> Result<Versions> {
        let mut connection = database.read().map_err(|error| error.about(self.name()))?;
        let versions = self.migrations.current(&mut connection);
        versions.map_err(|error| self.explain(error, database))
    }

    /// Finds the revisions that rows of the version table in `database` name.
    pub(crate) fn revisions(&self, versions: &Versions, database: &Database) -> Result<Vec<Node>> {
        let found = self.graph().rows(&versions.ids());
        found.map_err(|error| {
            // The log may know of rows that no file declares.
            match self.status(database) {
                Err(explained) if matches!(error, PlanError::UnknownRows { .. }) => explained,
                Ok(_) | Err(_) => {
                    explain::plan(&error, self.subject(), Some(&self.storage(database)))
                        .about(self.name())
                }
            }
        })
    }

    /// Finds the revisions that the rows of the version table in `database` name.
    pub(crate) fn current(&self, database: &Database) -> Result<Vec<Node>> {
        self.revisions(&self.versions(database)?, database)
    }

    /// Reads where `database` is, what is pending there and what is unfinished.
    pub(crate) fn status(&self, database: &Database) -> Result<Status> {
        let mut connection = database.read().map_err(|error| error.about(self.name()))?;
        let status = self.migrations.status(&mut connection);
        status.map_err(|error| self.explain(error, database))
    }

    /// Reads where `database` is, and what is pending and unfinished there, unless no file explains its rows.
    pub(crate) fn versions_and_status(
        &self,
        database: &Database,
    ) -> Result<(Versions, Option<Status>)> {
        let mut connection = database.read().map_err(|error| error.about(self.name()))?;
        let versions = self.migrations.current(&mut connection);
        let versions = versions.map_err(|error| self.explain(error, database))?;
        if !versions.unknown.is_empty() {
            return Ok((versions, None));
        }
        let status = self.migrations.status(&mut connection);
        let status = status.map_err(|error| self.explain(error, database))?;
        Ok((versions, Some(status)))
    }

    /// Plans the way from rows of the version table in `database` to a target.
    pub(crate) fn plan(
        &self,
        direction: Direction,
        target: &str,
        rows: &[Node],
        database: &Database,
    ) -> Result<Plan> {
        let target = self.parse(target)?;
        let plan = match direction {
            Direction::Upgrade => self.graph().plan_upgrade(rows, &target),
            Direction::Downgrade => self.graph().plan_downgrade(rows, &target),
        };
        plan.map_err(|error| match direction {
            // The target may be as it should be.
            Direction::Downgrade if database.is_missing() => {
                explain::missing_database(&database.url, self.name())
            }
            Direction::Upgrade | Direction::Downgrade => {
                explain::plan(&error, self.subject(), Some(&self.storage(database)))
                    .about(self.name())
            }
        })
    }

    /// Returns the rows that a stamp of rows in `database` leads to.
    pub(crate) fn plan_stamp(
        &self,
        targets: &[&str],
        rows: &[Node],
        database: &Database,
    ) -> Result<Vec<Node>> {
        let targets = targets.iter().map(|target| self.parse(target));
        let targets = targets.collect::<Result<Vec<Expression>>>()?;
        let plan = self.graph().plan_stamp(rows, &targets).map_err(|error| {
            explain::plan(&error, self.subject(), Some(&self.storage(database))).about(self.name())
        })?;
        Ok(plan.rows)
    }

    /// Explains why an expression cannot be resolved; `rows` are those of the crate's database, if it
    /// was read.
    pub(crate) fn explain_expression(&self, error: &ResolveError, rows: Option<&[Node]>) -> Error {
        let read = rows.and_then(|_| self.database.get());
        let storage = read.map(|database| self.storage(database));
        explain::resolve(error, self.name(), storage.as_ref()).about(self.name())
    }

    /// Explains the failure of a run on `database`.
    pub(crate) fn explain(&self, error: RunError, database: &Database) -> Error {
        self.explain_in(error, database, self.storage(database))
    }

    /// Explains the failure of a run on a database that ends with its check.
    pub(crate) fn explain_trial(&self, error: RunError, database: &Database) -> Error {
        let storage = Storage {
            lifetime: Lifetime::Temporary,
            ..self.storage(database)
        };
        self.explain_in(error, database, storage)
    }

    fn explain_in(&self, error: RunError, database: &Database, storage: Storage<'_>) -> Error {
        let subject = self.subject();
        let evidence = match explain::question(&error, subject, &storage) {
            Some(question) => evidence(&question, &self.migrations, database),
            None => explain::Evidence::Nothing,
        };
        explain::run(error, subject, &storage, &evidence).about(self.name())
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            name: self.name(),
            history: self.history(),
            source: self.source,
        }
    }

    fn storage<'s>(&self, database: &'s Database) -> Storage<'s> {
        Storage {
            url: &database.url,
            table: self.version_table(database.dialect()),
            lifetime: Lifetime::Lasting,
            shown: database.shown(),
        }
    }
}

/// Does `work` on one crate after the other, and stops at the first failure.
///
/// Crates done before a failure keep their answers, since their changes stay committed.
pub(crate) fn answers_one_by_one(
    crates: &[Crate],
    work: impl Fn(&Crate) -> Result<AnswerJson>,
) -> Response {
    let names: Vec<&str> = crates.iter().map(Crate::name).collect();
    let mut answers = Vec::new();
    let mut failed = None;
    for (index, next) in crates.iter().enumerate() {
        match work(next) {
            Ok(json) => answers.push(Answer::new(next.name(), json, String::new())),
            Err(error) => {
                let (done, rest) = names.split_at(index);
                let error = error.about(next.name());
                failed = Some(error.with_other_crates(done, &rest[..1], &rest[1..]));
                break;
            }
        }
    }
    Response::new(answers, Layout::Plain).with_error(failed)
}
