//! What shells complete, and the manual pages.

use alembic_tests::{Place, Project, graph};

use crate::{branched, workspace};

/// Returns what a shell gets for the last word of a line.
fn answer(place: &Place<'_>, line: &str) -> String {
    let words = ["completions", "--"].into_iter().chain(line.split(' '));
    let words: Vec<String> = words.map(ToOwned::to_owned).collect();
    let outcome = place.run_words(&words);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{line}");
    outcome.stdout
}

/// Returns what the last word of a line may become.
fn candidates(place: &Place<'_>, line: &str) -> Vec<String> {
    let answer = answer(place, line);
    let values = answer.lines().map(|line| line.split('\t').next().unwrap());
    values.map(ToOwned::to_owned).collect()
}

fn check(place: &Place<'_>, rows: &[(&str, &[&str])]) {
    for (line, expected) in rows {
        assert_eq!(candidates(place, line), *expected, "{line}");
    }
}

#[test]
fn commands_and_options() {
    let project = branched();
    check(
        &project.here(),
        &[
            ("cargo alembic up", &["upgrade"]),
            ("cargo +nightly --locked alembic bra", &["branches"]),
            ("cargo-alembic ensure", &["ensure", "ensure-version"]),
            ("cargo-alembic heads --res", &["--resolve-dependencies"]),
            ("cargo-alembic heads --format ", &["text", "json"]),
            ("cargo-alembic heads --format=j", &["--format=json"]),
            ("cargo alembic heads --color a", &["auto", "always"]),
            ("cargo alembic completions z", &["zsh"]),
            ("cargo alembic import ref", &["refinery"]),
            ("cargo alembic heads --manifest-path Car", &["Cargo.toml"]),
            ("cargo build ", &[]),
        ],
    );
    let help = answer(&project.here(), "cargo alembic upg");
    assert_eq!(help, "upgrade\tApply revisions\n");
    let commands = candidates(&project.here(), "cargo alembic ");
    assert!(commands.contains(&"downgrade".to_owned()), "{commands:?}");
    assert!(
        !commands.iter().any(|word| word.starts_with('-')),
        "{commands:?}"
    );
    let options = candidates(&project.here(), "cargo alembic heads ");
    assert!(options.contains(&"--verbose".to_owned()), "{options:?}");
}

#[test]
fn revisions_and_labels() {
    let project = branched();
    let all = ["ff06", "ee05", "dd04", "cc03", "bb02", "aa01"];
    let labels = ["orders", "reports", "users"];
    let and = |words: &[&'static str]| [words, &labels, &all].concat();
    check(
        &project.here(),
        &[
            ("cargo alembic upgrade ", &and(&["heads", "head", "+1"])),
            ("cargo alembic downgrade ", &and(&["-1", "base"])),
            ("cargo alembic show d", &["dd04"]),
            ("cargo alembic stamp aa01 us", &["users"]),
            ("cargo alembic merge -m x b", &["bb02"]),
            ("cargo alembic rebase --onto or", &["orders"]),
            (
                "cargo alembic upgrade users@",
                &["users@heads", "users@head", "users@+1", "users@cc03"],
            ),
            ("cargo alembic upgrade orders@d", &["orders@dd04"]),
            ("cargo alembic downgrade users@-", &["users@-1"]),
            ("cargo alembic upgrade nowhere@d", &[]),
            ("cargo alembic history -r aa01:d", &["aa01:dd04"]),
            (
                "cargo alembic history --rev-range=cur",
                &["--rev-range=current"],
            ),
            ("cargo alembic revision -m x --head ba", &["base"]),
            ("cargo alembic diff history@c", &["history@cc03"]),
            ("cargo alembic diff history da", &["database"]),
        ],
    );
    let project = Project::empty();
    project.add_to("sql", graph("aa01; bb02<-aa01"));
    let line = "cargo-alembic upgrade --migrations sql b";
    assert_eq!(candidates(&project.here(), line), ["bb02"]);
}

#[test]
fn crates() {
    let project = workspace();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"store\", \"web\"]\n",
    );
    project.write("web/Cargo.toml", "[package]\nname = \"web\"\n");
    check(
        &project.here(),
        &[
            ("cargo alembic heads -p ", &["store", "app"]),
            ("cargo alembic heads --package=s", &["--package=store"]),
            ("cargo alembic heads --exclude a", &["app"]),
            ("cargo alembic init -p ", &["store", "app", "web"]),
            (
                "cargo alembic show -p store ",
                &["head", "current", "-1", "dd04", "cc03"],
            ),
            ("cargo alembic -p app show b", &["bb02"]),
            (
                "cargo alembic show --manifest-path app/Cargo.toml a",
                &["aa01"],
            ),
            (
                "cargo alembic revision -p app --depends-on ",
                &["bb02", "aa01", "store@"],
            ),
            (
                "cargo alembic revision -p app --depends-on store@d",
                &["store@dd04"],
            ),
        ],
    );
    check(
        &project.at("app"),
        &[
            ("cargo alembic show b", &["bb02"]),
            ("cargo alembic show d", &[]),
        ],
    );
    let shown = answer(&project.here(), "cargo alembic show dd");
    assert_eq!(shown, "dd04\tstore: Revision dd04\n");
}

