//! Dry runs of crates that share a database: each must see what the ones before it would have done there.

use alembic_history::{Code, Direction};

use crate::database::{Connection, Database, DatabaseIdentity};
use crate::migrate::Migration;
use crate::output::json::DryRunJson;
use crate::output::{Cause, Diagnostic, Error, Hint, Result, Subcommand, Suggestion};
use crate::workspace::Crate;

/// Copies of databases on which the crates so far have been carried out, as long as others follow.
#[derive(Default)]
pub(super) struct Copies(Vec<(DatabaseIdentity, Connection)>);

impl Copies {
    /// Takes out the copy of a database, if crates have done something in it.
    pub(super) fn take(&mut self, database: &Database) -> Option<Connection> {
        let identity = database.identity()?;
        let position = self.0.iter().position(|(known, _)| *known == identity)?;
        Some(self.0.swap_remove(position).1)
    }

    /// Carries out the migration of the first crate, which was rehearsed on a copy or on the database
    /// itself, on a copy, if others follow that have the same database.
    pub(super) fn go_ahead(
        &mut self,
        migration: &Migration<'_>,
        crates: &[Crate],
        copy: Option<Connection>,
        rehearsed: &DryRunJson,
    ) -> Result<()> {
        let Some((own, others)) = crates.split_first() else {
            return Ok(());
        };
        let database = own.database()?;
        let others = in_database(database, others)?;
        let Some(identity) = database.identity().filter(|_| !others.is_empty()) else {
            return Ok(());
        };
        let copy = match copy {
            Some(copy) => Some(copy),
            None if rehearsed.steps.is_empty() => None,
            None => {
                let mut extensions = database.extensions.clone();
                for other in others {
                    extensions.extend_from_slice(&other.database()?.extensions);
                }
                extensions.sort();
                extensions.dedup();
                database.copy(&extensions)?
            }
        };
        if let Some(mut copy) = copy {
            let migrations = own.migrations.clone().missing(migration.missing);
            migration
                .carry_out(&migrations, &mut copy)
                .map_err(|error| own.explain(error, database))?;
            self.0.push((identity, copy));
        }
        Ok(())
    }
}

/// Returns the crates that have a database.
fn in_database<'c>(database: &Database, crates: &'c [Crate]) -> Result<Vec<&'c Crate>> {
    let mut found = Vec::new();
    if let Some(identity) = database.identity() {
        for own in crates {
            if own.database()?.identity().as_ref() == Some(&identity) {
                found.push(own);
            }
        }
    }
    Ok(found)
}

/// Refuses crates in one database of a server, of which there are no copies.
pub(super) fn check_apart(migration: &Migration<'_>, chosen: &[Crate]) -> Result<()> {
    for (index, own) in chosen.iter().enumerate() {
        let database = own.database()?;
        if database.has_copies() {
            continue;
        }
        let others = in_database(database, &chosen[index + 1..])?;
        if others.is_empty() || !has_steps(migration, own)? {
            continue;
        }
        for other in others {
            if has_steps(migration, other)? {
                return Err(apart(migration, (own, other), database));
            }
        }
    }
    Ok(())
}

fn has_steps(migration: &Migration<'_>, own: &Crate) -> Result<bool> {
    let database = own.database()?;
    let rows = own.current(database)?;
    let plan = own.plan(migration.direction, migration.target, &rows, database)?;
    Ok(!plan.steps.is_empty())
}

fn apart(
    migration: &Migration<'_>,
    (first, second): (&Crate, &Crate),
    database: &Database,
) -> Error {
    let (first, second) = (first.name(), second.name());
    let title = format!("a dry run of `{second}` would not see what `{first}` does before it");
    let subcommand = match migration.direction {
        Direction::Upgrade => Subcommand::Upgrade,
        Direction::Downgrade => Subcommand::Downgrade,
    };
    let alone = Suggestion::for_crate(subcommand, first)
        .argument("--dry-run")
        .argument(migration.target);
    Diagnostic::new(Cause::Configuration, title)
        .code(Code::CratesApart)
        .note(format!("both have something to do in {}", database.url))
        .help(
            Hint::from(format!("rehearse `{first}` alone with "))
                .command(alone)
                .text(format!(", and `{second}` once that is carried out")),
        )
        .into()
}
