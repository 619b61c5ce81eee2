//! Which structs state the crate's own tables.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::module_files::real;
use super::reader::Stated;
use super::tree::Tree;

/// Which structs state the crate's own tables.
pub(super) struct Own<'a> {
    /// The files and folders that state them, as they are named and as they are; without them, all do.
    places: Option<Vec<(&'a Path, PathBuf)>>,
}

impl<'a> Own<'a> {
    pub(super) fn new(places: Option<&'a [PathBuf]>) -> Self {
        let places = places.map(|places| {
            let places = places.iter();
            places.map(|place| (place.as_path(), real(place))).collect()
        });
        Self { places }
    }

    /// Returns a fault for each place that no target leads to.
    pub(super) fn unreached(&self, files: &BTreeSet<PathBuf>) -> Vec<Fault> {
        let Some(places) = &self.places else {
            return Vec::new();
        };
        let files: Vec<PathBuf> = files.iter().map(|file| real(file)).collect();
        let mut places = places.clone();
        places.retain(|(_, place)| !files.iter().any(|file| file.starts_with(place)));
        let faults = places.into_iter().map(|(named, _)| Fault {
            file: named.to_owned(),
            line: 1,
            column: 1,
            text: "no target of the crate reads this".to_owned(),
            help: Some("declare it as a module, or name a file that is one".to_owned()),
        });
        faults.collect()
    }

    /// Returns whether a struct stands in one of the places, or in a module below it.
    pub(super) fn holds(&self, stated: &Stated, tree: &Tree) -> bool {
        let Some(places) = &self.places else {
            return true;
        };
        let starts = [stated.module].into_iter().chain(stated.also.clone());
        let modules = starts.flat_map(|start| {
            std::iter::successors(Some(start), |module| tree.modules[*module].parent)
        });
        let mut files = modules
            .map(|module| tree.modules[module].file.as_path())
            .chain([stated.file.as_path()])
            .map(real);
        files.any(|file| places.iter().any(|(_, place)| file.starts_with(place)))
    }
}
