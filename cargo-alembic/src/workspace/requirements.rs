//! Revisions that depend on revisions of other crates.

use std::collections::HashMap;

use alembic_history::{
    Code, CrateHistory, Direction, Node, RequirementErrorKind, in_dependency_order,
};

use super::{Access, Configuration, Crate, Workspace};
use crate::database::Database;
use crate::explain;
use crate::output::{Cause, Diagnostic, Error, Hint, Result, Subcommand, Suggestion};

/// Crates in the order of the dependencies between their revisions.
pub(crate) struct CrateOrder {
    /// The crates that the command is for.
    pub(crate) chosen: Vec<Crate>,
    /// Other crates that they depend on.
    others: Vec<Crate>,
    /// The names of all of them, each after those that it depends on.
    names: Vec<String>,
}

/// The database of a crate other than the one that a command works on.
struct Neighbor<'n> {
    database: &'n Database,
    /// Whether it is not the database that an argument names.
    elsewhere: bool,
}

/// The rows that crates will have in their version tables once their plans have run; other crates
/// have the rows in their databases.
pub(crate) type PlannedRows<'p> = HashMap<&'p str, Vec<Node>>;

impl Workspace {
    /// Sorts crates by their dependencies, and reads the other crates that they depend on.
    pub(crate) fn order(&self, chosen: Vec<Crate>) -> Result<CrateOrder> {
        let names: Vec<String> = chosen
            .iter()
            .map(|chosen| chosen.name().to_owned())
            .collect();
        let mut all = chosen;
        let order = loop {
            let histories = all.iter().map(|known| CrateHistory {
                package: known.name(),
                history: known.history(),
            });
            let errors = match in_dependency_order(&histories.collect::<Vec<_>>()) {
                Ok(order) => break order,
                Err(errors) => errors,
            };
            // A revision may depend on a crate that the command is not for.
            let missing = errors.iter().find_map(|error| match &error.kind {
                RequirementErrorKind::UnknownCrate(name) => self.find_crate(name).transpose(),
                RequirementErrorKind::UnknownRevision { .. }
                | RequirementErrorKind::OwnCrate(_)
                | RequirementErrorKind::Circle(_) => None,
            });
            let Some(missing) = missing else {
                let explained = errors.iter().map(|error| {
                    let text = file_text(&error.package, &error.path, &all);
                    explain::requirement(error, text.as_deref().unwrap_or_default())
                });
                return Err(explained.collect::<Vec<Diagnostic>>().into());
            };
            let missing = missing?;
            let access = access_to(&missing, &all[..names.len()])?;
            all.push(self.read(missing, &access)?);
        };
        let mut slots: Vec<Option<Crate>> = all.into_iter().map(Some).collect();
        let sorted: Vec<Crate> = order
            .into_iter()
            .filter_map(|index| slots[index].take())
            .collect();
        let all = sorted.iter().map(|known| known.name().to_owned()).collect();
        let is_chosen = |known: &Crate| names.iter().any(|name| name == known.name());
        let (chosen, others) = sorted.into_iter().partition(is_chosen);
        Ok(CrateOrder {
            chosen,
            others,
            names: all,
        })
    }
}

/// Returns the access to another crate than `chosen`.
///
/// An argument that names a database is about the crates that the command is for, and about those
/// that share a database with one of them without it.
pub(crate) fn access_to(other: &Configuration, chosen: &[Crate]) -> Result<Access> {
    let Some(first) = chosen.first() else {
        return Ok(Access::default());
    };
    if first.access.url.is_none() {
        return Ok(first.access.clone());
    }
    let identity = |known: &Configuration| -> Result<_> {
        let found = known.find_database(None)?;
        Ok(found.map(|database| database.identity()))
    };
    let own = identity(other)?;
    for known in chosen {
        if known.name() == other.name || identity(&known.configuration)? == own {
            return Ok(first.access.clone());
        }
    }
    Ok(first.access.for_other_crates())
}

/// Returns the text of a revision file.
fn file_text(package: &str, path: &std::path::Path, crates: &[Crate]) -> Option<String> {
    let owner = crates.iter().find(|known| known.name() == package)?;
    let history = owner.history();
    let mut nodes = owner.graph().nodes();
    let node = nodes.find(|node| history.file(*node).path == path)?;
    Some(history.file(node).text.to_string())
}

