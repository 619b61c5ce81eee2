//! Everything that a folder holds.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a folder and the folders below it, byte by byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Tree(BTreeMap<PathBuf, Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Folder,
    Link(PathBuf),
    File(Vec<u8>),
}

impl Tree {
    /// Reads a folder.
    ///
    /// # Panics
    ///
    /// When something in it cannot be read.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let mut entries = BTreeMap::new();
        add(folder, Path::new(""), &mut entries);
        Self(entries)
    }

    /// Adds something that is no file, but whose bytes must not change either.
    pub(crate) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.into(), Entry::File(bytes));
    }

    /// Returns the paths that differ, each after `+` (new), `-` (gone) or `~` (changed).
    #[must_use]
    pub fn changes(&self, later: &Tree) -> Vec<String> {
        let mut changes = Vec::new();
        for (path, entry) in &self.0 {
            match later.0.get(path) {
                None => changes.push(format!("- {}", path.display())),
                Some(now) if now != entry => changes.push(format!("~ {}", path.display())),
                Some(_) => {}
            }
        }
        let new = later.0.keys().filter(|path| !self.0.contains_key(*path));
        changes.extend(new.map(|path| format!("+ {}", path.display())));
        changes
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn add(root: &Path, below: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    let folder = root.join(below);
    let read = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    for entry in read {
        let entry = entry.expect("the folder can be read");
        let path = below.join(entry.file_name());
        let kind = entry.file_type().expect("the entry has a type");
        if kind.is_symlink() {
            let target = fs::read_link(entry.path()).expect("a link leads somewhere");
            entries.insert(path, Entry::Link(target));
        } else if kind.is_dir() {
            entries.insert(path.clone(), Entry::Folder);
            add(root, &path, entries);
        } else {
            let bytes = fs::read(entry.path()).expect("the file can be read");
            entries.insert(path, Entry::File(bytes));
        }
    }
}
