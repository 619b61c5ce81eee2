//! What the values of arguments may be.

use std::collections::BTreeSet;

use alembic_import::Tool;

use super::Candidate;
use super::names::{CrateNames, Names};

/// What the value of an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A crate that has migrations.
    Crate,
    /// Any package.
    Package,
    /// A revision of the chosen crates, or one of these words.
    Revision(&'static [&'static str]),
    /// A revision that another one depends on.
    Dependency,
    Schema,
    Tool,
}

impl Value {
    /// Returns what the values of an argument of a command are, unless anything may be written there, or
    /// the argument lists its values itself.
    pub(super) fn of(command: &str, argument: &clap::Arg) -> Option<Self> {
        if !argument.get_possible_values().is_empty() {
            return None;
        }
        let name = argument.get_value_names()?.first()?;
        match (name.as_str(), command) {
            ("CRATE", "init") => Some(Self::Package),
            ("CRATE", _) => Some(Self::Crate),
            ("TOOL", _) => Some(Self::Tool),
            ("SCHEMA" | "FROM" | "TO", _) => Some(Self::Schema),
            ("RANGE", _) => Some(Self::Revision(&["head", "base", "current"])),
            ("REVISION", command) => Some(match (command, argument.get_id().as_str()) {
                ("revision", "depends_on") => Self::Dependency,
                ("revision", _) => Self::Revision(&["head", "base"]),
                ("upgrade", _) => Self::Revision(&["heads", "head", "+1"]),
                ("downgrade", _) => Self::Revision(&["-1", "base"]),
                ("stamp", "revisions") => Self::Revision(&["heads", "head", "base"]),
                ("merge", _) => Self::Revision(&["heads"]),
                ("show" | "edit", _) => Self::Revision(&["head", "current", "-1"]),
                _ => Self::Revision(&[]),
            }),
            _ => None,
        }
    }

    /// Returns what `word` may become.
    pub(super) fn complete(self, word: &str, names: &Names) -> Vec<Candidate> {
        let mut candidates = match self {
            Self::Crate => {
                let crates = names.crates.iter();
                crates
                    .map(|known| Candidate::new(&known.name, ""))
                    .collect()
            }
            Self::Package => {
                let packages = names.packages.iter();
                packages.map(|name| Candidate::new(name, "")).collect()
            }
            Self::Revision(words) => revisions(word, words, names),
            Self::Dependency => dependencies(word, names),
            Self::Schema => schemas(word, names),
            Self::Tool => Tool::ALL.map(|tool| Candidate::new(tool.name(), "")).into(),
        };
        candidates.retain(|candidate| candidate.value.starts_with(word));
        candidates
    }
}

/// Returns the revisions that a word may name: its end, if it is a range, and after `label@` those on
/// that branch.
fn revisions(word: &str, words: &[&str], names: &Names) -> Vec<Candidate> {
    let end = word.rfind(':').map_or(0, |colon| colon + 1);
    let (before, word) = word.split_at(end);
    let at = word.find('@').map_or(0, |at| at + 1);
    let (branch, _) = word.split_at(at);
    let label = branch.strip_suffix('@');
    let several = names.chosen().nth(1).is_some();
    let is_branch = label.is_none_or(|label| {
        let mut revisions = names.chosen().flat_map(|known| &known.revisions);
        revisions.any(|revision| {
            revision.id.starts_with(label) || revision.labels.iter().any(|known| known == label)
        })
    });
    let symbols = words.iter().filter(|symbol| match **symbol {
        "current" => label.is_none(),
        // Steps are those of one crate.
        "+1" | "-1" => is_branch && !several,
        _ => is_branch,
    });
    let mut candidates: Vec<Candidate> = symbols
        .map(|symbol| Candidate::new(*symbol, meaning(symbol)))
        .collect();
    if label.is_none() {
        let labels: BTreeSet<&str> = names.chosen().flat_map(labels).collect();
        let labels = labels.into_iter();
        candidates.extend(labels.map(|label| Candidate::new(label, "the branch of this label")));
    }
    for known in names.chosen() {
        let on_branch = known.revisions.iter().filter(|revision| {
            label.is_none_or(|label| revision.labels.iter().any(|known| known == label))
        });
        candidates.extend(on_branch.map(|revision| {
            let message = &revision.message;
            let help = match several {
                true => format!("{}: {message}", known.name),
                false => message.clone(),
            };
            Candidate::new(&revision.id, help)
        }));
    }
    for candidate in &mut candidates {
        candidate.value = format!("{before}{branch}{}", candidate.value);
    }
    candidates
}

