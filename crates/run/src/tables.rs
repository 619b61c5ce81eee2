//! The owners of tables, as far as they are known: they distinguish a fresh database from a legacy
//! one.

use alembic_history::Direction;

use crate::engine::Engine;
use crate::report::Scenario;
use crate::runner::Runner;
use crate::target::Target;

/// The owners of tables, as far as they are known.
pub(crate) struct Tables {
    /// The tables of the crate's target schema, if it has one.
    target: Option<Vec<String>>,
    /// The tables that the crate's revisions create, whether or not later ones drop them, and those that
    /// are older.
    created: Vec<String>,
    /// The same tables of the other crates, and their version tables.
    others: Vec<String>,
}

impl Tables {
    /// Collects the tables known for one of `crates`.
    pub(crate) fn known(crates: &[(Runner<'_>, Target)], index: usize) -> Self {
        let (runner, target) = &crates[index];
        let mut others = Vec::new();
        for (other, (runner, target)) in crates.iter().enumerate() {
            if other != index {
                others.extend(target_tables(runner, target).unwrap_or_default());
                others.extend(created_tables(runner));
                others.push(runner.version_table.name.clone());
            }
            others.push(runner.version_table.log().name);
        }
        Self {
            target: target_tables(runner, target),
            created: created_tables(runner),
            others,
        }
    }

    /// Returns the scenario of a database without a version table, by its tables.
    pub(crate) fn scenario(&self, engine: &dyn Engine, tables: &[String]) -> Scenario {
        match tables.iter().any(|table| self.owns(engine, table)) {
            true => Scenario::Legacy,
            false => Scenario::Fresh,
        }
    }

    /// Returns whether a table is the crate's.
    ///
    /// With a target schema, the crate's tables are known: those of the schema, and those that its
    /// revisions create. Without one, every table counts that is not known to be another crate's.
    pub(crate) fn owns(&self, engine: &dyn Engine, table: &str) -> bool {
        let contains =
            |names: &[String]| names.iter().any(|other| engine.is_same_table(other, table));
        match &self.target {
            Some(target) if contains(target) => true,
            Some(_) => contains(&self.created) && !contains(&self.others),
            None => !contains(&self.others),
        }
    }
}

fn target_tables(runner: &Runner<'_>, target: &Target) -> Option<Vec<String>> {
    let schema = target.schema.as_ref()?;
    Some(schema.tables(runner.dialect))
}

fn created_tables(runner: &Runner<'_>) -> Vec<String> {
    let nodes = runner.history.graph().nodes();
    let statements = nodes.flat_map(|node| runner.all_statements(node, Direction::Upgrade));
    let names = statements.filter_map(|statement| statement.kind().named_table());
    let names = names.map(|name| name.kept().to_owned());
    let base = runner.base.iter();
    let older = base.flat_map(|base| base.tables(runner.dialect));
    names.chain(older).collect()
}