fn planned_or_current(
    owner: &Crate,
    database: &Database,
    planned: &PlannedRows<'_>,
) -> Result<Vec<Node>> {
    match planned.get(owner.name()) {
        Some(rows) => Ok(rows.clone()),
        None => owner.current(database),
    }
}

impl CrateOrder {
    /// Returns the crates that the command is for and those of which they need something, each after those
    /// that it depends on, with the revisions that others need of it and that are not applied; `target`
    /// is that of the crates that the command is for.
    pub(crate) fn needs(&self, target: &str) -> Result<Vec<(&Crate, Vec<Node>)>> {
        let mut needs: Vec<(&Crate, Vec<Node>)> = Vec::new();
        for name in &self.names {
            let mut all = self.chosen.iter().chain(&self.others);
            needs.extend(
                all.find(|known| known.name() == name)
                    .map(|own| (own, Vec::new())),
            );
        }
        for index in (0..needs.len()).rev() {
            let (below, rest) = needs.split_at_mut(index);
            let (own, needed) = &mut rest[0];
            let mut chosen = self.chosen.iter();
            let is_chosen = chosen.any(|chosen| chosen.name() == own.name());
            if needed.is_empty() && !is_chosen {
                continue;
            }
            let (graph, database) = (own.graph(), own.database()?);
            let rows = own.current(database)?;
            let applied = graph.required_by(&rows);
            needed.retain(|node| !applied.contains(*node));
            let mut steps = needed.clone();
            if is_chosen {
                let plan = own.plan(Direction::Upgrade, target, &rows, database)?;
                steps.extend(plan.steps.iter().map(|step| step.revision));
            }
            let steps = graph.required_by(&steps);
            let steps = graph.nodes().filter(|node| steps.contains(*node));
            for node in steps.filter(|node| !applied.contains(*node)) {
                for requirement in own.history().file(node).requirements() {
                    let mut others = below.iter_mut();
                    let other = others.find(|(other, _)| other.name() == requirement.package);
                    if let Some((other, needed)) = other {
                        needed.extend(other.graph().named(requirement.revision));
                    }
                }
            }
        }
        needs.retain(|(own, needed)| {
            let mut chosen = self.chosen.iter();
            !needed.is_empty() || chosen.any(|chosen| chosen.name() == own.name())
        });
        Ok(needs)
    }

    /// Returns the crates that `own` depends on and shares a database with, in order.
    pub(crate) fn below(&self, own: &Crate) -> Vec<&Crate> {
        self.below_with(own, &[])
    }

    /// Returns those, if a new revision also depends on the crates that are `named`.
    pub(crate) fn below_with(&self, own: &Crate, named: &[&str]) -> Vec<&Crate> {
        let mut names = vec![own.name()];
        let mut below = Vec::new();
        let all: Vec<&Crate> = self.others.iter().chain(&self.chosen).collect();
        let identity = |known: &Crate| known.configuration.database(None).ok()?.identity();
        let own_identity = identity(own);
        // Each crate comes after its dependencies, so that walking back finds all of them.
        for other in all.iter().rev() {
            let wanted = names.iter().any(|name| {
                let mut crates = all.iter();
                crates.any(|known| known.name() == *name && known.requires(other.name()))
            });
            let wanted = wanted || named.contains(&other.name());
            let shared = own_identity.is_some() && identity(other) == own_identity;
            if wanted && shared && !names.contains(&other.name()) {
                names.push(other.name());
                below.insert(0, *other);
            }
        }
        below
    }

    /// Refuses to apply revisions whose dependencies in other crates are not applied yet, except in
    /// the crates `together`, which the same run brings to their heads.
    pub(crate) fn check_requirements(
        &self,
        own: &Crate,
        pending: &[Node],
        together: &[&Crate],
        planned: &PlannedRows<'_>,
    ) -> Result<()> {
        for node in pending {
            for requirement in own.history().file(*node).requirements() {
                let (package, revision) = (requirement.package, requirement.revision);
                let mut others = self.chosen.iter().chain(&self.others);
                let Some(other) = others.find(|other| other.name() == package) else {
                    continue;
                };
                if together.iter().any(|known| known.name() == package) {
                    continue;
                }
                let neighbor = Neighbor::find(other, own)?;
                let rows = planned_or_current(other, neighbor.database, planned)?;
                let applied = other.graph().required_by(&rows);
                let needed = other.graph().named(revision);
                if !needed.is_some_and(|needed| applied.contains(needed)) {
                    return Err(is_not_met(own, *node, (package, revision), &neighbor));
                }
            }
        }
        Ok(())
    }
}

