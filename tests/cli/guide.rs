//! Pages whose commands are run.

use std::fs;

use alembic_tests::Project;

use crate::readme::{blocks, timeless};

/// Does what sections of a page say, and returns how many commands that were: blocks of TOML are
/// configuration, Rust is the sources of the crate, and SQL is a revision that has been written. What a
/// command prints is compared, if the page shows any of it.
#[track_caller]
pub(crate) fn follow(project: &Project, page: &str, sections: &[&str]) -> usize {
    let mut commands = 0;
    for block in sections.iter().flat_map(|name| blocks(page, name)) {
        match block.language.as_str() {
            // The library is not there to be had.
            "toml" if block.text.starts_with("[dependencies]") => {}
            "toml" => {
                let (_, keys) = block.text.split_once('\n').unwrap();
                project.configure(keys);
            }
            "rust" => {
                project.write("src/lib.rs", block.text);
            }
            "sql" => {
                let revisions = written(project);
                let is_shown = |text: &String| text.trim() == block.text.trim();
                assert!(
                    revisions.iter().any(is_shown),
                    "{}: {revisions:#?}",
                    block.text
                );
            }
            "console" => {
                for command in block.text.split("$ cargo alembic ").skip(1) {
                    let (line, shown) = command.split_once('\n').unwrap_or((command, ""));
                    let place = project.here().env("SOURCE_DATE_EPOCH", "1767323045");
                    let outcome = place.run(line).success();
                    let found = format!("{}{}", outcome.stderr, outcome.stdout);
                    assert_eq!(timeless(&found), timeless(shown), "cargo alembic {line}");
                    commands += 1;
                }
            }
            language => panic!("nothing is known of a block of {language}"),
        }
    }
    commands
}

/// Returns the texts of the revisions.
fn written(project: &Project) -> Vec<String> {
    let files = fs::read_dir(project.path("migrations")).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    texts.collect()
}
