//! Finds the crates that match revision expressions.

use alembic_history::nearest;

use super::Crate;
use crate::explain::is_crate;
use crate::output::{Cause, Diagnostic, Hint, Result, Subcommand, Suggestion};

/// Finds the crates whose databases a command moves to the expressions.
///
/// Revisions are counted in one crate: in several, the expression would name another place in each.
pub(crate) fn crates_to_move(crates: Vec<Crate>, expressions: &[&str]) -> Result<Vec<Crate>> {
    let chosen = crates_matching(crates, expressions)?;
    let [first, _, ..] = chosen.as_slice() else {
        return Ok(chosen);
    };
    for text in expressions {
        if first.parse(text)?.offset.is_some() {
            let names: Vec<&str> = chosen.iter().map(Crate::name).collect();
            let title =
                format!("'{text}' counts the revisions of one crate, but several are meant");
            return Err(Diagnostic::new(Cause::Arguments, title)
                .note(format!("they are {}", names.join(", ")))
                .help("choose one with `-p <crate>`, or run the command in its folder")
                .into());
        }
    }
    Ok(chosen)
}

/// Finds the crates that have all the names in every expression.
///
/// A name that several crates have is refused, since choosing one would be a guess.
pub(crate) fn crates_matching(crates: Vec<Crate>, expressions: &[&str]) -> Result<Vec<Crate>> {
    if crates.len() < 2 {
        return Ok(crates);
    }
    let mut chosen: Vec<&Crate> = crates.iter().collect();
    for text in expressions {
        let expression = crates[0].parse(text)?;
        if !expression.has_name() {
            continue;
        }
        chosen.retain(|known| known.graph().knows(&expression));
        match chosen.as_slice() {
            [_] => {}
            [] if crates.iter().any(|known| known.graph().knows(&expression)) => {
                let all = expressions.join("', '");
                let title = format!("no crate has all of '{all}'");
                return Err(Diagnostic::new(Cause::Revision, title)
                    .help("run the command for one crate at a time, with `-p <crate>`")
                    .into());
            }
            [] => {
                let names: Vec<&str> = crates.iter().map(Crate::name).collect();
                let near: Vec<String> = crates
                    .iter()
                    .flat_map(|known| nearest(text, known.graph().names().map(|(name, _)| name)))
                    .map(|near| format!("`{near}`"))
                    .collect();
                let named = text.split('@').next().unwrap_or_default();
                let help = match near.as_slice() {
                    _ if names.contains(&named) => is_crate(named).into(),
                    [] => Hint::from("list revisions with ")
                        .command(Suggestion::new(Subcommand::History)),
                    near => format!("did you mean {}?", near.join(" or ")).into(),
                };
                let title = format!("can't locate revision identified by '{text}'");
                return Err(Diagnostic::new(Cause::Revision, title)
                    .note(format!("not in any of the crates {}", names.join(", ")))
                    .help(help)
                    .into());
            }
            several => {
                let names: Vec<&str> = several.iter().map(|known| known.name()).collect();
                let title = format!("several crates have '{text}'");
                return Err(Diagnostic::new(Cause::Revision, title)
                    .note(format!("they are {}", names.join(", ")))
                    .help("choose one with `-p <crate>`")
                    .into());
            }
        }
    }
    Ok(chosen.into_iter().cloned().collect())
}
