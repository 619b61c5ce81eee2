//! Writes the revision that makes the schema of the revisions into the target, once it is proved.

mod answers;
mod costs;
mod counts;
mod draft;
mod origin;
mod proof;
mod side;

use std::collections::BTreeSet;

use alembic_history::Code;
use alembic_migrate::schema::{Cost, DiffOptions};
use alembic_schema::Filter;

use crate::context::Context;
use crate::database::scratch::Engine;
use crate::new_revision::{PreparedRevision, RevisionDraft};
use crate::output::json::{
    AnswerJson, AutogenerateJson, ChangeJson, EngineChangesJson, OmissionJson,
};
use crate::output::{Answer, Hint, Layout, Response, Result, Subcommand, Suggestion};
use crate::replay::Replay;
use crate::schemas::{Strictness, Target, filter_for, report_not_compared, report_unstated};
use crate::workspace::Crate;

pub(crate) use answers::Answers;
use counts::Counts;
use draft::{Draft, Sharings};
use origin::Origin;
use proof::Unproved;
use side::Side;

/// What `revision --autogenerate` was asked for.
pub(crate) struct Autogenerate<'a> {
    /// The answers to what may have been renamed.
    pub(crate) answers: Answers,
    /// The costs that are allowed, if an argument names them.
    pub(crate) allow: Option<Vec<Cost>>,
    /// Whether the database takes the place of the history.
    pub(crate) from_database: bool,
    /// Whether the file is printed, and not written.
    pub(crate) dry_run: bool,
    /// Whether what cannot be compared is an error.
    pub(crate) strictness: Strictness,
    pub(crate) options: DiffOptions,
    /// The database that an argument names.
    pub(crate) url: Option<&'a str>,
    pub(crate) include: &'a [String],
    pub(crate) exclude: &'a [String],
}

impl Autogenerate<'_> {
    /// Compares the schemas on each engine, and writes the revision.
    pub(crate) fn run(
        self,
        context: &Context,
        owner: &Crate,
        below: &[&Crate],
        engines: &[Engine],
        draft: RevisionDraft<'_>,
    ) -> Result<Response> {
        let settings = &owner.configuration.settings;
        let filter = filter_for(owner, self.include, self.exclude)?;
        let prepared = draft.prepare(context)?;
        let mut sides = Vec::new();
        for engine in engines {
            let replay = Replay {
                owner,
                below,
                engine,
            };
            let side = self.compare(context, replay, &filter)?;
            report_not_compared(context, owner, &side.not_compared(), self.strictness)?;
            report_unstated(context, owner, side.unstated.as_deref());
            sides.push(side);
        }
        if sides.iter().all(|side| side.upgrade.is_empty()) {
            let what = format_args!("No changes detected ({})", owner.name());
            context.shell.status("Finished", what);
            return Ok(self.response(owner, &sides, None, None));
        }
        report_changes(context, &sides);
        costs::check(settings, self.allow.as_deref(), &sides)?;
        let counts = match self.url {
            Some(_) => Counts::read(owner, &sides)?,
            None => Counts::default(),
        };
        let text = proved(&prepared, &mut sides, &counts)?;
        report_omissions(context, &sides);
        if self.dry_run {
            return Ok(self.response(owner, &sides, Some(text), None));
        }
        let written = prepared.write(context, &text)?;
        report_stale_files(context, owner);
        let written = (written.id, written.path);
        Ok(self.response(owner, &sides, Some(text), Some(written)))
    }

    /// Compares the schemas on one engine.
    fn compare<'r>(
        &self,
        context: &Context,
        replay: Replay<'r>,
        filter: &Filter,
    ) -> Result<Side<'r>> {
        Target::check(&replay)?;
        let origin = match self.from_database {
            true => Origin::database(context, &replay)?,
            false => Origin::history(&replay)?,
        };
        Side::compare(replay, origin, filter, &self.answers, self.options)
    }

    fn response(
        &self,
        owner: &Crate,
        sides: &[Side<'_>],
        text: Option<String>,
        written: Option<(String, String)>,
    ) -> Response {
        let (id, path) = written.unzip();
        let engines = sides.iter().map(|side| EngineChangesJson {
            dialect: side.dialect().to_string(),
            changes: ChangeJson::all(&side.upgrade),
            not_compared: side.not_compared(),
        });
        let json = AutogenerateJson {
            id,
            path,
            text: text.clone(),
            engines: engines.collect(),
            not_written: sides.iter().flat_map(omissions).collect(),
        };
        let shown = text.filter(|_| self.dry_run).unwrap_or_default();
        let answer = Answer::verbatim(owner.name(), AnswerJson::Autogenerate(json), shown);
        Response::new(vec![answer], Layout::Scripts)
    }
}

