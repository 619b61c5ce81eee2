//! The reference of the command line, `docs/cli.md`, generated from its own help.

use std::fmt::Write;

use crate::output::Exit;

const INTRODUCTION: &str = "\
# The command line

Generated from the help of the commands; do not edit.

## Revision expressions

| expression | names |
|---|---|
";

/// The expressions that name revisions, and what they name.
pub(crate) const EXPRESSIONS: [(&str, &str); 10] = [
    ("`head`", "the one head; an error when there are several"),
    ("`heads`", "every head"),
    ("`base`", "before the first revision"),
    (
        "`ae10`",
        "the revision with this id, or the only one whose id or label begins with it",
    ),
    ("`shop`", "the revision that declares the label `shop`"),
    (
        "`+2`, `-1`",
        "that many revisions up (`upgrade`) or down (`downgrade`) from where the database is; `show -1` counts down from the heads",
    ),
    (
        "`ae10+2`, `head-1`",
        "that many revisions up or down from there",
    ),
    (
        "`shop@head`, `shop@ae10`, `shop@-1`",
        "the same, on the branch of a label or revision",
    ),
    (
        "`current`",
        "where the database is (`show`, `edit`, `history -r`)",
    ),
    (
        "`ae10:head`, `-3:`, `:current`",
        "a range, for `history -r` and `--sql`",
    ),
];

const SHORT_NAMES: &str = "
Ids and labels of up to three characters must be written in full.

";

const JSON: &str = "\
## JSON

With `--format json` a command writes one object to stdout, with one entry per crate below
`crates`; [json-schema.json](json-schema.json) describes it for each command. A command that fails
adds `errors`, each with its crate, its code, its place in a file, the statement, the database's own code,
the state of the database and the next command, as far as there are such. `warnings` is what a command
warns of and what a server says. Errors and warnings are also text on stderr, and errors an exit code.
`completions` and `man` print the same text in every format.

";

/// Returns the reference of the command line that `cargo` reads, as Markdown.
pub(crate) fn render(cargo: clap::Command) -> String {
    let mut text = INTRODUCTION.to_owned();
    for (expression, meaning) in EXPRESSIONS {
        let _ = writeln!(text, "| {expression} | {meaning} |");
    }
    text.push_str(SHORT_NAMES);
    text.push_str("## Exit codes\n\n| code | |\n|---|---|\n");
    for (exit, meaning) in Exit::ALL {
        let _ = writeln!(text, "| {} | {meaning} |", exit as u8);
    }
    text.push('\n');
    text.push_str(JSON);
    text.push_str("## Commands\n");
    let mut cargo = cargo.term_width(100);
    cargo.build();
    let Some(alembic) = cargo.find_subcommand("alembic") else {
        return text;
    };
    for command in alembic.get_subcommands() {
        let name = command.get_name();
        if name == "help" {
            continue;
        }
        let help = command.clone().term_width(100).render_long_help();
        let _ = write!(text, "\n### cargo alembic {name}\n\n```text\n");
        for line in help.to_string().lines() {
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push_str("```\n");
    }
    text
}
