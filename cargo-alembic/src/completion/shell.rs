//! The shells that have completions, and the script for each.

/// A shell that has completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl CompletionShell {
    /// Returns the script that the shell runs when it starts.
    pub(crate) fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("scripts/cargo-alembic.bash"),
            Self::Elvish => include_str!("scripts/cargo-alembic.elv"),
            Self::Fish => include_str!("scripts/cargo-alembic.fish"),
            Self::Powershell => include_str!("scripts/cargo-alembic.ps1"),
            Self::Zsh => include_str!("scripts/cargo-alembic.zsh"),
        }
    }
}