/// Somebody is typing: what cannot be read is not mentioned, and the rest is offered.
#[test]
fn broken_workspaces() {
    let project = workspace();
    project.write("store/migrations/broken.sql", "no header");
    check(
        &project.here(),
        &[("cargo alembic show ", &["head", "current", "bb02", "aa01"])],
    );
    project.replace(
        "app/Cargo.toml",
        "[package.metadata.alembic]",
        "[package.metadata.alembic]\nunknown = 1",
    );
    check(
        &project.here(),
        &[
            ("cargo alembic sho", &["show"]),
            ("cargo alembic show ", &["head", "current", "-1"]),
        ],
    );
    project.write("Cargo.toml", "[workspace");
    check(
        &project.here(),
        &[
            ("cargo alembic sho", &["show"]),
            ("cargo alembic heads -p ", &[]),
        ],
    );
    let nowhere = Project::empty();
    check(&nowhere.here(), &[("cargo alembic show h", &["head"])]);
}

/// A message cannot do anything to the terminal that shows it.
#[test]
fn control_characters() {
    let project = branched();
    let revision = alembic_tests::revision("gg07").revises("ff06");
    project.add(revision.message("back \u{202e}\tand \u{1b}[31mred"));
    let shown = answer(&project.here(), "cargo alembic show gg");
    assert_eq!(shown, "gg07\tback \\u{202e} and red\n");
}

#[cfg(target_os = "linux")]
mod shells {
    use std::ffi::OsString;

    use alembic_tests::{Place, Project, binary, fixtures};
    use regex_lite::Regex;

    use crate::branched;

