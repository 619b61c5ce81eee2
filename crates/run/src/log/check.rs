//! Refuses changes to a database whose log differs from the files.

use std::path::PathBuf;

use alembic_history::{Direction, Edited, Node, Plan, PlanError, Step};

use super::compare::Differences;
use super::write::{Whole, examine};
use super::{Log, LoggedRevision};
use crate::event::Event;
use crate::failure::Failure;
use crate::policy::Missing;
use crate::session::Session;

/// Returns whether an upgrade applies hidden revisions: only where the log can say so afterwards.
pub(crate) fn applies_missing(session: &Session<'_>) -> bool {
    let access = &session.versions.log.access;
    session.runner.missing == Missing::Apply && access.can_write() && access.is_compared()
}

/// Adds the hidden revisions to an upgrade that applies them: they lie below the rows, so they come
/// first and change no row. Only what an earlier run has left unfinished comes before.
pub(crate) fn with_missing(session: &Session<'_>, differences: &Differences, plan: &mut Plan) {
    if !applies_missing(session) || plan.direction != Direction::Upgrade {
        return;
    }
    let first = usize::from(session.versions.has_progress).min(plan.steps.len());
    let hidden = differences.hidden.iter().map(|node| Step {
        revision: *node,
        rows: Vec::new(),
    });
    plan.steps.splice(first..first, hidden);
}

/// Refuses a plan for a database whose log differs from the files, in what the plan builds on.
///
/// An upgrade builds on everything that is applied; a downgrade only on what it reverts. But what was
/// removed is always told: a downgrade could leave it without a row that stands for it.
pub(crate) async fn check(
    session: &mut Session<'_>,
    differences: &Differences,
    plan: &Plan,
) -> Result<(), Failure> {
    if !session.versions.log.access.is_compared() {
        return Ok(());
    }
    let is_touched = |node: Node| match plan.direction {
        Direction::Upgrade => true,
        Direction::Downgrade => plan.steps.iter().any(|step| step.revision == node),
    };
    let will_run = plan.direction == Direction::Upgrade && applies_missing(session);
    let hidden = differences.hidden.iter().copied();
    let hidden = hidden.filter(|node| is_touched(*node) && !will_run);
    let hidden: Vec<Node> = hidden.collect();
    if !hidden.is_empty() {
        return Err(hidden_failure(session, &hidden, plan.direction));
    }
    let removed = differences.removed.iter();
    let removed: Vec<_> = removed
        .map(|logged| (logged.clone(), file(session, &logged.revision)))
        .collect();
    if !removed.is_empty() {
        return Err(Failure::Removed { revisions: removed });
    }
    let edited = differences.edited.iter();
    let edited: Vec<(LoggedRevision, PathBuf)> = edited
        .filter(|(node, _)| is_touched(*node))
        .map(|(node, logged)| {
            let path = session.runner.history.file(*node).path.clone();
            (logged.clone(), path)
        })
        .collect();
    if edited.is_empty() {
        return Ok(());
    }
    match session.runner.edited {
        Edited::Refuse => Err(Failure::Edited { revisions: edited }),
        Edited::Warn if session.versions.log.has_told => Ok(()),
        Edited::Warn => {
            session.versions.log.has_told = true;
            let revisions = edited.into_iter().map(|(logged, _)| logged).collect();
            session.link.report(Event::Edited { revisions }).await;
            Ok(())
        }
    }
}

fn hidden_failure(session: &Session<'_>, hidden: &[Node], direction: Direction) -> Failure {
    let history = session.runner.history;
    let revisions = hidden.iter().map(|node| {
        let id = session.graph()[*node].id.clone();
        (id, history.file(*node).path.clone())
    });
    Failure::Hidden {
        revisions: revisions.collect(),
        direction,
    }
}

/// Returns the file that declares a revision.
fn file(session: &Session<'_>, revision: &str) -> Option<PathBuf> {
    let node = session.graph().node(revision)?;
    Some(session.runner.history.file(node).path.clone())
}

/// Returns the revisions that the rows name, or the failure that says what the log knows of the
/// others.
pub(crate) async fn nodes(session: &mut Session<'_>) -> Result<Vec<Node>, Failure> {
    let rows = match session.versions.rows().known() {
        Ok(nodes) => return Ok(nodes.to_vec()),
        Err(PlanError::UnknownRows { rows }) => rows,
        Err(error) => return Err(error.into()),
    };
    examine(session, Whole::Always).await?;
    let graph = session.graph();
    let is_unknown = |logged: &&LoggedRevision| graph.node(&logged.revision).is_none();
    let log = session.versions.log.current();
    let applied = log.map(Log::applied).unwrap_or_default();
    let logged = applied.iter().copied().filter(is_unknown).cloned();
    let logged: Vec<LoggedRevision> = logged.collect();
    Err(Failure::UnknownRows {
        rows,
        is_known: logged.len() < applied.len(),
        logged,
    })
}
