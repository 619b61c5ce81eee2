//! What the engines of a crate have differently.

use std::collections::BTreeMap;

use alembic_history::Code;
use alembic_migrate::schema::{Disagreement, across};
use alembic_schema::Filter;

use super::{Check, CheckResult, Ladder, Verdict, check_failure};
use crate::output::{Cause, Diagnostic, Result};
use crate::schemas::filter_for;
use crate::workspace::Crate;

/// Compares what the revisions make on two engines.
pub(crate) fn engines(owner: &Crate, one: Option<&Ladder>, other: Option<&Ladder>) -> CheckResult {
    let verdict = match (one, other) {
        (Some(one), Some(other)) => compare(owner, one, other).unwrap_or_else(Verdict::Failed),
        _ => Verdict::Skipped("`upgrade` failed".to_owned()),
    };
    CheckResult {
        check: Check::Engines,
        dialect: None,
        verdict,
    }
}

fn compare(owner: &Crate, one: &Ladder, other: &Ladder) -> Result<Verdict> {
    let filter = filter_for(owner, &[], &[])?;
    let top = one.order.len();
    let found = disagreements(owner, &filter, one, other, top);
    if found.is_empty() {
        let text = "the same tables, columns and keys on both engines".to_owned();
        return Ok(Verdict::Passed(text));
    }
    // By the number of revisions after which each of them is there to stay.
    let mut begun: BTreeMap<usize, Vec<Disagreement>> = BTreeMap::new();
    let mut left = found;
    for applied in (0..top).rev() {
        if left.is_empty() {
            break;
        }
        let before = disagreements(owner, &filter, one, other, applied);
        let (stay, begin) = left.into_iter().partition(|next| before.contains(next));
        begun.insert(applied + 1, begin);
        left = stay;
    }
    begun.insert(0, left);
    let begun = begun.iter().filter(|(_, found)| !found.is_empty());
    let faults = begun.map(|(applied, found)| fault(owner, one, *applied, found));
    Ok(Verdict::Failed(check_failure(faults.collect())))
}

/// Returns what differs after a number of revisions, and may not.
fn disagreements(
    owner: &Crate,
    filter: &Filter,
    one: &Ladder,
    other: &Ladder,
    applied: usize,
) -> Vec<Disagreement> {
    let [one, other] = [one, other].map(|ladder| {
        let mut schema = ladder.schemas[applied].schema.clone();
        filter.apply(&mut schema);
        schema
    });
    let mut found = across(&one, &other);
    let allowed = &owner.configuration.settings.engine_specific;
    found.retain(|next| !allowed.iter().any(|pattern| next.is_named_by(pattern)));
    found
}

fn fault(owner: &Crate, ladder: &Ladder, applied: usize, found: &[Disagreement]) -> Diagnostic {
    let title = "SQLite and PostgreSQL get different tables";
    let revision = applied.checked_sub(1).map(|at| ladder.order[at]);
    let title = match revision {
        Some(node) => format!("revision {}: {title}", owner.graph()[node].id),
        None => format!("what is older than the revisions: {title}"),
    };
    let mut fault = Diagnostic::new(Cause::Check, title).code(Code::EnginesDiffer);
    for disagreement in found {
        fault = fault.note(disagreement.to_string());
    }
    if let Some(node) = revision {
        let path = &owner.history().file(node).path;
        fault = fault.note(format!("its file is {}", path.display()));
    }
    if let Some(help) = found.iter().find_map(Disagreement::how_to_number) {
        fault = fault.help(help);
    }
    fault.help(
        "write what is missing into a section of that engine, or name what may differ in \
         `engine-specific` under [package.metadata.alembic], as `table` or `table.column`",
    )
}
