//! What is to be run.

use crate::case::Case;

/// The arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The seed of the first attempt of each case; the others follow.
    pub(crate) seed: u64,
    /// How many attempts each case has, instead of its own number.
    pub(crate) rounds: Option<u32>,
    /// Only the cases, and as many attempts, as there is time for in a continuous integration.
    pub(crate) quick: bool,
    /// A part of the names of the cases that are wanted.
    only: String,
}

impl Options {
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(name) = arguments.next() {
            if name == "--quick" {
                options.quick = true;
                continue;
            }
            let value = arguments.next();
            let value = value.ok_or_else(|| format!("`{name}` is not known, or has no value"))?;
            let wrong = |error| format!("`{name} {value}`: {error}");
            match name.as_str() {
                "--seed" => options.seed = value.parse().map_err(wrong)?,
                "--rounds" => options.rounds = Some(value.parse().map_err(wrong)?),
                "--only" => options.only = value,
                _ => return Err(format!("`{name}` is not known")),
            }
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, case: &Case) -> bool {
        case.name.contains(&self.only) && case.rounds(self) > 0
    }
}