impl<'n> Neighbor<'n> {
    /// Finds the database of `other`, seen from a command on `own`.
    fn find(other: &'n Crate, own: &Crate) -> Result<Self> {
        Ok(Self {
            database: other.database()?,
            elsewhere: own.access.url.is_some() && other.access.url.is_none(),
        })
    }

    /// Suggests a command about this database.
    fn suggest(&self, subcommand: Subcommand, package: &str, revisions: &[String]) -> Suggestion {
        let suggestion = Suggestion::for_crate(subcommand, package).arguments(revisions);
        match self.elsewhere {
            true => suggestion.elsewhere(),
            false => suggestion,
        }
    }
}

/// Refuses to take revisions from the rows of a crate that applied revisions of other crates depend
/// on.
///
/// `own` is about to lose `lost`; `all` are the crates of the workspace. What is suggested is `way`, a
/// downgrade or a stamp.
pub(crate) fn check_dependents(
    own: &Crate,
    lost: &[Node],
    all: &[Crate],
    planned: &PlannedRows<'_>,
    way: Subcommand,
) -> Result<()> {
    let needs = |other: &Crate, node: Node| {
        let mut requirements = other.history().file(node).requirements();
        requirements.any(|requirement| {
            let named = own.graph().named(requirement.revision);
            requirement.package == own.name() && named.is_some_and(|node| lost.contains(&node))
        })
    };
    for other in all.iter().filter(|other| other.name() != own.name()) {
        let nodes = other.graph().nodes();
        let mut nodes = nodes.filter(|node| needs(other, *node)).peekable();
        if nodes.peek().is_none() {
            continue;
        }
        let neighbor = Neighbor::find(other, own)?;
        let rows = planned_or_current(other, neighbor.database, planned)?;
        let applied = other.graph().required_by(&rows);
        if let Some(node) = nodes.find(|node| applied.contains(*node)) {
            return Err(is_required(own, other, node, &neighbor, way));
        }
    }
    Ok(())
}

fn is_required(
    own: &Crate,
    other: &Crate,
    node: Node,
    neighbor: &Neighbor<'_>,
    way: Subcommand,
) -> Error {
    let (id, name) = (&other.graph()[node].id, other.name());
    let title = format!(
        "revision {id} of crate `{name}` is applied, and depends on a revision that would not be \
         applied any more"
    );
    let graph = other.graph();
    let (deed, before) = match (way, graph.parents(node)) {
        (Subcommand::Stamp, []) => ("stamp that crate first, with ", vec!["base".to_owned()]),
        (Subcommand::Stamp, parents) => {
            let ids = graph.ids(parents).into_iter().map(|id| id.to_string());
            ("stamp that crate first, with ", ids.collect())
        }
        _ => ("revert it first, with ", vec![format!("{id}-1")]),
    };
    let before = neighbor.suggest(way, name, &before);
    Diagnostic::new(Cause::Revision, title)
        .code(Code::RequiredByAnotherCrate)
        .note(format!("in crate `{}`", own.name()))
        .help(Hint::from(deed).command(before))
        .into()
}

fn is_not_met(
    own: &Crate,
    node: Node,
    (package, revision): (&str, &str),
    neighbor: &Neighbor<'_>,
) -> Error {
    let id = &own.graph()[node].id;
    let title =
        format!("revision {id} depends on {revision} of crate `{package}`, which is not applied");
    let upgrade = neighbor.suggest(Subcommand::Upgrade, package, &[revision.to_owned()]);
    let along = Suggestion::for_crate(Subcommand::Upgrade, own.name());
    let along = along.argument("--with-dependencies");
    Diagnostic::new(Cause::Revision, title)
        .code(Code::RequirementNotMet)
        .note(format!(
            "in crate `{}`, database {}",
            own.name(),
            neighbor.database.url
        ))
        .help(Hint::from("apply it with ").command(upgrade))
        .help(Hint::from("or bring along all that is needed, with ").command(along))
        .into()
}
