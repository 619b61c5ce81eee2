//! Revisions that depend on revisions of other crates.

use std::collections::HashMap;

use alembic_history::{
    Code, CrateHistory, Node, RequirementError, RequirementErrorKind, in_dependency_order,
};

use crate::commands::DatabaseArgs;
use crate::context::Context;
use crate::database::Database;
use crate::diagnostic::{Diagnostic, Error, Place, Result};
use crate::exit::Exit;
use crate::member::Loaded;

/// Crates in the order in which their revisions depend on each other.
pub(crate) struct Ordered {
    /// The crates that the command is for.
    pub(crate) chosen: Vec<Loaded>,
    /// Other crates that they depend on.
    beside: Vec<Loaded>,
}

/// The database of another crate.
struct Beside {
    database: Database,
    /// Whether it is another one than an argument names.
    elsewhere: bool,
}

/// The rows that crates will have in their version tables, once they have done what is planned;
/// those that are not here have what is in the database.
pub(crate) type Planned<'p> = HashMap<&'p str, Vec<String>>;

/// Sorts crates, and reads those that they depend on.
pub(crate) fn ordered(context: &Context, chosen: Vec<Loaded>) -> Result<Ordered> {
    let names: Vec<String> = chosen
        .iter()
        .map(|crate_| crate_.name().to_owned())
        .collect();
    let mut all = chosen;
    let order = loop {
        let histories: Vec<CrateHistory<'_>> = all
            .iter()
            .map(|crate_| CrateHistory {
                package: crate_.name(),
                history: crate_.history(),
            })
            .collect();
        let errors = match in_dependency_order(&histories) {
            Ok(order) => break order,
            Err(errors) => errors,
        };
        // A crate that the command is not for may still be what a revision depends on.
        let missing = errors.iter().find_map(|error| match &error.kind {
            RequirementErrorKind::UnknownCrate(name) => context.member_named(name).transpose(),
            RequirementErrorKind::UnknownRevision { .. }
            | RequirementErrorKind::OwnCrate(_)
            | RequirementErrorKind::Circle(_) => None,
        });
        match missing {
            Some(member) => all.push(member?.load(None)?),
            None => {
                let diagnostics = errors.iter().map(|error| explain(error, &all));
                return Err(Error {
                    exit: Exit::History,
                    diagnostics: diagnostics.collect(),
                });
            }
        }
    };
    let mut slots: Vec<Option<Loaded>> = all.into_iter().map(Some).collect();
    let sorted = order.into_iter().filter_map(|index| slots[index].take());
    let is_chosen = |crate_: &Loaded| names.iter().any(|name| name == crate_.name());
    let (chosen, beside) = sorted.partition(is_chosen);
    Ok(Ordered { chosen, beside })
}

fn explain(error: &RequirementError, crates: &[Loaded]) -> Diagnostic {
    let owner = crates.iter().find(|crate_| crate_.name() == error.package);
    let text = owner.and_then(|crate_| {
        let history = crate_.history();
        let mut nodes = crate_.graph().nodes();
        let node = nodes.find(|node| history.file(*node).path == error.path)?;
        Some(history.file(node).text.to_string())
    });
    Diagnostic::new(error.kind.to_string())
        .code(error.kind.code())
        .place(Place {
            path: error.path.display().to_string(),
            text: text.unwrap_or_default(),
            span: error.span.range(),
            label: None,
        })
        .help(error.kind.help())
}

fn rows_of(
    crate_: &Loaded,
    database: &Database,
    planned: &Planned<'_>,
    args: &DatabaseArgs,
) -> Result<Vec<Node>> {
    match planned.get(crate_.name()) {
        Some(rows) => crate_.rows(rows, database),
        None => crate_.rows(&database.rows(crate_, args.lock_timeout)?, database),
    }
}

impl Ordered {
    /// Finds the database of `other`, seen from a command on `crate_`.
    ///
    /// An argument that names a database is about all crates that the command is for, and about
    /// those that share the database of `crate_` without it.
    fn database_beside(
        &self,
        other: &Loaded,
        crate_: &Loaded,
        args: &DatabaseArgs,
    ) -> Result<Beside> {
        let of = |url, elsewhere| {
            let database = Database::of(&other.member, url)?;
            Ok(Beside {
                database,
                elsewhere,
            })
        };
        let Some(url) = args.url.as_deref() else {
            return of(None, false);
        };
        let place = |crate_: &Loaded| {
            let found = Database::find(&crate_.member, None)?;
            Ok(found.map(|database| database.place()))
        };
        let mut chosen = self.chosen.iter();
        if chosen.any(|chosen| chosen.name() == other.name()) || place(other)? == place(crate_)? {
            return of(Some(url), false);
        }
        of(None, true)
    }

