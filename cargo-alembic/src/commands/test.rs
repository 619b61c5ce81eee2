//! `cargo alembic test`

use std::fmt::Write;

use anstyle::AnsiColor;
use clap::Args;

use super::write_answers;
use crate::context::Context;
use crate::diagnostic::{Error, Result};
use crate::exit::Exit;
use crate::json::{CheckJson, TestJson};
use crate::member::load_all;
use crate::requirements;
use crate::trial::{self, Check, Verdict};

/// Arguments of `cargo alembic test`.
#[derive(Debug, Args)]
pub struct TestArgs {}

impl TestArgs {
    pub(super) fn run(self, context: &Context) -> Result<Exit> {
        let ordered = requirements::ordered(context, load_all(context.members()?, None)?)?;
        let mut answers = Vec::new();
        let mut diagnostics = Vec::new();
        for crate_ in &ordered.chosen {
            context.shell.status("Testing", crate_.name());
            let verdicts = trial::run(crate_, &ordered.below(crate_));
            let checks = verdicts
                .iter()
                .map(|(check, verdict)| json(*check, verdict));
            let json = TestJson {
                checks: checks.collect(),
            };
            let text = verdicts
                .iter()
                .map(|(check, verdict)| line(*check, verdict));
            answers.push((crate_, json, text.collect::<String>()));
            for (check, verdict) in verdicts {
                if let Verdict::Failed(found) = verdict {
                    let in_crate = format!("check `{}` of crate `{}`", check.name(), crate_.name());
                    diagnostics.extend(found.into_iter().map(|fault| fault.note(&in_crate)));
                }
            }
        }
        write_answers(context, answers)?;
        if diagnostics.is_empty() {
            return Ok(Exit::Success);
        }
        Err(Error {
            exit: Exit::Migration,
            diagnostics,
        })
    }
}

fn line(check: Check, verdict: &Verdict) -> String {
    let (word, color, details) = match verdict {
        Verdict::Passed(details) => ("ok", AnsiColor::Green, details.as_str()),
        Verdict::Skipped(why) => ("skipped", AnsiColor::Yellow, why.as_str()),
        Verdict::Failed(_) => ("FAILED", AnsiColor::Red, "see below"),
    };
    let style = color.on_default().bold();
    let mut line = String::new();
    let _ = writeln!(
        line,
        "{style}{word:>7}{style:#}  {:<12}  {details}",
        check.name()
    );
    line
}

fn json(check: Check, verdict: &Verdict) -> CheckJson {
    let (word, details) = match verdict {
        Verdict::Passed(details) => ("passed", vec![details.clone()]),
        Verdict::Skipped(why) => ("skipped", vec![why.clone()]),
        Verdict::Failed(faults) => {
            let titles = faults.iter().map(|fault| fault.title.clone());
            ("failed", titles.collect())
        }
    };
    CheckJson {
        name: check.name().to_owned(),
        verdict: word.to_owned(),
        details,
    }
}
