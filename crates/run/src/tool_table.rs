//! Takes over a database of another tool: reads its table, and stamps what that says.

use alembic_history::{Expression, RevisionId, SyntaxError, VersionTable, Versions};

use crate::commands::{syntax_failure, write_stamp};
use crate::error::RunError;
use crate::exchange::Run;
use crate::failure::Failure;
use crate::policy::Purge;
use crate::report::StampReport;
use crate::request::Row;
use crate::runner::Runner;
use crate::session::Session;

/// The table in which another tool records what it has run.
#[derive(Clone, Debug)]
pub struct ToolTable {
    /// The table; without a schema, the one that the connection finds.
    pub table: VersionTable,
    /// The columns to read.
    pub columns: Vec<ToolColumn>,
    /// The column that says in which order the rows were written.
    pub order: &'static str,
    /// Makes the number of the advisory lock that the tool takes on a server of the database's name.
    pub advisory_lock: Option<fn(&str) -> i64>,
}

/// A column of another tool's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolColumn {
    /// A text, a number or a truth value, read as text.
    Text(&'static str),
    /// Bytes, read as hexadecimal digits.
    Bytes(&'static str),
}

/// What another tool has recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolRecord {
    /// There is no such table that can be read safely.
    Missing,
    /// The table is not one of the tool: it lacks these columns.
    Lacks(Vec<&'static str>),
    /// The rows, in the order in which they were written.
    Rows(Vec<Row>),
}

/// What is known when it is decided where a database of another tool is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeOver {
    /// What the tool has recorded.
    pub record: ToolRecord,
    /// The rows of the version table, if it exists.
    pub versions: Option<Versions>,
}

impl ToolColumn {
    const fn name(self) -> &'static str {
        match self {
            Self::Text(name) | Self::Bytes(name) => name,
        }
    }
}

impl<'h> Runner<'h> {
    /// Reads what another tool has recorded, and stamps the revisions that `decide` makes of it, in one
    /// transaction that keeps the tool from running; a refusal of `decide` changes nothing.
    ///
    /// The table of the tool is only read.
    #[must_use]
    pub fn take_over<E: Send + 'h>(
        self,
        tool: ToolTable,
        decide: impl Fn(&TakeOver) -> Result<Vec<RevisionId>, E> + Send + Sync + 'h,
    ) -> Run<'h, Result<Result<StampReport, E>, RunError>> {
        Run::new(move |port| async move {
            let mut session = Session::open(self, port).await?;
            loop {
                let outcome = take_over(&mut session, &tool, &decide).await;
                if let Some(outcome) = session.settle(outcome).await {
                    return session.close(outcome).await;
                }
            }
        })
    }
}

async fn take_over<E>(
    session: &mut Session<'_>,
    tool: &ToolTable,
    decide: &(impl Fn(&TakeOver) -> Result<Vec<RevisionId>, E> + Send + Sync),
) -> Result<Result<StampReport, E>, Failure> {
    // The transaction locks out other migrators by the place of the version table.
    session.read_versions().await?;
    session.begin().await?;
    session.read_versions().await?;
    let record = read(session, tool).await?;
    let rows = session.versions.rows.as_ref();
    let versions = rows.map(|rows| rows.versions(session.graph()));
    let targets = match decide(&TakeOver { record, versions }) {
        Ok(targets) => expressions(&targets).map_err(syntax_failure)?,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let before = write_stamp(session, &targets, Purge::No).await?;
    Ok(Ok(StampReport {
        before,
        after: session.versions.rows().versions(session.graph()),
    }))
}

/// Returns the expressions for revisions; for none, that of the base.
fn expressions(targets: &[RevisionId]) -> Result<Vec<Expression>, SyntaxError> {
    match targets {
        [] => Ok(vec!["base".parse()?]),
        targets => targets.iter().map(|id| id.as_str().parse()).collect(),
    }
}

/// Reads the table, once the tool cannot run any more.
async fn read(session: &mut Session<'_>, tool: &ToolTable) -> Result<ToolRecord, Failure> {
    let find = session.engine.find_tool_table(tool);
    let found = session.link.query(find).await?;
    let Some(first) = found.first() else {
        return Ok(ToolRecord::Missing);
    };
    let known: Vec<&str> = found.iter().filter_map(|row| row.cell(0)).collect();
    let names = tool.columns.iter().map(|column| column.name());
    let lacking = names
        .chain([tool.order])
        .filter(|name| !known.contains(name));
    let mut lacking: Vec<&'static str> = lacking.collect();
    lacking.dedup();
    if !lacking.is_empty() {
        return Ok(ToolRecord::Lacks(lacking));
    }
    if let (Some(number), Some(database)) = (tool.advisory_lock, first.cell(1))
        && let Some(lock) = session.engine.lock_tool(number(database))
    {
        session.link.query(lock).await?;
    }
    if first.is_true(2)
        && let Some(lock) = session.engine.lock_tool_table(tool)
    {
        session.link.execute(lock).await?;
    }
    let read = session.engine.read_tool_table(tool);
    Ok(ToolRecord::Rows(session.link.query(read).await?))
}