fn labels(known: &CrateNames) -> impl Iterator<Item = &str> {
    let revisions = known.revisions.iter();
    revisions.flat_map(|revision| revision.labels.iter().map(String::as_str))
}

/// Returns the revisions that another one may depend on: those of its crate, and after `crate@` those of
/// another one.
fn dependencies(word: &str, names: &Names) -> Vec<Candidate> {
    let other = word.split_once('@').and_then(|(name, _)| {
        let mut others = names.crates.iter();
        others.find(|other| other.name == name)
    });
    if let Some(other) = other {
        let revisions = other.revisions.iter();
        let revisions = revisions.map(|revision| {
            Candidate::new(format!("{}@{}", other.name, revision.id), &revision.message)
        });
        return revisions.collect();
    }
    let mut candidates = revisions(word, &[], names);
    let others = names.crates.iter().filter(|other| !other.is_chosen);
    candidates.extend(
        others.map(|other| Candidate::new(format!("{}@", other.name), "a revision of this crate")),
    );
    candidates
}

/// Returns the schemas that a word may name.
fn schemas(word: &str, names: &Names) -> Vec<Candidate> {
    const OF_REVISION: &str = "history@";
    if let Some(revision) = word.strip_prefix(OF_REVISION) {
        let mut candidates = revisions(revision, &[], names);
        for candidate in &mut candidates {
            candidate.value.insert_str(0, OF_REVISION);
        }
        return candidates;
    }
    vec![
        Candidate::new("target", "what the models or the schema file state"),
        Candidate::new("history", "what the revisions make"),
        Candidate::new("database", "what the database has"),
        Candidate::new(OF_REVISION, "what the revisions up to this one make"),
    ]
}

/// Returns what a word of revision expressions means.
fn meaning(word: &str) -> &'static str {
    match word {
        "head" => "the one head",
        "heads" => "every head",
        "base" => "before the first revision",
        "current" => "where the database is",
        "+1" => "one revision up",
        "-1" => "one revision down",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;

    /// The values that nobody can know before.
    const FREE: [&str; 14] = [
        "COUNT", "GIT_REF", "ID", "LABEL", "MESSAGE", "NAME", "OLD=NEW", "PATTERN", "SECONDS",
        "TABLE", "URL", "VERSION", "WORD", "COMMAND",
    ];

    /// An argument that is new is completed, or listed here.
    #[test]
    fn every_argument_is_decided() {
        let mut command = commands::alone();
        command.build();
        for subcommand in command.get_subcommands() {
            for argument in subcommand.get_arguments() {
                let takes_values = argument.get_action().takes_values();
                let is_listed = !argument.get_possible_values().is_empty();
                let is_path = argument.get_value_hint() == clap::ValueHint::AnyPath;
                if !takes_values || is_listed || is_path {
                    continue;
                }
                let name = argument.get_value_names().unwrap_or_default()[0].as_str();
                let is_completed = Value::of(subcommand.get_name(), argument).is_some();
                let is_free = FREE.contains(&name);
                assert!(is_completed != is_free, "{} {name}", subcommand.get_name());
            }
        }
    }

    #[test]
    fn every_word_has_a_meaning() {
        let mut command = commands::alone();
        command.build();
        for subcommand in command.get_subcommands() {
            for argument in subcommand.get_arguments() {
                if let Some(Value::Revision(words)) = Value::of(subcommand.get_name(), argument) {
                    assert!(
                        words.iter().all(|word| !meaning(word).is_empty()),
                        "{words:?}"
                    );
                }
            }
        }
    }
}
