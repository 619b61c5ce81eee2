//! Finds a target schema that may create something else than the revisions make.

use std::path::PathBuf;

use alembic_history::{Code, Fresh, ModelSources, TargetState};
use alembic_migrate::{Dialect, Outcome};

use crate::context::Context;
use crate::output::{Hint, Result, Subcommand, Suggestion};
use crate::workspace::Crate;

/// A file that is not known to create what the revisions make.
pub(crate) struct StaleTarget {
    path: PathBuf,
    state: TargetState,
}

impl StaleTarget {
    /// Returns the file of a crate's target schema on a dialect, if it is one and an empty database would be
    /// created from it.
    pub(crate) fn find(owner: &Crate, dialect: Dialect) -> Result<Option<Self>> {
        let configuration = &owner.configuration;
        let is_used = configuration.settings.fresh == Fresh::Create;
        if !is_used || configuration.awaits_target(dialect) {
            return Ok(None);
        }
        let Some(file) = configuration.target(dialect)? else {
            return Ok(None);
        };
        let files = configuration.settings.schema.as_ref();
        let files = files.map(|files| files.by_file(&owner.dialects));
        let mut users = files.into_iter().flatten().map(|(_, dialects)| dialects);
        let users = users.find(|dialects| dialects.contains(&dialect));
        let bases = configuration.bases(&users.unwrap_or_default())?;
        let bases: Vec<&str> = bases.iter().map(|base| base.text.as_str()).collect();
        let state = owner.history().target_state(file.text.as_str(), &bases);
        let path = file.path;
        Ok((state != TargetState::InStep).then_some(Self { path, state }))
    }

    /// Returns whether an empty database is created from it all the same.
    pub(crate) fn is_trusted(&self) -> bool {
        self.state.is_trusted()
    }

    /// Reports that an empty database was created from it, or not.
    pub(crate) fn report(&self, context: &Context, owner: &Crate, outcome: Outcome) {
        let code = Code::StaleSchema;
        let state = self.state;
        let what = match outcome == Outcome::Created {
            true => "and the empty database was created from it",
            false => "and so the empty database was not created from it",
        };
        let source = ("Stale", owner.name());
        let text = format_args!("{state}, {what}");
        context
            .warnings
            .file(context.shell, source, (code, &self.path), text);
        let next = self.ways(owner).render(&context.call);
        context.shell.status("Next", next);
    }

    /// Returns how the file gets in step.
    pub(crate) fn ways(&self, owner: &Crate) -> Hint {
        let dump = Suggestion::for_crate(Subcommand::Dump, owner.name()).argument("--write");
        match self.state {
            TargetState::Edited => {
                how_to_keep_edits(owner, "").text(", and then compare both with ")
            }
            TargetState::Unrecorded => Hint::from("compare both with "),
            TargetState::InStep | TargetState::OtherRevisions => {
                Hint::from("bring it in step with ")
            }
        }
        .command(dump)
    }
}

/// Returns how the revisions come to make what somebody has written into the file of the target schema.
pub(crate) fn how_to_keep_edits(owner: &Crate, condition: &str) -> Hint {
    let generate = Suggestion::for_crate(Subcommand::Revision, owner.name());
    let stated = match owner.configuration.settings.models {
        ModelSources::None => "",
        _ => "structs state the target: change them, and ",
    };
    Hint::from(format!(
        "{condition}{stated}write the revision that makes it with "
    ))
    .command(generate.argument("--autogenerate"))
}
