//! Crates as texts: each file after a line `//- path`; without such a line, all is `src/lib.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use alembic_models::{Fault, Grammar, Models, Sources, scan};
use tempfile::TempDir;

/// A crate in a folder that goes away.
pub(crate) struct Source {
    folder: TempDir,
    roots: Vec<PathBuf>,
    features: BTreeSet<String>,
    tables_in: Option<Vec<PathBuf>>,
    grammar: Grammar,
}

impl Source {
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut path = folder.path().join("src/lib.rs");
        let mut roots = Vec::new();
        let mut content = String::new();
        let mut write = |path: &Path, content: &mut String| {
            if !content.trim().is_empty() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, std::mem::take(content)).unwrap();
                for root in ["src/lib.rs", "src/main.rs", "src/bin/extra.rs"] {
                    if path.ends_with(root) {
                        roots.push(path.to_owned());
                    }
                }
            }
        };
        for line in text.lines() {
            if let Some(next) = line.trim().strip_prefix("//- ") {
                write(&path, &mut content);
                path = folder.path().join(next);
            } else {
                content += line;
                content.push('\n');
            }
        }
        write(&path, &mut content);
        Self {
            folder,
            roots,
            features: BTreeSet::new(),
            tables_in: None,
            grammar: Grammar::Own,
        }
    }

    pub(crate) fn with_features(mut self, features: &[&str]) -> Self {
        self.features = features.iter().map(ToString::to_string).collect();
        self
    }

    /// Takes only the tables of some files and folders.
    pub(crate) fn with_tables_in(mut self, places: &[&str]) -> Self {
        let folder = self.folder.path();
        self.tables_in = Some(places.iter().map(|place| folder.join(place)).collect());
        self
    }

    /// Takes the entities of sea-orm.
    pub(crate) fn with_entities(mut self) -> Self {
        self.grammar = Grammar::SeaOrm;
        self
    }

    /// Reads the crate as `name`.
    pub(crate) fn scan(
        &self,
        name: &str,
        dependencies: &[(&str, &Models)],
    ) -> Result<Models, Vec<Fault>> {
        let dependencies = dependencies.iter();
        scan(&Sources {
            name: name.to_owned(),
            roots: self.roots.clone(),
            has_library: self
                .roots
                .first()
                .is_some_and(|root| root.ends_with("lib.rs")),
            features: self.features.clone(),
            dependencies: dependencies
                .map(|(name, models)| (name.to_string(), *models))
                .collect(),
            tables_in: self.tables_in.clone(),
            grammar: self.grammar,
        })
    }

    /// Returns faults as lines, with paths from the folder of the crate.
    pub(crate) fn show(&self, faults: &[Fault]) -> String {
        let folder = format!("{}/", self.folder.path().display());
        let mut text = String::new();
        for fault in faults {
            text += &format!("{fault}\n");
            if let Some(help) = &fault.help {
                text += &format!("    help: {help}\n");
            }
        }
        text.replace(&folder, "")
    }
}
