//! Stops at changes whose costs are not allowed.

use alembic_history::{Code, Settings};
use alembic_migrate::schema::{Change, Cost};

use super::Side;
use crate::output::{Cause, Diagnostic, Error, Result};

/// Refuses changes whose costs neither the argument nor the configuration allows.
pub(super) fn check(
    settings: &Settings,
    argument: Option<&[Cost]>,
    sides: &[Side<'_>],
) -> Result<()> {
    let allowed = match argument {
        Some(costs) => costs.to_vec(),
        None => configured(settings)?,
    };
    let changes = sides.iter().flat_map(|side| &side.upgrade);
    let mut refused: Vec<&Change> = Vec::new();
    for change in changes.filter(|change| !allowed.contains(&change.cost())) {
        if !refused
            .iter()
            .any(|known| known.sentence == change.sentence)
        {
            refused.push(change);
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let mut diagnostic = Diagnostic::new(Cause::Revision, "changes of these costs are not allowed")
        .code(Code::CostNotAllowed);
    let mut costs = allowed;
    for change in refused {
        let cost = change.cost();
        diagnostic = diagnostic.note(format!("{}: {}", cost.as_str(), change.sentence));
        if !costs.contains(&cost) {
            costs.push(cost);
        }
    }
    costs.sort_unstable();
    let costs: Vec<&str> = costs.iter().map(|cost| cost.as_str()).collect();
    Err(diagnostic
        .help(format!(
            "allow them with `--allow {}`, or in `allow` under [package.metadata.alembic]; nothing \
             was written",
            costs.join(",")
        ))
        .into())
}

fn configured(settings: &Settings) -> Result<Vec<Cost>> {
    let costs = settings.allow.iter().map(|name| {
        Cost::named(name).ok_or_else(|| -> Error {
            let known = Cost::ALL.map(Cost::as_str);
            let title = format!("invalid value of `allow`: `{name}` is no cost of a change");
            Diagnostic::new(Cause::Configuration, title)
                .code(Code::InvalidConfigurationValue)
                .help(format!("the costs are {}", known.join(", ")))
                .into()
        })
    });
    costs.collect()
}
