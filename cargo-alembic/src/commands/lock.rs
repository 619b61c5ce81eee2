//! `cargo alembic lock`

use std::fmt::Write;

use alembic_history::{Chain, Direction, Node, RevisionId};
use clap::Args;

use crate::context::Context;
use crate::lock_file::{CrateLock, NewRevisions, TakenIn};
use crate::new_file::FileChanges;
use crate::output::json::{AnswerJson, LockJson, strings};
use crate::output::lines::join;
use crate::output::{Answer, Cause, Diagnostic, Error, Layout, Response, Result, display_path};
use crate::workspace::{Access, Crate};

/// Arguments of `cargo alembic lock`.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// Only compare the lock files with the revision files
    #[arg(long)]
    check: bool,
}

impl LockArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let crates = context.crates(&Access::default())?;
        let mut answers = Vec::new();
        let mut failed = None;
        let mut without = Vec::new();
        for next in &crates {
            let Some(lock) = CrateLock::read(&next.configuration) else {
                without.push(next.name());
                continue;
            };
            let outcome = match self.check {
                true => check(context, next, &lock),
                false => write(context, next, &lock),
            };
            match outcome {
                Ok(answer) => answers.push(answer),
                Err(error) => Error::add(&mut failed, error),
            }
        }
        if without.len() == crates.len() {
            let title = format!("no lock file is kept for {}", without.join(", "));
            return Err(Diagnostic::new(Cause::Configuration, title)
                .help("set `lock = true` under [package.metadata.alembic] in Cargo.toml")
                .into());
        }
        let response = match self.check {
            // It has no answer for people.
            true => Response::new(answers, Layout::Plain),
            false => Response::sections(answers, crates.len() - without.len()),
        };
        Ok(response.with_error(failed))
    }
}

fn check(context: &Context, owner: &Crate, lock: &CrateLock<'_>) -> Result<Answer> {
    owner.check_lock(NewRevisions::Refuse)?;
    context.shell.status("Checked", display_path(&lock.path));
    report_heads(context, owner);
    Ok(answer(owner, lock, &TakenIn::default()))
}

/// Writes the lock file anew.
fn write(context: &Context, owner: &Crate, lock: &CrateLock<'_>) -> Result<Answer> {
    owner.check_sql(Direction::Upgrade)?;
    // Lines that cannot be read are not missed: everything is in the revision files.
    let current = lock.current(owner.history());
    let before = lock.file.parse_both_sides(&current).unwrap_or_default();
    let taken = TakenIn::new(before.differences(&current));
    let text = before.renewed(&current).render();
    if !lock.file.is_missing() && text == lock.file.text().replace("\r\n", "\n") {
        context.shell.status("Unchanged", display_path(&lock.path));
    } else {
        let mut changes = FileChanges::default();
        changes.write(&lock.path, &text)?;
        changes.commit()?;
        context.shell.status("Locked", display_path(&lock.path));
    }
    report_heads(context, owner);
    Ok(answer(owner, lock, &taken))
}

/// Reports several heads where a build asks for one: the lock file holds whatever the revisions are.
fn report_heads(context: &Context, owner: &Crate) {
    let graph = owner.graph();
    let heads = graph.ids(&graph.heads().collect::<Vec<Node>>());
    if owner.configuration.settings.chain == Chain::Linear && heads.len() > 1 {
        let (heads, name) = (join(&heads), owner.name());
        let what = format_args!(
            "the revisions have the heads {heads}: before you commit, put yours on top of the others \
             with `cargo alembic rebase -p {name}`"
        );
        context.shell.status("Note", what);
    }
}

fn answer(owner: &Crate, lock: &CrateLock<'_>, taken: &TakenIn) -> Answer {
    let mut text = String::new();
    for id in &taken.added {
        let _ = writeln!(text, "added {id}");
    }
    for id in &taken.recorded {
        let _ = writeln!(text, "recorded {id}");
    }
    for (id, changes) in &taken.changed {
        let _ = writeln!(text, "changed {id}: {}", changes.join(", "));
    }
    for id in &taken.removed {
        let _ = writeln!(text, "removed {id}");
    }
    let changed: Vec<RevisionId> = taken.changed.iter().map(|(id, _)| id.clone()).collect();
    let json = AnswerJson::Lock(LockJson {
        path: display_path(&lock.path),
        added: strings(&taken.added),
        recorded: strings(&taken.recorded),
        changed: strings(&changed),
        removed: strings(&taken.removed),
    });
    Answer::new(owner.name(), json, text)
}
