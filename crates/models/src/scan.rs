//! Reads the tables of a crate from its sources, as the compiler would, and without it.

mod attributes;
mod bodies;
mod condition;
mod derives;
mod fault;
mod hidden;
mod known_derives;
mod members;
mod models;
mod module_files;
mod own;
mod reader;
mod relink;
mod sea_orm;
mod tree;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

pub use fault::Fault;
pub use known_derives::Grammar;
pub use models::{LeftColumn, Models, Rename, StatedTable};

use own::Own;
use reader::Reader;
use tree::Tree;

/// The sources of a crate.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// The name by which other crates use the library: of a package `shop-models`, `shop_models`.
    pub name: String,
    /// The root files of its targets; that of the library comes first.
    pub roots: Vec<PathBuf>,
    /// Whether the first root is that of the library.
    pub has_library: bool,
    /// The features that are enabled.
    pub features: BTreeSet<String>,
    /// The crates that it may refer to, by the names that its sources use.
    pub dependencies: Vec<(String, &'a Models)>,
    /// The files and folders that state the crate's own tables: a file with the modules below it, a
    /// folder with all that is in it. Without them, it is the whole crate. All of it is read in any
    /// case: what other files state may be referred to.
    pub tables_in: Option<Vec<PathBuf>>,
    /// What states the tables.
    pub grammar: Grammar,
}

/// Reads the tables of a crate.
///
/// # Errors
///
/// Everything that is wrong, or cannot be read: what is left out would be taken for a table that is to
/// be dropped.
pub fn scan(sources: &Sources<'_>) -> Result<Models, Vec<Fault>> {
    let mut tree = Tree::new(&sources.name);
    for (name, models) in &sources.dependencies {
        tree.add_dependency(name, models.tree());
    }
    let mut reader = Reader::new(&mut tree, &sources.features, sources.grammar);
    for (index, root) in sources.roots.iter().enumerate() {
        reader.read_root(root, index == 0 && sources.has_library);
    }
    let read = reader.finish();
    let dependencies = sources.dependencies.iter().map(|(_, models)| *models);
    let own = Own::new(sources.tables_in.as_deref());
    let unreached = own.unreached(&read.files);
    let (models, mut faults) =
        Models::link(Arc::new(tree), read, &own, sources.grammar, dependencies);
    faults.extend(unreached);
    match faults.is_empty() {
        true => Ok(models),
        false => {
            faults.sort();
            faults.dedup();
            Err(faults)
        }
    }
}
