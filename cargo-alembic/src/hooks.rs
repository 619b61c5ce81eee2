//! Programs that the configuration names, and that run after something has happened.

use std::path::Path;
use std::process::Command;

use crate::output::{Cause, Diagnostic, Hint, Result, Subcommand, Suggestion, display_path};
use crate::workspace::Crate;

/// A hook that failed.
struct Failure {
    hook: String,
    outcome: String,
}

/// Runs programs, each as `prepare` completes its command, until one fails.
fn run(
    hooks: &[Vec<String>],
    prepare: impl Fn(&mut Command, &[String]),
) -> std::result::Result<(), Failure> {
    for hook in hooks {
        let Some((program, arguments)) = hook.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        prepare(&mut command, arguments);
        // Stdout is reserved for the answer.
        command.stdout(std::io::stderr());
        let outcome = match command.status() {
            Ok(status) if status.success() => continue,
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        return Err(Failure {
            hook: hook.join(" "),
            outcome,
        });
    }
    Ok(())
}

/// Runs the hooks for a new revision file.
pub(crate) fn after_write(hooks: &[Vec<String>], path: &Path) -> Result<()> {
    let shown_path = path.display().to_string();
    let outcome = run(hooks, |command, arguments| {
        let arguments_with_path = arguments
            .iter()
            .map(|argument| argument.replace("{path}", &shown_path));
        command.args(arguments_with_path);
        if !arguments.iter().any(|argument| argument.contains("{path}")) {
            command.arg(path);
        }
    });
    outcome.map_err(|Failure { hook, outcome }| {
        let title = format!("post-write hook `{hook}` failed: {outcome}");
        Diagnostic::new(Cause::Program, title)
            .note(format!("the revision was written: {}", display_path(path)))
            .help("fix the hook and run it on the file, or remove the file")
            .into()
    })
}

/// Runs the hooks for a database that an upgrade or a downgrade has changed, in the folder of the crate.
pub(crate) fn after_run(owner: &Crate) -> Result<()> {
    let configuration = &owner.configuration;
    let outcome = run(
        &configuration.settings.post_run_hooks,
        |command, arguments| {
            command.args(arguments).current_dir(&configuration.folder);
        },
    );
    outcome.map_err(|Failure { hook, outcome }| {
        let title = format!("post-run hook `{hook}` failed: {outcome}");
        let current = Suggestion::for_crate(Subcommand::Current, owner.name());
        Diagnostic::new(Cause::Program, title)
            .note(format!(
                "the database of `{}` was migrated before, and stays as it is",
                owner.name()
            ))
            .help(
                Hint::from("fix the hook and run it by itself; ")
                    .command(current)
                    .text(" says where the database is"),
            )
            .into()
    })
}