    /// Returns whether a shell is installed.
    fn has(shell: &str) -> bool {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| folder.join(shell).is_file())
    }

    /// Returns what the document says to run in a shell.
    fn documented(shell: &str) -> String {
        let page = std::fs::read_to_string(fixtures().join("../docs/shells.md")).unwrap();
        let (_, block) = page.split_once(&format!("```{shell}\n")).unwrap();
        block.split_once("```").unwrap().0.to_owned()
    }

    /// Returns a place whose home is the project, and that has the command.
    fn home(project: &Project) -> Place<'_> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&folders);
        let own = binary().parent().unwrap().to_owned();
        let path: OsString = std::env::join_paths(std::iter::once(own).chain(folders)).unwrap();
        let home = project.root().to_owned();
        let place = project.here().env("PATH", path).env("HOME", home);
        place.env("TERM", "dumb").env("LC_ALL", "C.UTF-8")
    }

    /// Types the beginning of each line and a tab, and compares what the shell makes of it.
    fn check(place: &Place<'_>, shell: &str, rows: &[(&str, &str)]) {
        let mut typed = String::new();
        for (line, _) in rows {
            // Begin and end of the line: it is printed instead of being run.
            typed += &format!("{line}\t\u{1}echo '<\u{5}>'\n");
        }
        typed += "exit\n";
        let shown = place.program_at_terminal(shell, &typed);
        for (line, expected) in rows {
            // The line that is typed has it after a quotation mark; not every shell ends words with a blank.
            let expected = regex_lite::escape(expected);
            let expected = Regex::new(&format!("[^']<{expected} ?>")).unwrap();
            assert!(
                expected.is_match(&shown),
                "{line:?}: {expected} is not in\n{shown}"
            );
        }
    }

    const ROWS: [(&str, &str); 6] = [
        ("cargo alembic upg", "cargo alembic upgrade"),
        ("cargo-alembic show cc", "cargo-alembic show cc03"),
        (
            "cargo alembic upgrade users@c",
            "cargo alembic upgrade users@cc03",
        ),
        (
            "cargo alembic history -r aa01:dd",
            "cargo alembic history -r aa01:dd04",
        ),
        (
            "cargo-alembic heads --format j",
            "cargo-alembic heads --format json",
        ),
        (
            "cargo alembic heads --format=j",
            "cargo alembic heads --format=json",
        ),
    ];

    #[test]
    fn bash() {
        if !has("bash") {
            return;
        }
        let project = branched();
        let own = "_cargo() { COMPREPLY=(\"own-$2\"); }\ncomplete -F _cargo cargo\n";
        project.write(".bashrc", own.to_owned() + &documented("bash"));
        let mut rows = ROWS.to_vec();
        rows.push(("cargo bu", "cargo own-bu"));
        check(&home(&project), "bash --rcfile .bashrc -i", &rows);
    }

    #[test]
    fn zsh() {
        if !has("zsh") {
            return;
        }
        let project = branched();
        let own = "autoload -Uz compinit && compinit -u -D\n_cargo() { compadd own-build }\ncompdef _cargo cargo\n";
        project.write(".zshrc", own.to_owned() + &documented("zsh"));
        let mut rows = ROWS.to_vec();
        rows.push(("cargo own-", "cargo own-build"));
        check(&home(&project), "zsh -d -i", &rows);
    }

    /// Its own keys are unlike those of the others, so the completers are called as it calls them.
    #[test]
    fn elvish() {
        if !has("elvish") {
            return;
        }
        let project = branched();
        let call = "for words [[cargo alembic upg] [cargo-alembic show users@c] [cargo bu]] {\n\
                    $edit:completion:arg-completer[$words[0]] $@words | each {|found| echo \
                    '<'(to-string $found)'>' }\n}\nexit\n";
        let own = "set edit:completion:arg-completer[cargo] = {|@words| put own-$words[-1] }\n";
        project.write("rc.elv", own.to_owned() + &documented("elvish") + call);
        let shown = home(&project).program_at_terminal("elvish -rc rc.elv", "");
        for expected in ["upgrade &code-suffix=' '", "users@cc03 &", "<own-bu>"] {
            assert!(shown.contains(expected), "{expected} is not in\n{shown}");
        }
    }

    #[test]
    fn fish() {
        if !has("fish") {
            return;
        }
        let project = branched();
        let install = documented("fish");
        project.write("install.fish", install);
        let place = home(&project);
        place
            .run_program(std::path::Path::new("fish"), "install.fish")
            .success();
        check(&place, "fish -i", &ROWS);
    }
}

/// Each command has a page, and `man` reads it without a complaint.
#[test]
fn manual_pages() {
    let project = Project::empty();
    let written = project.run("man pages/man1").success();
    assert_eq!(written.stderr, "       Wrote 28 pages to pages/man1\n");
    let first = project.run("man").success().stdout;
    assert_eq!(first, project.read("pages/man1/cargo-alembic.1"));
    let page = project.read("pages/man1/cargo-alembic-upgrade.1");
    for absent in ["EXTRA", "alembic\\-help"] {
        assert!(!first.contains(absent), "{absent} is in\n{first}");
    }
    for (page, parts) in [
        (
            first.as_str(),
            [
                ".SH \"REVISION EXPRESSIONS\"",
                "\\fBshop@head\\fR",
                ".SH \"EXIT STATUS\"",
                ".SH ENVIRONMENT",
                "DATABASE_URL",
                "cargo\\-alembic\\-upgrade(1)",
            ],
        ),
        (
            page.as_str(),
            [
                ".TH cargo-alembic-upgrade 1",
                "\\fBcargo alembic upgrade\\fR",
                "\\fB\\-\\-dry\\-run\\fR",
                ".SH DATABASE",
                ".SH EXAMPLES",
                "  cargo alembic upgrade +1 \\-p shop",
            ],
        ),
    ] {
        for part in parts {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
    }
    project.write("file", "");
    let refused = project.run("man file/man1");
    assert_eq!(refused.status, 1, "{refused}");
    assert!(
        refused.stderr.contains("error: cannot write file/man1: "),
        "{refused}"
    );
}
