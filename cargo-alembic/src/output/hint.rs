//! Hints: what the user can do next, as text with commands in it.

use std::borrow::Cow;
use std::path::Path;

use super::quote_for_shell;
use crate::url::RedactedUrl;

/// A hint about what the user can do next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Cow<'static, str>),
    Command(Suggestion),
}

/// A `cargo alembic` command that the user can run next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suggestion {
    subcommand: Subcommand,
    /// The crate that it is for; `None` if it is for the ones that this call chooses.
    package: Option<String>,
    arguments: Vec<String>,
    /// Whether it concerns a database other than the one that `--url` of this call names.
    elsewhere: bool,
}

/// The commands that hints suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subcommand {
    Current,
    Downgrade,
    Dump,
    Ensure,
    Heads,
    History,
    Import,
    Init,
    Lock,
    Log,
    Merge,
    Rebase,
    Revision,
    Stamp,
    Upgrade,
    Verify,
}

/// The arguments of this call that suggested commands repeat, so that they concern the same
/// databases and crates.
#[derive(Debug, Default)]
pub(crate) struct Call {
    program: Program,
    /// ` -p CRATE`, ` --workspace` or the like, or empty.
    crates: String,
    /// ` --url URL`, or empty.
    url: String,
    /// ` --manifest-path PATH`, ` --migrations FOLDER`, or empty.
    place: String,
    /// Whether there is one crate, which no argument can choose.
    has_one_crate: bool,
}

/// Where a call finds its crates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    /// Around the current folder.
    Nearest,
    Manifest(&'p Path),
    /// In a folder of revisions without a manifest: the call has one crate, which no argument chooses.
    Migrations(&'p Path),
    /// In the application that the call is one of, which has one crate, too.
    Embedded,
}

/// How the user runs the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Program {
    /// Through cargo: `cargo alembic`.
    #[default]
    Cargo,
    /// Where cargo may be missing: `cargo-alembic`.
    Alone,
    /// As a subcommand of an application, by these words.
    Application(String),
}

impl Program {
    /// Returns the words before the name of a subcommand.
    fn words(&self, subcommand: Subcommand) -> &str {
        match self {
            Program::Cargo => "cargo alembic",
            Program::Alone => "cargo-alembic",
            Program::Application(words) if subcommand.needs_no_sources() => words,
            Program::Application(_) => "cargo alembic",
        }
    }
}

impl Hint {
    /// Appends text.
    pub(crate) fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.parts.push(Part::Text(text.into()));
        self
    }

    /// Appends a command.
    pub(crate) fn command(mut self, suggestion: Suggestion) -> Self {
        self.parts.push(Part::Command(suggestion));
        self
    }

    /// Returns the hint as displayed.
    pub(crate) fn render(&self, call: &Call) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Command(suggestion) => suggestion.render(call).into(),
        });
        parts.collect()
    }
}

impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        Self::default().text(text)
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::default().text(text)
    }
}

impl Suggestion {
    pub(crate) fn new(subcommand: Subcommand) -> Self {
        Self {
            subcommand,
            package: None,
            arguments: Vec::new(),
            elsewhere: false,
        }
    }

    /// Suggests a command for one crate.
    pub(crate) fn for_crate(subcommand: Subcommand, name: &str) -> Self {
        Self {
            package: Some(name.to_owned()),
            ..Self::new(subcommand)
        }
    }

    pub(crate) fn argument(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    pub(crate) fn arguments<T: ToString>(self, arguments: impl IntoIterator<Item = T>) -> Self {
        arguments.into_iter().fold(self, Self::argument)
    }

    /// Marks the command as concerning a database other than the one that `--url` names.
    pub(crate) fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    fn render(&self, call: &Call) -> String {
        let mut line = format!(
            "`{} {}",
            call.program.words(self.subcommand),
            self.subcommand.name()
        );
        match &self.package {
            Some(_) if call.has_one_crate && self.subcommand.needs_no_sources() => {}
            Some(name) => line.push_str(&format!(" -p {name}")),
            // It sets up a crate that the call could not choose.
            None if self.subcommand == Subcommand::Init => {}
            None => line.push_str(&call.crates),
        }
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(argument);
        }
        if self.subcommand.asks_database() && !self.elsewhere {
            line.push_str(&call.url);
        }
        line + &call.place + "`"
    }
}

