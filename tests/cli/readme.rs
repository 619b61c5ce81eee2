//! What the README shows is what happens.

use std::fs;

use alembic_tests::{Project, fixtures};

/// A block of a page: its language, and its lines.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// Returns the blocks below the heading of a section of a page.
pub(crate) fn blocks(page: &str, section: &str) -> Vec<Block> {
    let readme = fs::read_to_string(fixtures().join("..").join(page)).unwrap();
    let readme = readme.replace("\r\n", "\n");
    let (_, rest) = readme.split_once(&format!("\n## {section}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let fences: Vec<&str> = section.split("\n```").collect();
    fences
        .iter()
        .skip(1)
        .step_by(2)
        .map(|fence| {
            let (language, text) = fence.split_once('\n').unwrap();
            Block {
                language: language.to_owned(),
                text: text.to_owned(),
            }
        })
        .collect()
}

#[test]
fn ten_minutes() {
    let project = Project::new("shop");
    let mut commands = 0;
    for block in blocks("README.md", "Ten minutes") {
        match block.language.as_str() {
            "sql" => {
                let mut files = fs::read_dir(project.path("migrations")).unwrap();
                let file = files.find_map(|file| {
                    let path = file.unwrap().path();
                    path.extension()
                        .is_some_and(|sql| sql == "sql")
                        .then_some(path)
                });
                fs::write(file.unwrap(), block.text).unwrap();
            }
            "console" => {
                for command in block.text.split("$ cargo alembic ").skip(1) {
                    let (line, shown) = command.split_once('\n').unwrap();
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
    assert_eq!(commands, 6);
}

/// The first of the two commands that set everything up.
#[test]
fn try_it() {
    let shown = &blocks("README.md", "Try it")[0].text;
    let arguments = shown.trim().strip_prefix("cargo alembic ").unwrap();
    let manifest = "fixtures/workspace/Cargo.toml";
    assert_eq!(arguments, format!("upgrade --manifest-path {manifest}"));
    let project = Project::example("chorus");
    let stderr = project.run("upgrade --workspace").success().stderr;
    assert_eq!(stderr.matches("    Finished ").count(), 5, "{stderr}");
}

/// Puts one word for every number of milliseconds, and takes the spaces at the ends off.
pub(crate) fn timeless(text: &str) -> String {
    let words: Vec<&str> = text.trim().split(' ').collect();
    let is_time = |index: usize| {
        let unit = words
            .get(index + 1)
            .is_some_and(|unit| unit.starts_with("ms"));
        unit && words[index].parse::<f64>().is_ok()
    };
    let words = words.iter().enumerate();
    let words = words.map(|(index, word)| if is_time(index) { "[time]" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
