//! Words of Alembic and of other tools that this command does not have, with their place here.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The subcommands of other tools.
const SUBCOMMANDS: &[(&[&str], &str)] = &[
    (
        &["validate"],
        "`cargo alembic check` compares the revisions with the target schema, `cargo alembic verify` a \
         database with its revisions, and `cargo alembic test` runs the revisions",
    ),
    (
        &["info", "version"],
        "`cargo alembic status` shows where every database is and what is pending, and `cargo alembic \
         history -i` shows that in the history",
    ),
    (
        &["list_templates", "list-templates"],
        "there are no templates: `cargo alembic init` sets up a crate",
    ),
    (
        &["up", "migrate", "run", "apply", "deploy"],
        "`cargo alembic upgrade` applies revisions",
    ),
    (
        &["down", "revert", "rollback", "undo"],
        "`cargo alembic downgrade -1` reverts the last revision",
    ),
    (
        &["redo"],
        "`cargo alembic downgrade -1` reverts the last revision, and `cargo alembic upgrade` applies \
         it again; `cargo alembic test` tries that on temporary databases",
    ),
    (
        &["reset", "refresh", "fresh", "drop", "clean"],
        "`cargo alembic downgrade base` reverts every revision; a database is dropped with its \
         server's own commands",
    ),
    (
        &["setup", "prepare"],
        "`cargo alembic ensure` gets databases ready, from empty ones and from those that are older \
         than the version table",
    ),
    (
        &["add", "new", "create", "generate", "make"],
        "`cargo alembic revision -m \"what it does\"` writes a new revision",
    ),
    (
        &["hash"],
        "`cargo alembic lock` records what each revision follows and does",
    ),
];

/// The options of other tools.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &["-c", "--config"],
        "there is no alembic.ini: the configuration is [package.metadata.alembic] in the Cargo.toml \
         that `--manifest-path` names",
    ),
    (
        &["-n", "--name"],
        "there are no sections of an alembic.ini: name a crate with `-p`, and a database with `--url`",
    ),
    (
        &["-x", "--tag"],
        "there is no env.py that could read it: name the database with `--url`, or in the \
         environment variable DATABASE_URL",
    ),
    (&["-t", "--template"], "there are no templates"),
    (
        &["--raiseerr"],
        "errors are always shown in full, and `--format json` has their parts",
    ),
];

/// Adds to an error about an unknown word where that word has its place.
pub(crate) fn explain(error: &mut clap::Error) {
    let (context, words) = match error.kind() {
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, SUBCOMMANDS),
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, OPTIONS),
        _ => return,
    };
    let Some(ContextValue::String(word)) = error.get(context) else {
        return;
    };
    let Some(place) = place(word, words) else {
        return;
    };
    // A similar word has another meaning.
    for guess in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
        error.remove(guess);
    }
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![place.into()]),
    );
}

fn place(word: &str, words: &[(&[&str], &'static str)]) -> Option<&'static str> {
    let mut words = words.iter();
    let (_, place) = words.find(|(words, _)| words.contains(&word))?;
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;

    #[test]
    fn no_foreign_word_is_one_of_ours() {
        let alembic = commands::alone();
        for word in SUBCOMMANDS.iter().flat_map(|(words, _)| *words) {
            assert!(alembic.find_subcommand(word).is_none(), "{word}");
        }
        // Some subcommands have a short option of the same letter, where it is no error.
        for word in OPTIONS.iter().flat_map(|(words, _)| *words) {
            let long = word.strip_prefix("--");
            for command in alembic.get_subcommands() {
                let mut options = command.get_opts();
                let is_ours = options.any(|option| long.is_some() && option.get_long() == long);
                assert!(!is_ours, "{} {word}", command.get_name());
            }
        }
    }
}
