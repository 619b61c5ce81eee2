//! Finds a target schema that may create something else than the revisions make.

use alembic_history::{Code, Fresh, TargetState};
use alembic_migrate::Dialect;
use alembic_run::Schema as SchemaFile;

use crate::context::Context;
use crate::output::{Hint, Result, Subcommand, Suggestion};
use crate::workspace::Crate;

/// A file that no empty database is created from.
pub(crate) struct StaleTarget {
    file: SchemaFile,
    state: TargetState,
}

impl StaleTarget {
    /// Returns the file of a crate's target schema on a dialect, if it is one.
    pub(crate) fn find(owner: &Crate, dialect: Dialect) -> Result<Option<Self>> {
        let settings = &owner.configuration.settings;
        let files = settings
            .schema
            .as_ref()
            .filter(|_| settings.fresh == Fresh::Create);
        let files = files.map(|files| files.by_file(&owner.dialects));
        let mut files = files.into_iter().flatten();
        let Some((_, dialects)) = files.find(|(_, dialects)| dialects.contains(&dialect)) else {
            return Ok(None);
        };
        let Some(file) = owner.configuration.target(dialect)? else {
            return Ok(None);
        };
        let bases = owner.configuration.bases(&dialects)?;
        let bases: Vec<&str> = bases.iter().map(|base| base.text.as_str()).collect();
        let history = owner.history();
        let state = history.target_state(file.text.as_str(), &bases, dialects[0]);
        Ok((!state.is_trusted()).then_some(Self { file, state }))
    }

    /// Reports that an empty database got its schema from the revisions, and how the file gets in step.
    pub(crate) fn report(&self, context: &Context, owner: &Crate) {
        let code = Code::StaleSchema;
        let (path, state) = (&self.file.path, self.state);
        let why = format_args!("{state}, and so it was not used for the empty database");
        let source = ("Stale", owner.name());
        context
            .warnings
            .file(context.shell, source, (code, path), why);
        let dump = Suggestion::for_crate(Subcommand::Dump, owner.name()).argument("--write");
        let next = match state {
            TargetState::Edited => {
                let generate = Suggestion::for_crate(Subcommand::Revision, owner.name());
                Hint::from("write the revision that makes it with ")
                    .command(generate.argument("--autogenerate"))
                    .text(", and then compare both with ")
            }
            TargetState::InStep | TargetState::OtherRevisions | TargetState::Unrecorded => {
                Hint::from("bring it in step with ")
            }
        };
        let next = next.command(dump);
        context.shell.status("Next", next.render(&context.call));
    }
}
