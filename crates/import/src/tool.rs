//! The tools whose migrations can be imported, and the tables in which they record what they have run.

use std::fmt;
use std::str::FromStr;

use alembic_history::VersionTable;

/// A tool whose migrations can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// sqlx and sqlx-cli.
    Sqlx,
    /// diesel and diesel_cli.
    Diesel,
    /// refinery, its migrations in SQL.
    Refinery,
    /// dbmate.
    Dbmate,
    /// goose, its migrations in SQL.
    Goose,
    /// Flyway, its migrations in SQL.
    Flyway,
    /// sea-orm, whose migrations are programs.
    SeaOrm,
}

/// A column of a tool's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolColumn {
    /// A text, a number or a truth value.
    Text(&'static str),
    /// Bytes.
    Bytes(&'static str),
}

/// A word that names no tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTool(pub String);

impl fmt::Display for UnknownTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no import from `{}`", self.0)
    }
}

impl std::error::Error for UnknownTool {}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 7] = [
        Self::Sqlx,
        Self::Diesel,
        Self::Refinery,
        Self::Dbmate,
        Self::Goose,
        Self::Flyway,
        Self::SeaOrm,
    ];

    /// Returns the name of the tool, as arguments have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::Diesel => "diesel",
            Self::Refinery => "refinery",
            Self::Dbmate => "dbmate",
            Self::Goose => "goose",
            Self::Flyway => "flyway",
            Self::SeaOrm => "sea-orm",
        }
    }

    /// Returns the table in which the tool records what it has run, unless it is told another one.
    #[must_use]
    pub const fn default_table(self) -> &'static str {
        match self {
            Self::Sqlx => "_sqlx_migrations",
            Self::Diesel => "__diesel_schema_migrations",
            Self::Refinery => "refinery_schema_history",
            Self::Dbmate => "schema_migrations",
            Self::Goose => "goose_db_version",
            Self::Flyway => "flyway_schema_history",
            Self::SeaOrm => "seaql_migrations",
        }
    }

    /// Returns the columns of the table that [`Applied::read`](crate::Applied::read) reads, in its order.
    #[must_use]
    pub const fn columns(self) -> &'static [ToolColumn] {
        use ToolColumn::{Bytes, Text};
        match self {
            Self::Sqlx => &[Text("version"), Text("success"), Bytes("checksum")],
            Self::Diesel | Self::Dbmate | Self::SeaOrm => &[Text("version")],
            Self::Refinery => &[Text("version"), Text("checksum")],
            Self::Goose => &[Text("version_id"), Text("is_applied")],
            Self::Flyway => &[
                Text("version"),
                Text("description"),
                Text("type"),
                Text("checksum"),
                Text("success"),
            ],
        }
    }

    /// Returns the column that says in which order the rows were written.
    #[must_use]
    pub const fn order(self) -> &'static str {
        match self {
            Self::Sqlx | Self::Diesel | Self::Refinery | Self::Dbmate | Self::SeaOrm => "version",
            Self::Goose => "id",
            Self::Flyway => "installed_rank",
        }
    }

    /// Returns what makes the number of the advisory lock that the tool holds on PostgreSQL while it runs
    /// of the name of the database, if it takes one.
    #[must_use]
    pub fn advisory_lock(self) -> Option<fn(&str) -> i64> {
        match self {
            Self::Sqlx => Some(|database| {
                let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
                0x3d32_ad9e * i64::from(crc.checksum(database.as_bytes()))
            }),
            Self::Diesel
            | Self::Refinery
            | Self::Dbmate
            | Self::Goose
            | Self::Flyway
            | Self::SeaOrm => None,
        }
    }

    /// Returns the command by which the tool applies migrations below those that are applied, if it can.
    #[must_use]
    pub const fn fill_command(self) -> Option<&'static str> {
        match self {
            Self::Sqlx => Some("sqlx migrate run"),
            Self::Diesel => Some("diesel migration run"),
            Self::Refinery => None,
            Self::Dbmate => Some("dbmate migrate"),
            Self::Goose => Some("goose up --allow-missing"),
            Self::Flyway => Some("flyway migrate -outOfOrder=true"),
            Self::SeaOrm => Some("sea-orm-cli migrate up"),
        }
    }

    /// Returns the tools that keep their record in a table of this name, unless they are told another
    /// one.
    #[must_use]
    pub fn of_table(table: &VersionTable) -> Option<Self> {
        let mut tools = Self::ALL.into_iter();
        tools.find(|tool| tool.default_table().eq_ignore_ascii_case(&table.name))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flyway => "Flyway",
            tool => tool.name(),
        })
    }
}

impl FromStr for Tool {
    type Err = UnknownTool;

    fn from_str(text: &str) -> Result<Self, UnknownTool> {
        let mut tools = Self::ALL.into_iter();
        let found = tools.find(|tool| tool.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownTool(text.to_owned()))
    }
}
