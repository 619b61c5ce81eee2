//! The names that arguments may have: crates, revisions and labels, as the files say.

use std::collections::BTreeSet;

use alembic_history::{BranchLabel, History};

use crate::args::GlobalArgs;
use crate::workspace::Workspace;

/// The names in a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Every package.
    pub(super) packages: Vec<String>,
    /// The crates that have migrations.
    pub(super) crates: Vec<CrateNames>,
}

/// The names in a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CrateNames {
    pub(super) name: String,
    /// Whether the arguments choose it.
    pub(super) is_chosen: bool,
    /// Its revisions, newest first; none if its files cannot be read.
    pub(super) revisions: Vec<RevisionNames>,
}

/// A revision, and the labels of the branches that it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevisionNames {
    pub(super) id: String,
    pub(super) message: String,
    pub(super) labels: Vec<String>,
}

impl Names {
    /// Reads the names of a workspace, as far as it can be read.
    pub(super) fn read(args: &GlobalArgs) -> Self {
        let Some(workspace) = Workspace::from_manifests(args) else {
            return Self::default();
        };
        let chosen = workspace.chosen(args).unwrap_or_default();
        let chosen: BTreeSet<&str> = chosen.iter().map(|chosen| chosen.name.as_str()).collect();
        let all = workspace.all().unwrap_or_default();
        let crates = all.iter().map(|configuration| CrateNames {
            name: configuration.name.clone(),
            is_chosen: chosen.contains(configuration.name.as_str()),
            revisions: workspace
                .history(configuration)
                .map(|history| revisions(&history))
                .unwrap_or_default(),
        });
        Self {
            crates: crates.collect(),
            packages: workspace.package_names(),
        }
    }

    /// Returns the crates that a command is for.
    pub(super) fn chosen(&self) -> impl Iterator<Item = &CrateNames> {
        self.crates.iter().filter(|known| known.is_chosen)
    }
}

fn revisions(history: &History) -> Vec<RevisionNames> {
    let graph = history.graph();
    let nodes = graph.newest_first();
    let names = nodes.map(|node| RevisionNames {
        id: graph[node].id.to_string(),
        message: graph[node].message.clone(),
        labels: graph
            .labels(node)
            .iter()
            .map(BranchLabel::to_string)
            .collect(),
    });
    names.collect()
}
