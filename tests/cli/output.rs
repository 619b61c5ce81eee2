//! What concerns the output of every command: where it goes, colour, silence, closed pipes.

use std::io::Read;
use std::process::Stdio;

use alembic_tests::{Project, revision};
use insta::assert_snapshot;

use crate::{chain, on_both, workspace};

#[test]
fn quiet_leaves_the_answer_and_errors() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        assert_snapshot!(project.transcript(&[
            "-q upgrade",
            "current -q",
            "-q downgrade -1",
            "stamp head --quiet",
            "current -q -c",
            "upgrade -q zz99",
            "revision -q --rev-id dd04",
            "current -c -q",
        ]));
    });
}

#[test]
fn colour_only_when_it_is_asked_for() {
    let project = chain();
    project.add(revision("dd04").revises("cc03").upgrade("SELEC 1;"));
    let plain = project.transcript(&["upgrade", "history"]);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    let colour = project.transcript(&["--color always upgrade", "history --color always"]);
    assert_snapshot!(colour.replace('\x1b', "ESC"));
    let never = project
        .here()
        .env("CLICOLOR_FORCE", "1")
        .transcript(&["upgrade --color never"]);
    assert!(!never.contains('\x1b'), "{never:?}");
}

#[test]
fn answers_go_to_stdout_and_the_rest_to_stderr() {
    on_both(|dialect| {
        let project = workspace().on(dialect);
        for (line, has_stdout, has_stderr) in [
            ("upgrade", false, true),
            ("current", true, false),
            ("heads", true, false),
            ("history", true, false),
            ("show aa01", true, false),
            ("upgrade --format json", true, true),
            ("upgrade --format json -q", true, false),
            ("stamp head", false, true),
            ("ensure-version", false, true),
            ("downgrade zz99", false, true),
            ("--help", true, false),
            ("--nonsense", false, true),
        ] {
            let outcome = project.run(line);
            assert_eq!(!outcome.stdout.is_empty(), has_stdout, "{line}\n{outcome}");
            assert_eq!(!outcome.stderr.is_empty(), has_stderr, "{line}\n{outcome}");
        }
    });
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let project = Project::with_crate("shop");
    // More than a pipe holds.
    let mut parent = String::new();
    for number in 0..600 {
        let id = format!("r{number:04}");
        project.add(revision(&id).revises(&parent).message(&"long ".repeat(50)));
        parent = id;
    }
    let mut command = project
        .here()
        .command(&["history".to_owned(), "-v".to_owned()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

/// As a user calls it: cargo finds the binary on the path.
#[test]
fn cargo_finds_the_command() {
    let project = chain();
    let folder = alembic_tests::binary().parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)));
    let place = project.here().env("PATH", path.unwrap());
    let mut cargo = std::process::Command::new(env!("CARGO"));
    place.prepare(&mut cargo);
    let output = cargo.args(["alembic", "heads"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "cc03 (head)\n");
    assert!(output.status.success());
}

/// What a hook writes to stdout would make the answer unreadable.
#[cfg(unix)]
#[test]
fn hooks_leave_the_answer_alone() {
    let project = chain();
    project.configure("post-write-hooks = [[\"echo\", \"written\"]]");
    let outcome = project
        .run("revision --format json --rev-id dd04")
        .success();
    assert_eq!(outcome.json()["crates"][0]["id"], "dd04");
    assert!(outcome.stderr.contains("written"), "{outcome}");
}

/// What a file or a database says cannot steer the terminal.
#[test]
fn control_characters_are_escaped() {
    on_both(|dialect| {
        let project = chain().on(dialect);
        let hostile = "red \x1b[31m\x07\u{202e}\u{9b}31mhere";
        let file = project.read("migrations/bb02.sql");
        let file = file.replacen("Revision bb02", hostile, 1);
        project.write("migrations/bb02.sql", &file);
        let failing = "SELECT * FROM \"red \x1b[31mtable\";";
        project.add(revision("dd04").revises("cc03").upgrade(failing));
        for line in [
            "upgrade cc03",
            "current -v",
            "history",
            "history -v",
            "show bb02",
            "upgrade",
            "downgrade aa01",
            "history --format json",
            "upgrade --format json",
        ] {
            let said = project.run(&format!("--color always {line}")).to_string();
            for part in [
                "\x1b[31mhere",
                "\x1b[31mtable",
                "\x07",
                "\u{202e}",
                "\u{9b}",
            ] {
                assert!(!said.contains(part), "{line}: {said:?}");
            }
            let is_about = line != "current -v" && !line.starts_with("upgrade");
            let is_about = is_about && !line.ends_with("json");
            assert!(!is_about || said.contains("\\u{1b}[31m"), "{line}: {said}");
        }
    });
}