    /// Refuses to revert revisions that applied revisions of other crates depend on.
    ///
    /// `crate_` is about to lose `reverted`; `others` are the other crates of the workspace.
    pub(crate) fn check_dependents(
        &self,
        crate_: &Loaded,
        reverted: &[Node],
        others: &[Loaded],
        planned: &Planned<'_>,
        args: &DatabaseArgs,
    ) -> Result<()> {
        let needs = |other: &Loaded, node: Node| {
            let file = other.history().file(node);
            let mut requirements = file.requirements();
            requirements.any(|requirement| {
                let named = crate_.graph().named(requirement.revision);
                requirement.package == crate_.name()
                    && named.is_some_and(|node| reverted.contains(&node))
            })
        };
        for other in others.iter().filter(|other| other.name() != crate_.name()) {
            let mut nodes = other
                .graph()
                .nodes()
                .filter(|node| needs(other, *node))
                .peekable();
            if nodes.peek().is_none() {
                continue;
            }
            let Beside {
                database,
                elsewhere,
            } = self.database_beside(other, crate_, args)?;
            let rows = rows_of(other, &database, planned, args)?;
            let applied = other.graph().required_by(&rows);
            if let Some(node) = nodes.find(|node| applied.contains(*node)) {
                let (id, name) = (&other.graph()[node].id, other.name());
                return Err(Diagnostic::new(format!(
                    "revision {id} of crate `{name}` is applied, and depends on what would be reverted"
                ))
                .code(Code::RequiredByAnotherCrate)
                .note(format!("in crate `{}`", crate_.name()))
                .elsewhere(elsewhere)
                .help(format!(
                    "revert it first, with `cargo alembic downgrade -p {name} <revision>`"
                ))
                .exit(Exit::Revision));
            }
        }
        Ok(())
    }

    /// Returns the crates that `crate_` stands on and shares a database with, in order.
    pub(crate) fn below(&self, crate_: &Loaded) -> Vec<&Loaded> {
        let mut names = vec![crate_.name()];
        let mut below = Vec::new();
        let all: Vec<&Loaded> = self.beside.iter().chain(&self.chosen).collect();
        let place = Database::of(&crate_.member, None)
            .ok()
            .and_then(|database| database.place());
        // Each comes after what it stands on, so that going back finds all of them.
        for other in all.into_iter().rev() {
            let wanted = names.iter().any(|name| {
                let mut crates = self.beside.iter().chain(&self.chosen);
                crates.any(|crate_| crate_.name() == *name && crate_.requires(other.name()))
            });
            let shared = Database::of(&other.member, None)
                .is_ok_and(|database| database.place() == place && place.is_some());
            if wanted && shared && !names.contains(&other.name()) {
                names.push(other.name());
                below.insert(0, other);
            }
        }
        below
    }

    /// Refuses to apply revisions whose dependencies in other crates are not applied yet, but for
    /// those in the crates `together`, which are brought to their heads in the same go.
    pub(crate) fn check(
        &self,
        crate_: &Loaded,
        pending: &[Node],
        together: &[&Loaded],
        planned: &Planned<'_>,
        args: &DatabaseArgs,
    ) -> Result<()> {
        for node in pending {
            for requirement in crate_.history().file(*node).requirements() {
                let mut others = self.chosen.iter().chain(&self.beside);
                let Some(other) = others.find(|other| other.name() == requirement.package) else {
                    continue;
                };
                if together.iter().any(|crate_| crate_.name() == other.name()) {
                    continue;
                }
                let Beside {
                    database,
                    elsewhere,
                } = self.database_beside(other, crate_, args)?;
                let rows = rows_of(other, &database, planned, args)?;
                let applied = other.graph().required_by(&rows);
                let needed = other.graph().named(requirement.revision);
                if needed.is_some_and(|needed| applied.contains(needed)) {
                    continue;
                }
                let (package, revision) = (requirement.package, requirement.revision);
                let id = &crate_.graph()[*node].id;
                return Err(Diagnostic::new(format!(
                    "revision {id} depends on {revision} of crate `{package}`, which is not applied"
                ))
                .code(Code::RequirementNotMet)
                .note(format!(
                    "in crate `{}`, database {}",
                    crate_.name(),
                    database.url
                ))
                .elsewhere(elsewhere)
                .help(format!(
                    "apply it with `cargo alembic upgrade -p {package} {revision}`"
                ))
                .exit(Exit::Revision));
            }
        }
        Ok(())
    }
}