impl Subcommand {
    fn name(self) -> &'static str {
        match self {
            Subcommand::Current => "current",
            Subcommand::Downgrade => "downgrade",
            Subcommand::Dump => "dump",
            Subcommand::Ensure => "ensure",
            Subcommand::Heads => "heads",
            Subcommand::History => "history",
            Subcommand::Import => "import",
            Subcommand::Init => "init",
            Subcommand::Lock => "lock",
            Subcommand::Log => "log",
            Subcommand::Merge => "merge",
            Subcommand::Rebase => "rebase",
            Subcommand::Revision => "revision",
            Subcommand::Stamp => "stamp",
            Subcommand::Upgrade => "upgrade",
            Subcommand::Verify => "verify",
        }
    }

    /// Returns whether an application carries the command, or it works in a folder of revisions.
    fn needs_no_sources(self) -> bool {
        match self {
            Subcommand::Current
            | Subcommand::Downgrade
            | Subcommand::Ensure
            | Subcommand::Heads
            | Subcommand::History
            | Subcommand::Log
            | Subcommand::Stamp
            | Subcommand::Upgrade => true,
            Subcommand::Dump
            | Subcommand::Import
            | Subcommand::Init
            | Subcommand::Lock
            | Subcommand::Merge
            | Subcommand::Rebase
            | Subcommand::Revision
            | Subcommand::Verify => false,
        }
    }

    fn asks_database(self) -> bool {
        match self {
            Subcommand::Current
            | Subcommand::Downgrade
            | Subcommand::Ensure
            | Subcommand::Import
            | Subcommand::Log
            | Subcommand::Stamp
            | Subcommand::Upgrade
            | Subcommand::Verify => true,
            Subcommand::Dump
            | Subcommand::Heads
            | Subcommand::History
            | Subcommand::Init
            | Subcommand::Lock
            | Subcommand::Merge
            | Subcommand::Rebase
            | Subcommand::Revision => false,
        }
    }
}

impl Call {
    /// `crates` are the arguments that choose crates.
    pub(crate) fn new(
        program: Program,
        place: Place<'_>,
        url: Option<&str>,
        crates: &[String],
    ) -> Self {
        let given = |name: &str, value: String| format!(" {name} {}", quote_for_shell(&value));
        let url = url.map(|url| given("--url", RedactedUrl::new(url).to_string()));
        let crates = crates.iter().map(|argument| format!(" {argument}"));
        Self {
            program,
            crates: crates.collect(),
            url: url.unwrap_or_default(),
            place: match place {
                Place::Nearest | Place::Embedded => String::new(),
                Place::Manifest(path) => given("--manifest-path", path.display().to_string()),
                Place::Migrations(path) => given("--migrations", path.display().to_string()),
            },
            has_one_crate: matches!(place, Place::Migrations(_) | Place::Embedded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_the_call_are_repeated() {
        let crates = ["-p", "c", "-p", "d"].map(str::to_owned);
        let url = Some("sqlite://a b.db");
        let manifest = Place::Manifest("x/Cargo.toml".as_ref());
        let call = Call::new(Program::Cargo, manifest, url, &crates);
        let migrations = Place::Migrations("x/sql".as_ref());
        let alone = Call::new(Program::Alone, migrations, url, &[]);
        let upgrade = Suggestion::for_crate(Subcommand::Upgrade, "a");
        let stamp = Suggestion::new(Subcommand::Stamp).argument("x");
        let heads = Suggestion::new(Subcommand::Heads);
        let hint = Hint::default;
        for (hint, plain, repeated, without_cargo) in [
            (
                "no command".into(),
                "no command",
                "no command",
                "no command",
            ),
            (
                hint().text("try ").command(upgrade).text(", or `b`"),
                "try `cargo alembic upgrade -p a`, or `b`",
                "try `cargo alembic upgrade -p a --url 'sqlite://a b.db' --manifest-path \
                 x/Cargo.toml`, or `b`",
                "try `cargo-alembic upgrade --url 'sqlite://a b.db' --migrations x/sql`, or `b`",
            ),
            (
                hint()
                    .command(stamp.elsewhere())
                    .text(" or ")
                    .command(heads),
                "`cargo alembic stamp x` or `cargo alembic heads`",
                "`cargo alembic stamp -p c -p d x --manifest-path x/Cargo.toml` or `cargo alembic \
                 heads -p c -p d --manifest-path x/Cargo.toml`",
                "`cargo-alembic stamp x --migrations x/sql` or `cargo-alembic heads --migrations \
                 x/sql`",
            ),
        ] {
            assert_eq!(hint.render(&Call::default()), plain);
            assert_eq!(hint.render(&call), repeated);
            assert_eq!(hint.render(&alone), without_cargo);
        }
    }
}
