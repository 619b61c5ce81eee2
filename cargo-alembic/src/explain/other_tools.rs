//! Databases that another migration tool manages.

use alembic_history::VersionTable;
use alembic_import::{Origin, Tool};

use super::Subject;
use crate::output::{Hint, Subcommand, Suggestion};

/// Returns how to continue the migrations of another tool, which has this table.
pub(super) fn continuation(tool: &str, table: &str, subject: Subject<'_>) -> Hint {
    let name = subject.name;
    let table = VersionTable {
        name: table.to_owned(),
        schema: None,
    };
    let import =
        |argument: &str| Suggestion::for_crate(Subcommand::Import, name).argument(argument);
    let graph = subject.history.graph();
    let mut origins = graph.nodes().filter_map(|node| {
        let header = &subject.history.file(node).file.header;
        Origin::find(&header.doc)
    });
    match Tool::of_table(&table) {
        Some(known) if origins.any(|origin| origin.tool == known) => {
            Hint::from("the revisions were imported from it: take the database over with ")
                .command(import("--database"))
                .text(", and run the command again")
        }
        known => {
            let hint = Hint::from(format!(
                "if the revisions continue the migrations of {tool}, record the one that the \
                 database is at with "
            ));
            let stamp = Suggestion::for_crate(Subcommand::Stamp, name).argument("<revision>");
            let hint = hint.command(stamp);
            match known {
                Some(known) => hint
                    .text("; ")
                    .command(import(known.name()))
                    .text(" makes revisions of them"),
                None => hint.text(", and run the command again"),
            }
        }
    }
}
