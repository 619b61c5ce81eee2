//! Checks that the configured baseline is a revision.

use alembic_history::{Code, Expression, History, HistorySettings, SettingsKey};

use crate::manifest::{Manifest, Problem};

/// Returns the problem that would keep a database without a version table from being stamped at the
/// baseline; otherwise the first installation with such a database would find it.
pub(crate) fn check(
    manifest: &Manifest,
    own: &HistorySettings,
    history: &History,
) -> Option<Problem> {
    let why = match own.settings.baseline.parse::<Expression>() {
        Ok(expression) => {
            let stamp = history.graph().plan_stamp(&[], &[expression]);
            stamp.err()?.to_string()
        }
        Err(error) => error.to_string(),
    };
    Some(Problem {
        place: manifest.place(own.name.as_deref(), SettingsKey::Baseline),
        code: Code::UnknownBaseline,
        title: format!("the baseline is not a revision: {why}"),
        note: None,
        help: format!(
            "correct `baseline`; `cargo alembic history -p {}` lists the revisions",
            own.full_name(&manifest.package)
        ),
    })
}
