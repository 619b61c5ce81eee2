//! Replays a crate's revisions in temporary databases, on one engine.

mod roles;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use alembic_migrate::driver::Driver;
use alembic_migrate::schema::Schema;
use alembic_migrate::{Migrations, RunError};
use alembic_run::Schema as SchemaFile;

use crate::database::scratch::{Engine, Scratch};
use crate::output::{Error, Result};
use crate::workspace::Crate;

/// A crate whose revisions are replayed, and the engine of the databases.
pub(crate) struct Replay<'r> {
    pub(crate) owner: &'r Crate,
    /// The crates that this one's revisions depend on, and whose tables they can use.
    pub(crate) below: &'r [&'r Crate],
    pub(crate) engine: &'r Engine,
}

impl Replay<'_> {
    /// Drops the roles that the revisions have created: a server has them for all its databases.
    pub(crate) fn drop_roles(&self) {
        let own = LazyCell::new(|| {
            let files = self.crates().flat_map(|known| {
                let history = known.history();
                history.graph().nodes().map(|node| history.file(node))
            });
            let created = files.flat_map(|file| roles::created(&file.text));
            created.collect::<BTreeSet<String>>()
        });
        self.engine.drop_roles(|role| own.contains(role));
    }

    /// Returns the crate, after those that it depends on.
    fn crates(&self) -> impl Iterator<Item = &Crate> {
        self.below.iter().copied().chain([self.owner])
    }

    /// Creates an empty database.
    pub(crate) fn empty(&self) -> Result<Scratch> {
        self.drop_roles();
        let schemas = self.crates().filter_map(|known| {
            let table = &known.configuration.settings.version_table;
            table.schema.as_deref()
        });
        let scratch = self.engine.open(schemas)?;
        for create in self.roomy_tables() {
            scratch.execute(&create)?;
        }
        Ok(scratch)
    }

    /// Returns the statements that create the version tables which runs would create without room
    /// for all ids: the databases that such revisions are written for have wider ones.
    pub(crate) fn roomy_tables(&self) -> Vec<String> {
        let runners = self
            .crates()
            .map(|known| known.migrations.runner(self.engine.dialect()));
        runners
            .filter_map(|runner| runner.roomy_version_table())
            .collect()
    }

    /// Creates a database in which the crates below are at their heads.
    pub(crate) fn below(&self) -> Result<Scratch> {
        let mut scratch = self.empty()?;
        for known in self.below {
            provide_base(known, &mut scratch)?;
            let outcome = known.migrations.upgrade(&mut scratch.connection, "heads");
            outcome.map_err(|error| known.explain_trial(error, &scratch.database))?;
        }
        Ok(scratch)
    }

    /// Creates a database that the first revision can be applied to: the crates below are at their
    /// heads, and what is older than the crate's revisions exists.
    pub(crate) fn prepared(&self) -> Result<Scratch> {
        let mut scratch = self.below()?;
        provide_base(self.owner, &mut scratch)?;
        Ok(scratch)
    }

    /// Creates a database that other programs can open, too, and in which what is older than the crate's
    /// revisions exists.
    pub(crate) fn prepared_for_programs(&self) -> Result<Scratch> {
        let mut scratch = self.engine.open_for_programs()?;
        provide_base(self.owner, &mut scratch)?;
        Ok(scratch)
    }

    /// Creates a database at revisions of the crate: `heads`, or another expression.
    pub(crate) fn at(&self, revisions: &str) -> Result<Scratch> {
        let mut scratch = self.prepared()?;
        if !self.owner.graph().is_empty() && revisions != "base" {
            self.apply(revisions, &mut scratch)?;
        }
        Ok(scratch)
    }

    /// Applies revisions in a database.
    pub(crate) fn apply(&self, revisions: &str, scratch: &mut Scratch) -> Result<()> {
        let migrations = &self.owner.migrations;
        let outcome = migrations.upgrade(&mut scratch.connection, revisions);
        let outcome = outcome.map(drop);
        outcome.map_err(|error| self.explain(error, scratch))
    }

    /// Creates a database with the schema that a file creates.
    pub(crate) fn created_by(&self, file: &SchemaFile) -> Result<Scratch> {
        let mut scratch = self.below()?;
        create(self.owner, file, &mut scratch)?;
        Ok(scratch)
    }

    /// Runs a file of SQL in a database.
    pub(crate) fn create(&self, file: &SchemaFile, scratch: &mut Scratch) -> Result<()> {
        create(self.owner, file, scratch)
    }

    /// Runs SQL in a database, and leaves it to the caller to explain why that fails.
    pub(crate) fn try_create(
        &self,
        sql: &SchemaFile,
        scratch: &mut Scratch,
    ) -> std::result::Result<(), RunError> {
        try_create(self.owner, sql, scratch)
    }

    /// Reads the schema of a database, without the tables of the crates below.
    pub(crate) fn inspect(&self, scratch: &mut Scratch) -> Result<Schema> {
        let below = self.below.iter().map(|known| &known.migrations);
        let below: Vec<&Migrations> = below.collect();
        let owner = &self.owner.migrations;
        let found = owner.inspect_among(&mut scratch.connection, &below);
        let found = found.map_err(|error| self.explain(error, scratch))?;
        Ok(found.schema)
    }

    pub(crate) fn explain(&self, error: RunError, scratch: &Scratch) -> Error {
        self.owner.explain_trial(error, &scratch.database)
    }
}

/// Creates what is older than the revisions of a crate, if it is known.
fn provide_base(known: &Crate, scratch: &mut Scratch) -> Result<()> {
    match known.configuration.base(scratch.database.dialect())? {
        Some(base) => create(known, &base, scratch),
        None => Ok(()),
    }
}

/// Creates the schema of a file as an application creates its target schema: with the same checks, and
/// with the place of what is wrong.
fn create(known: &Crate, file: &SchemaFile, scratch: &mut Scratch) -> Result<()> {
    let created = try_create(known, file, scratch);
    created.map_err(|error| known.explain_trial(error, &scratch.database))
}

fn try_create(
    known: &Crate,
    sql: &SchemaFile,
    scratch: &mut Scratch,
) -> std::result::Result<(), RunError> {
    let runner = known.migrations.runner(scratch.database.dialect());
    let run = runner.create(sql.clone());
    scratch.connection.drive(run, &|_| {})
}
