//! Writes the migrations of another tool as revisions: all of them or none, into a folder of their own.

use std::path::{Path, PathBuf};

use alembic_import::{Tool, import};
use jiff::Zoned;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use toml_edit::value;

use super::config::read_config;
use super::place::{Engines, NewFile, PlaceRequest};
use super::report::{ToolName, answer, check};
use super::source::{elsewhere, read_folder};
use super::{SeaOrmImport, Source};
use crate::context::Context;
use crate::manifest::Manifest;
use crate::new_revision::{create_date, now};
use crate::output::{Cause, Diagnostic, Layout, Response, Result};

/// An import of a folder, as the arguments ask for it.
pub(crate) struct FolderImport {
    pub(crate) source: Source,
    /// The server to create scratch databases on, for migrations that have to be run.
    pub(crate) scratch_url: Option<String>,
    pub(crate) place: PlaceRequest,
    pub(crate) dry_run: bool,
}

impl FolderImport {
    /// Reads the folder, writes the revisions unless the run is dry, and reports both.
    pub(crate) fn run(mut self, context: &Context) -> Result<Response> {
        if self.source.tool == Some(Tool::SeaOrm) {
            let folder = self.source.folder.take();
            return self.run_program(folder, context);
        }
        let (manifest, name) = context.package_to_init()?;
        let manifest = Manifest::read(manifest, &name)?;
        let crate_folder = manifest.path.parent().unwrap_or(Path::new("."));
        let from = self.source.find_folder(crate_folder)?;
        let folder = read_folder(&from)?;
        let tool = self.source.find_tool(&from, &folder)?;
        if tool == Tool::SeaOrm {
            return self.run_program(Some(from), context);
        }
        let config = read_config(tool, crate_folder)?;
        let crate_to_set_up = (manifest, name);
        let mut place = self
            .place
            .find(context, crate_to_set_up, &from, Engines::One)?;
        let [dialect] = place.dialects[..] else {
            let title = format!("migrations of {tool} are written for one database");
            let fault = Diagnostic::new(Cause::Arguments, title);
            return Err(fault.help("name only one dialect").into());
        };
        // All of these tools commit each migration. Without need that is no gain: on SQLite, migrations leave
        // foreign keys broken that later ones mend.
        if dialect.needs_commits() {
            place.keys["transaction"] = value("revision");
        }
        place.exclude(&config.table_of(tool).name);
        let today = now(place.configuration.settings.timezone.as_deref())?;
        let date = |version: &str| create_date(&date_of(version).unwrap_or_else(|| today.clone()));
        let imported = import((tool, &config), &folder, dialect, date);
        let shown = ToolName::of(tool);
        check(&imported, &from, &shown, elsewhere(tool, &from, &folder))?;
        let files = NewFile::of(&imported, &place);
        let answer = answer(&place, &shown, &from, &imported, &files, self.dry_run);
        if !self.dry_run {
            place.write(context, &files)?;
            shown.suggest_taking_over(context, &answer.name);
        }
        Ok(Response::new(vec![answer], Layout::Plain))
    }

    /// Imports migrations that are a program, whose project `folder` belongs to.
    fn run_program(self, folder: Option<PathBuf>, context: &Context) -> Result<Response> {
        let import = SeaOrmImport {
            folder,
            scratch_url: self.scratch_url,
            place: self.place,
            dry_run: self.dry_run,
        };
        import.run(context)
    }
}

/// Returns the date that the digits of a version are.
fn date_of(version: &str) -> Option<Zoned> {
    let digits = version.bytes().all(|byte| byte.is_ascii_digit());
    let time = match (digits, version.len()) {
        // diesel numbers the migrations of a second.
        (true, 14 | 18) => DateTime::strptime("%Y%m%d%H%M%S", &version[..14]).ok()?,
        (true, 12) => DateTime::strptime("%Y%m%d%H%M", version).ok()?,
        (true, 8) => Date::strptime("%Y%m%d", version)
            .ok()?
            .to_datetime(jiff::civil::Time::MIN),
        _ => return None,
    };
    time.to_zoned(TimeZone::UTC).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dates() {
        for (version, date) in [
            ("20260730", Some("2026-07-30T00:00:00+00:00[UTC]")),
            ("202607301459", Some("2026-07-30T14:59:00+00:00[UTC]")),
            ("20260730145958", Some("2026-07-30T14:59:58+00:00[UTC]")),
            ("202607301459580001", Some("2026-07-30T14:59:58+00:00[UTC]")),
            ("202607301459580", None),
            ("20261812144402", None),
            ("1.2", None),
            ("7", None),
        ] {
            let found = date_of(version).map(|date| date.to_string());
            assert_eq!(found.as_deref(), date, "{version}");
        }
    }
}
