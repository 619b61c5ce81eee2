//! Completes command lines for shells, from the files of the workspace alone.
//!
//! A script for each shell passes the words of a line to the command, which answers with what the last
//! of them may become. Whatever is wrong in the workspace, the answer is shorter, and never an error:
//! somebody is typing.

mod names;
mod shell;
mod value;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use clap::FromArgMatches;
use clap_complete::engine::{self, ArgValueCompleter, CompletionCandidate};

use crate::args::GlobalArgs;
use crate::commands;
use crate::output::printable;
use names::Names;
pub(crate) use shell::CompletionShell;
use value::Value;

/// What a word may become, and what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) value: String,
    /// What it means; empty if its name says it all.
    pub(crate) help: String,
}

impl Candidate {
    fn new(value: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            help: help.into(),
        }
    }
}

/// Returns what the last of `words` may become; the first is the command, or cargo.
pub(crate) fn complete(words: &[OsString]) -> Vec<Candidate> {
    let Some(words) = own_words(words) else {
        return Vec::new();
    };
    let Some((last, before)) = words.split_last() else {
        return Vec::new();
    };
    let (subcommand, args) = parsed(before);
    let names = Arc::new(LazyLock::new(move || Names::read(&args)));
    let mut command = with_values(commands::alone(), &subcommand, &names);
    let current = std::env::current_dir().ok();
    let index = words.len() - 1;
    let found = engine::complete(&mut command, words.clone(), index, current.as_deref());
    let found = found.unwrap_or_default();
    let mut candidates: Vec<Candidate> = found.iter().filter_map(candidate).collect();
    // Options are asked for by a hyphen, if there is anything else.
    if last.is_empty() && !candidates.iter().all(is_option) {
        candidates.retain(|candidate| !is_option(candidate));
    }
    candidates
}

/// Returns the words of a line as `cargo-alembic` would get them, with its own name first.
fn own_words(words: &[OsString]) -> Option<Vec<OsString>> {
    let (program, rest) = words.split_first()?;
    let name = Path::new(program).file_stem()?;
    let arguments = match name.to_str()? {
        // zsh's completions of cargo leave cargo itself out.
        "cargo-alembic" | "alembic" => rest,
        _ => {
            let place = rest.iter().position(|word| word == "alembic")?;
            &rest[place + 1..]
        }
    };
    let mut own: Vec<OsString> = vec!["cargo-alembic".into()];
    own.extend_from_slice(arguments);
    match own.as_mut_slice() {
        [_] => None,
        [.., last] => {
            // A shell that cannot pass an empty word passes a blank.
            if last == " " {
                last.clear();
            }
            Some(own)
        }
        [] => None,
    }
}

/// Returns the name of the command, and which crates it is for, as far as words say that.
fn parsed(words: &[OsString]) -> (String, GlobalArgs) {
    let command = commands::alone().ignore_errors(true);
    let Ok(matches) = command.try_get_matches_from(words) else {
        return Default::default();
    };
    let subcommand = matches.subcommand_name().unwrap_or_default();
    let args = GlobalArgs::from_arg_matches(&matches).unwrap_or_default();
    (subcommand.to_owned(), args)
}

/// Gives the arguments of every command what their values may be; those that all commands have are
/// completed for `subcommand`.
fn with_values<F>(
    command: clap::Command,
    subcommand: &str,
    names: &Arc<LazyLock<Names, F>>,
) -> clap::Command
where
    F: FnOnce() -> Names + Send + 'static,
{
    let add = |command: &str, argument: clap::Arg| match Value::of(command, &argument) {
        None => argument,
        Some(value) => {
            let names = Arc::clone(names);
            argument.add(ArgValueCompleter::new(move |word: &std::ffi::OsStr| {
                let found = word.to_str().map(|word| value.complete(word, &names));
                let found = found.unwrap_or_default().into_iter();
                let found = found.map(|Candidate { value, help }| {
                    CompletionCandidate::new(value).help(Some(help.into()))
                });
                found.collect::<Vec<CompletionCandidate>>()
            }))
        }
    };
    command
        .mut_args(|argument| add(subcommand, argument))
        .mut_subcommands(|subcommand| {
            let name = subcommand.get_name().to_owned();
            subcommand.mut_args(|argument| add(&name, argument))
        })
}

/// Returns a candidate, unless it would do something to a terminal.
fn candidate(found: &CompletionCandidate) -> Option<Candidate> {
    let value = found.get_value().to_str()?;
    if printable(value) != value || value.contains(['\t', '\n', '\r']) {
        return None;
    }
    let help = found.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let help = printable(help.lines().next().unwrap_or_default());
    Some(Candidate::new(value, help.replace('\t', " ")))
}

/// Returns whether a candidate is `--long` or `-s`.
fn is_option(candidate: &Candidate) -> bool {
    let mut characters = candidate.value.chars();
    characters.next() == Some('-') && !characters.next().is_some_and(|next| next.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_lines() {
        let words = |line: &str| -> Vec<OsString> { line.split('|').map(OsString::from).collect() };
        for (line, own) in [
            ("cargo|alembic|upgrade|", Some("cargo-alembic|upgrade|")),
            ("cargo|+nightly|--locked|alembic|", Some("cargo-alembic|")),
            ("/bin/cargo-alembic.exe|he", Some("cargo-alembic|he")),
            ("alembic|he", Some("cargo-alembic|he")),
            ("cargo-alembic|heads| ", Some("cargo-alembic|heads|")),
            ("cargo|build|", None),
            ("cargo|alembic", None),
            ("cargo-alembic", None),
            ("", None),
        ] {
            assert_eq!(own_words(&words(line)), own.map(words), "{line}");
        }
        assert_eq!(own_words(&[]), None);
    }
}
