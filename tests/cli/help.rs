//! The help of every command.

use alembic_tests::Project;
use insta::assert_snapshot;

fn shown(command: &str) -> String {
    Project::empty().transcript(&[&format!("{command} --help")])
}

macro_rules! help {
    ($($name:ident: $command:literal,)*) => {
        $(
            #[test]
            fn $name() {
                assert_snapshot!(shown($command));
            }
        )*

        /// A command without a test here would have help that nobody reads.
        #[test]
        fn every_command_has_a_test() {
            let help = Project::empty().run("--help").stdout;
            let commands = help.split_once("Commands:\n").unwrap().1;
            let commands: Vec<&str> = commands
                .lines()
                .take_while(|line| !line.is_empty())
                .map(|line| line.split_whitespace().next().unwrap())
                .filter(|command| *command != "help")
                .collect();
            assert_eq!(commands, [$($command),*]);
        }
    };
}

help! {
    init: "init",
    import: "import",
    baseline: "baseline",
    revision: "revision",
    merge: "merge",
    rebase: "rebase",
    lock: "lock",
    upgrade: "upgrade",
    downgrade: "downgrade",
    status: "status",
    current: "current",
    heads: "heads",
    branches: "branches",
    history: "history",
    show: "show",
    log: "log",
    stamp: "stamp",
    check: "check",
    verify: "verify",
    diff: "diff",
    dump: "dump",
    test: "test",
    edit: "edit",
    ensure: "ensure",
    ensure_version: "ensure-version",
    completions: "completions",
    man: "man",
}

#[test]
fn short() {
    assert_snapshot!(Project::empty().transcript(&["-h", "upgrade -h"]));
}

#[test]
fn of_everything() {
    assert_snapshot!(shown(""));
}

#[test]
fn without_a_command() {
    assert_snapshot!(Project::empty().transcript(&["", "upgrad", "upgrade --sql"]));
}

#[test]
fn version() {
    let shown = Project::empty().run("--version").success();
    assert_eq!(
        shown.stdout,
        format!("cargo-alembic {}\n", env!("CARGO_PKG_VERSION"))
    );
}
