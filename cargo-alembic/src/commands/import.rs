//! `cargo alembic import`

use std::path::PathBuf;

use alembic_migrate::Dialect;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::args::DatabaseArgs;
use crate::context::Context;
use crate::import::{
    ALEMBIC, AlembicImport, FolderImport, PlaceRequest, Source, TakeOverRequest, no_python,
    no_take_over,
};
use crate::output::{Response, Result};
use crate::workspace::Access;

/// Arguments of `cargo alembic import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The tool: sqlx, diesel, refinery, dbmate, goose, flyway, sea-orm or alembic [default: the one that
    /// the folder belongs to]
    #[arg(value_name = "TOOL")]
    tool: Option<String>,
    /// The folder of its migrations [default: migrations or db/migrations in the crate]; of Alembic, the
    /// folder of the project [default: that of the crate]; of sea-orm, that of the crate with the migrations
    /// [default: migration in or next to the crate]
    #[arg(value_name = "FOLDER", conflicts_with = "take_over")]
    folder: Option<PathBuf>,
    /// The folder for the revision files, relative to the crate [default: the configured one, or
    /// revisions]
    #[arg(long, value_name = "FOLDER", conflicts_with = "take_over")]
    into: Option<PathBuf>,
    /// The dialect of the migrations [default: that of the database]; can be repeated for Alembic and
    /// sea-orm
    #[arg(
        long,
        value_name = "DIALECT",
        conflicts_with = "take_over",
        value_parser = PossibleValuesParser::new(Dialect::ALL.iter().map(|dialect| dialect.name()))
            .try_map(|name| name.parse::<Dialect>()),
    )]
    dialect: Vec<Dialect>,
    /// The Python that runs the project of Alembic [default: that of .venv in its folder, or python3]
    #[arg(long, value_name = "PATH", conflicts_with = "take_over")]
    python: Option<PathBuf>,
    /// The PostgreSQL server to run the migrations of Alembic or sea-orm on: the URL of any of its
    /// databases, which is left untouched
    #[arg(long, value_name = "URL", conflicts_with = "take_over")]
    scratch_url: Option<String>,
    /// Report what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Take over the database: read the table of the tool, and record which revisions the database is
    /// at; nothing is run
    #[arg(long = "database")]
    take_over: bool,
    /// The table of the tool, if it has another name than usual
    #[arg(long, value_name = "TABLE", requires = "take_over")]
    table: Option<String>,
    /// A version that the table may have without a revision; can be repeated
    #[arg(long, value_name = "VERSION", requires = "take_over")]
    ignore: Vec<String>,
    /// Fail if the tool has run other files than those that were imported
    #[arg(long, requires = "take_over")]
    strict: bool,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

impl ImportArgs {
    pub(super) fn run(self, context: &Context) -> Result<Response> {
        let place = PlaceRequest {
            into: self.into,
            dialects: self.dialect,
            url: self.database.url.clone(),
        };
        if self.tool.as_deref() == Some(ALEMBIC) {
            if self.take_over {
                return Err(no_take_over().into());
            }
            let import = AlembicImport {
                folder: self.folder,
                python: self.python,
                scratch_url: self.scratch_url,
                place,
                dry_run: self.dry_run,
            };
            return import.run(context);
        }
        if self.python.is_some() {
            return Err(no_python().into());
        }
        let source = Source::read(self.tool.as_deref(), self.folder.as_deref())?;
        if self.take_over {
            let request = TakeOverRequest {
                tool: source.tool,
                table: self.table,
                ignored: self.ignore,
                strict: self.strict,
                dry_run: self.dry_run,
            };
            return request.run(context, &Access::from(&self.database));
        }
        let import = FolderImport {
            source,
            scratch_url: self.scratch_url,
            place,
            dry_run: self.dry_run,
        };
        import.run(context)
    }
}
