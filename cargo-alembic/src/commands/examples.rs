//! The examples in the help of the commands.

use std::fmt::Write;

/// What stands above the examples.
pub(crate) const EXAMPLES_HEADING: &str = "Examples:\n";

/// An example: what follows the name of the command, and what the whole does.
type Example = (&'static str, &'static str);

/// The examples of each command.
const EXAMPLES: [(&str, &[Example]); 27] = [
    (
        "init",
        &[
            (
                "",
                "Set up the crate in this folder, with an SQLite database",
            ),
            (
                "-p shop --url postgres://localhost/shop",
                "Set up a crate of the workspace, with a database on a server",
            ),
        ],
    ),
    (
        "import",
        &[
            ("sqlx", "Write the migrations of sqlx as revisions"),
            (
                "sqlx --database",
                "Record in the database in DATABASE_URL what sqlx has applied there",
            ),
            (
                "sea-orm ../migration --dialect sqlite",
                "Run the migrations of sea-orm on scratch databases, and write what they execute",
            ),
        ],
    ),
    (
        "baseline",
        &[(
            "-m \"What was there\"",
            "Write the schema of the database in DATABASE_URL as the first revision",
        )],
    ),
    (
        "revision",
        &[
            ("-m \"Add users\"", "Write a file, to fill in by hand"),
            (
                "-m \"Add users\" --autogenerate",
                "Write what the models or the schema file have, and the revisions lack",
            ),
        ],
    ),
    (
        "merge",
        &[("-m \"Merge the heads\"", "Merge all heads into one")],
    ),
    (
        "rebase",
        &[
            (
                "",
                "Put the revisions of this git branch on top of those of its upstream",
            ),
            ("--dry-run", "Show what that would change in the files"),
        ],
    ),
    (
        "lock",
        &[
            ("", "Record the revisions as they are now"),
            ("--check", "Fail if they are not as recorded, in CI"),
        ],
    ),
    (
        "upgrade",
        &[
            ("", "Bring the database of every crate to its heads"),
            ("+1 -p shop", "Apply the next revision of one crate"),
            (
                "--sql > upgrade.sql",
                "Write what an empty database needs as a script, without connecting to one",
            ),
        ],
    ),
    (
        "downgrade",
        &[
            ("-1", "Revert the last revision"),
            (
                "base --dry-run",
                "Try to revert everything, and take that back",
            ),
        ],
    ),
    (
        "status",
        &[
            ("", "Show the database of every crate"),
            (
                "-q --url postgres://localhost/shop",
                "Exit with code 3, unless the database is at its heads",
            ),
        ],
    ),
    (
        "current",
        &[(
            "--check-heads",
            "Fail unless every database is at its heads",
        )],
    ),
    ("heads", &[("", "Show the newest revisions of every crate")]),
    ("branches", &[("", "Show where the histories part")]),
    (
        "history",
        &[
            ("-i", "List all revisions, and mark where the database is"),
            ("-r current:head", "List those from where the database is"),
        ],
    ),
    (
        "show",
        &[
            ("head", "Show the newest revision"),
            ("ae10", "Show the revision whose id begins with this"),
        ],
    ),
    ("log", &[("-n 5 -v", "Show the last five entries in full")]),
    (
        "stamp",
        &[
            ("heads", "Record that everything was applied in another way"),
            (
                "--accept ae10",
                "Take the file of an applied revision for what it is now, although it was edited",
            ),
        ],
    ),
    (
        "check",
        &[(
            "",
            "Fail if the models or the schema file have something that no revision makes",
        )],
    ),
    (
        "verify",
        &[(
            "--url postgres://localhost/shop",
            "Compare a database with its revisions",
        )],
    ),
    (
        "diff",
        &[
            ("", "Show what `revision --autogenerate` would write"),
            (
                "database history --sql",
                "Print the SQL that gives the database in DATABASE_URL what its revisions make",
            ),
        ],
    ),
    (
        "dump",
        &[
            ("", "Print the schema that the revisions make"),
            ("--write", "Write it to the schema file"),
        ],
    ),
    (
        "test",
        &[("", "Run every revision up and down on temporary databases")],
    ),
    (
        "edit",
        &[("head", "Open the newest revision in the editor")],
    ),
    (
        "ensure",
        &[(
            "",
            "Bring every database to its heads: a new one, a current one, or one from before its revisions",
        )],
    ),
    (
        "ensure-version",
        &[(
            "",
            "Create the table, to grant rights on it before the first upgrade",
        )],
    ),
    (
        "completions",
        &[
            ("bash", "Print the script for bash"),
            (
                "-- cargo alembic up",
                "Print what bash would be offered for `up`",
            ),
        ],
    ),
    (
        "man",
        &[
            (
                "~/.local/share/man/man1",
                "Make `man cargo-alembic-upgrade` work",
            ),
            ("| man -l -", "Read the page of the command as a whole"),
        ],
    ),
];

/// Adds the examples to the help of each command; `words` are those before its name.
pub(crate) fn add_to(command: clap::Command, words: &str) -> clap::Command {
    command.mut_subcommands(|subcommand| {
        let examples = text(words, subcommand.get_name());
        subcommand.after_long_help(examples)
    })
}

fn text(words: &str, name: &str) -> String {
    let known = EXAMPLES.iter().find(|(known, _)| *known == name);
    let examples = known.map_or(&[] as &[Example], |(_, examples)| examples);
    let mut text = EXAMPLES_HEADING.to_owned();
    for (arguments, meaning) in examples {
        let line = format!("{words} {name} {arguments}");
        let _ = write!(text, "  {}\n      {meaning}\n", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;
    use crate::commands;

    #[test]
    fn every_command_has_examples() {
        let command = commands::alone();
        let names = command.get_subcommands().map(clap::Command::get_name);
        let known = EXAMPLES.iter().map(|(name, _)| *name);
        assert_eq!(names.collect::<Vec<_>>(), known.collect::<Vec<_>>());
    }

    /// What follows in another command of a shell is left out.
    #[test]
    fn examples_can_be_typed() {
        for (name, examples) in EXAMPLES {
            for (arguments, _) in examples {
                let own = arguments.split(['|', '>']).next().unwrap_or_default();
                let own = own.replace("\"Add users\"", "message");
                let own = own.replace("\"Merge the heads\"", "message");
                let own = own.replace("\"What was there\"", "message");
                let words = ["cargo-alembic", name].into_iter();
                let parsed =
                    commands::alone().try_get_matches_from(words.chain(own.split_whitespace()));
                let kind = parsed.err().map(|error| error.kind());
                assert_eq!(kind, None::<ErrorKind>, "{name} {arguments}");
            }
        }
    }
}
