//! Counts what a revision would destroy in a database, and what would be in its way.

use std::collections::BTreeMap;

use alembic_migrate::schema::{Hazard, Verb};
use alembic_schema::counting;

use super::Side;
use crate::output::{Cause, Diagnostic, Result};
use crate::workspace::Crate;

/// How many rows or values of a database changes would destroy or refuse.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The engine of the database.
    engine: &'static str,
    /// By the sentence of the hazard: one engine has schemas, and another has none.
    counts: BTreeMap<String, String>,
}

impl Counts {
    /// Counts in the crate's database.
    pub(super) fn read(owner: &Crate, sides: &[Side<'_>]) -> Result<Self> {
        let database = owner.database()?;
        let mut counts = BTreeMap::new();
        let Some(side) = sides
            .iter()
            .find(|side| side.dialect() == database.dialect())
        else {
            return Ok(Self::default());
        };
        let connection = database.read()?;
        // What gets another name has its old one there.
        let renames = side
            .upgrade
            .iter()
            .any(|change| change.verb == Verb::Rename);
        for hazard in side.upgrade.iter().flat_map(|change| &change.hazards) {
            let Some((object, query)) = counting(hazard) else {
                continue;
            };
            let counted = match connection.cell(&query) {
                Ok(counted) => counted,
                Err(_) if renames => continue,
                // A database that is behind may not have it.
                Err(error) => {
                    let title = format!("cannot count the rows of {object}: {error}");
                    let fault = Diagnostic::new(Cause::from(error), title);
                    return Err(fault.note(format!("in {}", database.url)).into());
                }
            };
            counts.insert(hazard.without_engine().sentence(), counted);
        }
        Ok(Self {
            engine: database.dialect().product(),
            counts,
        })
    }

    /// Returns a hazard as a sentence, with how much it destroys or refuses.
    pub(super) fn sentence(&self, hazard: &Hazard) -> String {
        let sentence = hazard.remark();
        let counted = self.counts.get(&hazard.without_engine().sentence());
        match counted {
            Some(count) => format!(
                "{sentence}: {count} on {}, when this was written.",
                self.engine
            ),
            None => sentence + ".",
        }
    }
}
