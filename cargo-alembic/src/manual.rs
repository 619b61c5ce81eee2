//! The manual pages, written from the help of the commands.

use clap::builder::Resettable;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::commands;
use crate::output::Exit;
use crate::reference::EXPRESSIONS;

/// A manual page.
pub(crate) struct Page {
    /// The name of its file.
    pub(crate) file: String,
    /// Its text, as troff reads it.
    pub(crate) text: String,
}

/// Returns the page of `cargo-alembic`, which names those of its commands.
pub(crate) fn first_page() -> Page {
    let mut page = page(&alembic());
    let mut roff = Roff::new();
    roff.control("SH", ["REVISION EXPRESSIONS"]);
    for (expression, meaning) in EXPRESSIONS {
        entry(&mut roff, expression, meaning);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in Exit::ALL {
        entry(&mut roff, &format!("`{}`", exit as u8), meaning);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (variable, meaning) in ENVIRONMENT {
        entry(&mut roff, variable, meaning);
    }
    page.text += &roff.to_roff();
    page
}

/// The variables that every command reads.
const ENVIRONMENT: [(&str, &str); 3] = [
    (
        "`DATABASE_URL`",
        "the database of a crate, unless `--url` names it; `url-env` in the configuration names another \
         variable. It may also be in the nearest file `.env`",
    ),
    (
        "`CARGO_TERM_COLOR`",
        "when to use colour: `auto`, `always` or `never`",
    ),
    ("`EDITOR`", "the program of `edit`"),
];

/// Returns every page.
pub(crate) fn pages() -> Vec<Page> {
    let alembic = alembic();
    let commands = alembic.get_subcommands().map(page);
    std::iter::once(first_page()).chain(commands).collect()
}

/// Returns the command with everything that its help says.
fn alembic() -> clap::Command {
    let mut cargo = commands::with_cargo().disable_help_subcommand(true);
    cargo.build();
    let alembic = cargo.find_subcommand("alembic").cloned();
    alembic.unwrap_or(cargo)
}

fn page(command: &clap::Command) -> Page {
    // What follows the help has headings of its own.
    let after = command.get_after_long_help().or(command.get_after_help());
    let after = after.map(ToString::to_string).unwrap_or_default();
    let plain = command
        .clone()
        .after_long_help(Resettable::Reset)
        .after_help(Resettable::Reset);
    let man = Man::new(plain)
        .source(concat!("cargo-alembic ", env!("CARGO_PKG_VERSION")))
        .manual("Cargo Alembic");
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render(&mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    let mut roff = Roff::new();
    match after.strip_prefix(commands::EXAMPLES_HEADING) {
        Some(examples) => {
            roff.control("SH", ["EXAMPLES"]);
            roff.control("nf", []);
            for line in examples.lines() {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        }
        None => {
            roff.control("SH", ["DATABASES"]);
            roff.text(inlines(&after));
        }
    }
    text += &roff.to_roff();
    Page {
        file: man.get_filename(),
        text,
    }
}

/// Adds what is explained, and its explanation below it.
fn entry(roff: &mut Roff, what: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text(inlines(what));
    roff.text(inlines(meaning));
}

/// Returns a text with what is between backticks in bold.
fn inlines(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| match index % 2 {
        0 => roman(part),
        _ => bold(part),
    });
    parts.collect()
}
