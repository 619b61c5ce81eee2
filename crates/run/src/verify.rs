//! Compares a database with what its revisions make in a scratch database.

use alembic_history::{Direction, Expression, SyntaxError, Versions};
use alembic_schema::{Change, DiffOptions, ObjectKind, Schema as Objects, diff, not_compared};

use crate::action::Action;
use crate::commands::{settled, syntax_failure, versions};
use crate::database_error::{DatabaseError, DatabaseErrorKind};
use crate::error::RunError;
use crate::exchange::{Port, Run};
use crate::failure::Failure;
use crate::inspect::{inspected, leave_out_others};
use crate::refused_request::RefusedRequest;
use crate::report::{Expected, Inspection, Verification};
use crate::runner::Runner;
use crate::schema::created;
use crate::session::Session;
use crate::state::DatabaseState;
use crate::target::Target;

impl<'h> Runner<'h> {
    /// Applies the revisions needed to reach `revisions` in an empty scratch database, after all those of
    /// other crates, and returns what they make.
    ///
    /// A database that has tables or a version table is refused, so that none is migrated by mistake.
    #[must_use]
    pub fn replay(
        self,
        target: Target,
        others: Vec<(Self, Target)>,
        revisions: &str,
    ) -> Run<'h, Result<Expected, RunError>> {
        let revisions = revisions.parse::<Expression>();
        let crates = others.into_iter().chain([(self, target)]);
        // A scratch database keeps what was done.
        let crates = crates.map(|(runner, target)| {
            let runner = Self {
                dry_run: false,
                ..runner
            };
            (runner, target)
        });
        let crates: Vec<_> = crates.collect();
        Run::new(move |port| async move { replay(&crates, revisions, &port).await })
    }

    /// Compares the schema of a database with what its revisions make; `others` are the crates that share
    /// the database.
    #[must_use]
    pub fn verify(
        self,
        target: Target,
        others: Vec<(Self, Target)>,
        expected: &'h Expected,
    ) -> Run<'h, Result<Verification, RunError>> {
        let crates: Vec<_> = others.into_iter().chain([(self, target)]).collect();
        Run::new(
            move |port| async move { verify(&crates, crates.len() - 1, expected, &port).await },
        )
    }
}

/// Applies the revisions of `crates` in an empty database, those of the last one as far as `revisions`.
async fn replay<'h>(
    crates: &[(Runner<'h>, Target)],
    revisions: Result<Expression, SyntaxError>,
    port: &Port<'h>,
) -> Result<Expected, RunError> {
    let own = crates.len() - 1;
    let refused = |failure| crates[own].0.error(failure, DatabaseState::Unchanged);
    let revisions = revisions.map_err(|error| refused(syntax_failure(error)))?;
    let found = inspected(&crates[own..], 0, port).await?;
    check_empty(&found).map_err(refused)?;
    let mut versions = Versions::default();
    for (index, (runner, _)) in crates.iter().enumerate() {
        if let Some(base) = &runner.base {
            created(runner.clone(), base, port).await?;
        }
        let revisions = match index == own {
            true => revisions.clone(),
            false => Expression::heads(None),
        };
        let mut session = Session::open(runner.clone(), port.clone()).await?;
        let graph = runner.history.graph();
        let decide = |rows: &[_]| graph.plan_upgrade(rows, &revisions);
        let outcome = settled(&mut session, Direction::Upgrade, &decide).await;
        versions = session.close(outcome).await?.after;
    }
    let schema = inspected(crates, own, port).await?.schema;
    Ok(Expected { versions, schema })
}

/// Refuses a database that is not empty.
fn check_empty(found: &Inspection) -> Result<(), Failure> {
    let objects = found.schema.objects.keys();
    let tables = objects.filter(|id| id.kind == ObjectKind::Table);
    let tables: Vec<String> = tables.map(|id| id.name.to_string()).collect();
    match tables.is_empty() && !found.has_version_table {
        true => Ok(()),
        false => Err(Failure::NotEmpty { tables }),
    }
}

/// Compares the schema of a database with what the revisions of one of `crates` make.
async fn verify<'h>(
    crates: &[(Runner<'h>, Target)],
    index: usize,
    expected: &Expected,
    port: &Port<'h>,
) -> Result<Verification, RunError> {
    let runner = &crates[index].0;
    // A migrator that ran in between would be taken for drift.
    let (found, schema) = loop {
        let before = versions(runner.clone(), port).await?;
        let inspection = inspected(crates, index, port).await?;
        if versions(runner.clone(), port).await? == before {
            break (before, inspection.schema);
        }
    };
    let mut made = expected.schema.clone();
    leave_out_others(&mut made, crates, index);
    let is_there = found == expected.versions;
    let changes = |from: &Objects, to: &Objects| match is_there {
        true => changes(from, to),
        false => Ok(Vec::new()),
    };
    let drift = changes(&made, &schema)?;
    let undo = changes(&schema, &made)?;
    Ok(Verification {
        versions: found,
        expected: expected.versions.clone(),
        drift,
        undo,
        not_compared: not_compared(&made, &schema),
    })
}

fn changes(from: &Objects, to: &Objects) -> Result<Vec<Change>, RunError> {
    diff(from, to, DiffOptions::default()).map_err(|error| {
        let error = DatabaseError::new(DatabaseErrorKind::Other, error);
        let refused = RefusedRequest::new(Action::DescribeSchema, error);
        RunError::new(refused.into(), DatabaseState::Unchanged)
    })
}

/// Fails if a database has something else than the revisions of one of `crates` make.
pub(crate) async fn check<'h>(
    crates: &[(Runner<'h>, Target)],
    index: usize,
    expected: &Expected,
    port: &Port<'h>,
) -> Result<(), RunError> {
    let verification = verify(crates, index, expected, port).await?;
    match verification.is_sound() {
        true => Ok(()),
        false => {
            let failure = Failure::Drift(Box::new(verification));
            Err(crates[index].0.error(failure, DatabaseState::Unchanged))
        }
    }
}