/// Reports each change, once if all engines have it.
fn report_changes(context: &Context, sides: &[Side<'_>]) {
    let sentences = |side: &Side<'_>| -> Vec<String> {
        let changes = side.upgrade.iter();
        changes.map(|change| change.sentence.clone()).collect()
    };
    let all: Vec<Vec<String>> = sides.iter().map(sentences).collect();
    for (number, (side, own)) in sides.iter().zip(&all).enumerate() {
        for sentence in own {
            let is_everywhere = all.iter().all(|own| own.contains(sentence));
            let engine = match (is_everywhere, number) {
                (true, 0) => String::new(),
                (true, _) => continue,
                (false, _) => format!(" ({})", side.dialect().product()),
            };
            let what = format_args!("{sentence}{engine}");
            context.shell.status("Detected", what);
        }
    }
}

/// Reports the changes that the revision leaves out.
fn report_omissions(context: &Context, sides: &[Side<'_>]) {
    let omissions: Vec<OmissionJson> = sides.iter().flat_map(omissions).collect();
    for OmissionJson {
        dialect,
        sentence,
        reason,
    } in &omissions
    {
        let code = Code::ChangeNotWritten;
        let what = format_args!("[{code}] {sentence}: {reason} ({dialect})");
        context.shell.status("Not written", what);
    }
    if !omissions.is_empty() {
        let next = "write what is missing by hand, where the head of the file names it";
        context.shell.status("Next", next);
    }
}

/// Says how the files that empty databases are created by come in step with the new revision.
fn report_stale_files(context: &Context, owner: &Crate) {
    let files = owner.dialects.iter().filter_map(|dialect| {
        let file = owner.configuration.target(*dialect).ok().flatten()?;
        Some(file.path.display().to_string())
    });
    let files: BTreeSet<String> = files.collect();
    if !files.is_empty() {
        let files: Vec<String> = files.into_iter().collect();
        let dump = Suggestion::for_crate(Subcommand::Dump, owner.name()).argument("--write");
        let next = Hint::from("when the revision is as it should be, bring ")
            .text(files.join(" and "))
            .text(" in step with ")
            .command(dump);
        context.shell.status("Next", next.render(&context.call));
    }
}

fn omissions<'s>(side: &'s Side<'_>) -> impl Iterator<Item = OmissionJson> + use<'s> {
    side.omissions.iter().map(|omission| OmissionJson {
        dialect: side.dialect().to_string(),
        sentence: omission.sentence.clone(),
        reason: omission.reason.clone(),
    })
}

/// Returns the text of the revision, once it made the target of the history, and the history of that
/// again, on each engine.
///
/// As much as possible is proposed as sections for all engines first: PostgreSQL reads most of what
/// SQLite keeps as it was written. Only the proof shows whether it makes the target there, too. What
/// cannot be proved is left out as long as something remains.
fn proved(
    prepared: &PreparedRevision<'_>,
    sides: &mut [Side<'_>],
    counts: &Counts,
) -> Result<String> {
    loop {
        let fault = match proved_whole(prepared, sides, counts) {
            Ok(text) => return Ok(text),
            Err(fault) => fault,
        };
        let Some((at, culprits)) = &fault.culprits else {
            return Err(fault.explain(prepared));
        };
        let is_omitted = sides[*at].omit(culprits, &fault.in_short())?;
        if !is_omitted || sides.iter().all(|side| side.upgrade.is_empty()) {
            return Err(fault.explain(prepared));
        }
    }
}

/// Returns the text of the revision with all changes of the sides.
fn proved_whole(
    prepared: &PreparedRevision<'_>,
    sides: &[Side<'_>],
    counts: &Counts,
) -> std::result::Result<String, Unproved> {
    let mut sharings = Sharings::MOST;
    let draft = |sharings| {
        let draft = Draft {
            prepared,
            sides,
            counts,
            sharings,
        };
        draft.text()
    };
    loop {
        let text = draft(sharings);
        let fault = match proof::prove(prepared, sides, &text) {
            Ok(()) => return Ok(text),
            Err(fault) => fault,
        };
        // The same text would fail again.
        let mut less = sharings.less(fault.way);
        while let Some(next) = less
            && draft(next) == text
        {
            less = next.less(fault.way);
        }
        match less {
            Some(less) => sharings = less,
            None => return Err(fault),
        }
    }
}
