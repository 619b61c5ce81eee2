//! What an import says: the answer, and what stops it.

use std::collections::BTreeMap;
use std::path::Path;

use alembic_history::Code;
use alembic_import::{Finding, FindingKind, Imported, ImportedRevision, Tool, Weight};

use super::place::{NewFile, Place};
use crate::context::Context;
use crate::output::json::{AnswerJson, FindingJson, ImportJson, ImportedJson};
use crate::output::{
    Answer, Cause, Diagnostic, Hint, Result, Subcommand, Suggestion, display_path,
};

/// The tool that is imported from: its name in arguments, and in sentences.
#[derive(Clone, Debug)]
pub(super) struct ToolName {
    pub(super) argument: &'static str,
    pub(super) shown: String,
}

impl ToolName {
    pub(super) fn of(tool: Tool) -> Self {
        Self {
            argument: tool.name(),
            shown: tool.to_string(),
        }
    }

    /// Says by which command databases of the tool are taken over.
    pub(super) fn suggest_taking_over(&self, context: &Context, name: &str) {
        let next = Suggestion::for_crate(Subcommand::Import, name)
            .argument("--database")
            .elsewhere();
        let next = Hint::default().command(next).render(&context.call);
        let what = format_args!("{next} for each database that {} manages", self.shown);
        context.shell.status("Next", what);
    }
}

/// Fails with everything that keeps the folder from being imported; `elsewhere` says which other tool or folder
/// may be meant.
pub(super) fn check(
    imported: &Imported,
    from: &Path,
    tool: &ToolName,
    elsewhere: Option<Hint>,
) -> Result<()> {
    let findings: Vec<&Finding> = imported.findings_of(Weight::Error).collect();
    let mut errors: Vec<Diagnostic> = alike(&findings).map(|alike| fault(&alike, from)).collect();
    match errors.pop() {
        None => Ok(()),
        Some(last) => {
            let last = last.note(format!(
                "nothing of {}'s migrations was imported",
                tool.shown
            ));
            errors.push(match elsewhere {
                Some(elsewhere) => last.help(elsewhere),
                None => last,
            });
            Err(errors.into())
        }
    }
}

/// Returns the findings that say the same, of each of its files, in the order of the first ones.
fn alike<'f>(findings: &[&'f Finding]) -> impl Iterator<Item = Vec<&'f Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let mut known = groups.iter_mut();
        match known.find(|group| group[0].kind == finding.kind) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.into_iter()
}

/// Returns what is wrong with files that have the same fault.
fn fault(findings: &[&Finding], from: &Path) -> Diagnostic {
    const SHOWN: usize = 8;
    let place = |finding: &Finding| {
        let place = match finding.path.as_str() {
            "" => from.to_owned(),
            path => from.join(path),
        };
        let line = finding.line.map(|line| format!(":{line}"));
        display_path(&place) + &line.unwrap_or_default()
    };
    let (first, others) = (findings[0], &findings[1..]);
    let title = format!("{}: {}", place(first), first.kind);
    let mut diagnostic = Diagnostic::new(Cause::History, title).code(Code::NotImported);
    for other in others.iter().take(SHOWN) {
        diagnostic = diagnostic.note(format!("the same is true of {}", place(other)));
    }
    if others.len() > SHOWN {
        diagnostic = diagnostic.note(format!("and of {} more", others.len() - SHOWN));
    }
    match first.kind.help() {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Returns what was imported, and what is to know about it.
pub(super) fn answer(
    place: &Place,
    tool: &ToolName,
    from: &Path,
    imported: &Imported,
    files: &[NewFile],
    dry_run: bool,
) -> Answer {
    let into = place.folder();
    let (from, into) = (display_path(from), display_path(&into));
    let count = imported.revisions.len();
    let revisions = if count == 1 { "revision" } else { "revisions" };
    let would = if dry_run { "would be " } else { "" };
    let mut text = format!(
        "{count} {revisions} {would}imported from {}: {from} -> {into}\n",
        tool.shown
    );
    for (heading, weight) in [("changed", Weight::Change), ("look at", Weight::Look)] {
        let lines = lines(imported.findings_of(weight));
        if !lines.is_empty() {
            text.push_str(&format!("{heading}:\n{lines}"));
        }
    }
    let revision = |(revision, file): (&ImportedRevision, &NewFile)| ImportedJson {
        id: revision.new.id.to_string(),
        version: match &revision.origin {
            Some(origin) => origin.key.to_string(),
            None => format!("revision {}", revision.new.id),
        },
        file: revision.file.clone(),
        path: display_path(&file.path),
    };
    let json = ImportJson {
        tool: tool.argument.to_owned(),
        from,
        into,
        written: !dry_run,
        revisions: imported.revisions.iter().zip(files).map(revision).collect(),
        changes: finding_json(imported.findings_of(Weight::Change)),
        findings: finding_json(imported.findings_of(Weight::Look)),
    };
    Answer::new(&place.name, AnswerJson::Import(json), text)
}

/// Returns a line for each finding, and one for many files of which the same is to be said.
fn lines<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    const MANY: usize = 4;
    let findings: Vec<&Finding> = findings.collect();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for finding in &findings {
        let message = finding.kind.to_string();
        places.entry(message).or_default().push(&finding.path);
    }
    let mut text = String::new();
    for finding in findings {
        let message = finding.kind.to_string();
        let paths = places.get(&message).map_or(&[][..], Vec::as_slice);
        match paths {
            [first, .., last] if paths.len() >= MANY => {
                let count = paths.len();
                text.push_str(&format!(
                    "  {count} files, from {first} to {last}: {message}\n"
                ));
                // The others are told with it.
                places.insert(message, Vec::new());
            }
            [] => {}
            _ => text.push_str(&format!("  {finding}\n")),
        }
    }
    text
}

fn finding_json<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<FindingJson> {
    let findings = findings.map(|Finding { path, line, kind }: &Finding| FindingJson {
        path: Some(path.clone()).filter(|path| !path.is_empty()),
        line: *line,
        message: FindingKind::to_string(kind),
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_files_have_is_told_once() {
        let finding = |path: &str, kind: FindingKind| Finding {
            path: path.to_owned(),
            line: None,
            kind,
        };
        let many = ["a", "b", "c", "d"].map(|path| finding(path, FindingKind::EmptyUp));
        let few = ["a", "b"].map(|path| finding(path, FindingKind::NotAMigration));
        let all: Vec<Finding> = many.into_iter().chain(few).collect();
        assert_eq!(
            lines(all.iter()),
            "  4 files, from a to d: has no statements\n  \
             a: is not a migration, and was passed over\n  \
             b: is not a migration, and was passed over\n"
        );
    }
}
