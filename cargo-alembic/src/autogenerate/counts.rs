//! Counts what a revision would destroy in a database.

use std::collections::BTreeMap;

use alembic_migrate::schema::Hazard;
use alembic_schema::counting;

use super::Side;
use crate::output::{Cause, Diagnostic, Error, Result};
use crate::workspace::Crate;

/// How many rows or values changes would destroy in a database.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The engine of the database.
    engine: &'static str,
    /// By the name of the object: one engine has schemas, and another has none.
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
        for hazard in side.upgrade.iter().flat_map(|change| &change.hazards) {
            let Some((object, query)) = counting(hazard) else {
                continue;
            };
            // A database that is behind may not have it.
            let counted = connection.cell(&query).map_err(|error| -> Error {
                let title = format!("cannot count what is lost of {object}: {error}");
                Diagnostic::new(Cause::from(error), title)
                    .note(format!("in {}", database.url))
                    .into()
            })?;
            counts.insert(object.to_string(), counted);
        }
        Ok(Self {
            engine: database.dialect().product(),
            counts,
        })
    }

    /// Returns a hazard as a sentence, with how much it destroys.
    pub(super) fn sentence(&self, hazard: &Hazard) -> String {
        let sentence = capitalized(&hazard.sentence());
        let counted = counting(hazard).and_then(|(object, _)| self.counts.get(&object.to_string()));
        match counted {
            Some(count) => format!(
                "{sentence}: {count} on {}, when this was written.",
                self.engine
            ),
            None => sentence + ".",
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}
