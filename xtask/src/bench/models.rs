//! Reading the tables of a crate from its sources.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use alembic_migrate::Dialect;
use alembic_models::{Fault, Models, Sources, scan};

use super::place::Place;
use super::rounds::{interleaved, timed};
use super::table::{Row, Table};
use crate::Result;

const FILES: usize = 50;
const STRUCTS: usize = 500;
const ROUNDS: usize = 9;
const GOAL: Duration = Duration::from_millis(100);

pub(super) fn measure(place: &Place) -> Result<Table> {
    let folder = place.folder("models")?;
    write(&folder)?;
    let sources = Sources {
        name: "shop".to_owned(),
        roots: vec![folder.join("lib.rs")],
        has_library: true,
        ..Sources::default()
    };
    let show = |faults: Vec<Fault>| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    };
    let read = || -> Result<Models> { Ok(scan(&sources).map_err(show)?) };
    let models = read()?;
    let [files, scanned, written] = interleaved(
        ROUNDS,
        [
            &mut || {
                timed(|| {
                    let texts = models.files().iter().map(fs::read_to_string);
                    Ok(texts.collect::<Result<Vec<_>, _>>()?)
                })
            },
            &mut || timed(read),
            &mut || timed(|| Ok(models.sql(Dialect::ALL[0]).map_err(show)?)),
        ],
    )?;
    Ok(Table {
        title: format!("read {STRUCTS} structs in {FILES} files"),
        rows: vec![
            Row::time("reading the files alone", &files),
            Row::time("scanning them", &scanned).within(GOAL),
            Row::time("writing the DDL", &written),
        ],
    })
}

/// Writes a crate whose structs refer to each other.
fn write(folder: &Path) -> Result<()> {
    let mut library = String::new();
    for file in 0..FILES {
        writeln!(library, "pub mod m{file};")?;
        let mut text = "use alembic_migrate::Table;\nuse chrono::{DateTime, Utc};\n".to_owned();
        for number in (file..STRUCTS).step_by(FILES) {
            let (before, at) = (number.saturating_sub(1), number.saturating_sub(1) % FILES);
            write!(
                text,
                "
/// A thing of the kind {number}.
#[derive(Clone, Debug, Table)]
#[table(name = \"table_{number}\", index(name, created_at))]
pub struct Thing{number} {{
    #[column(identity)]
    pub id: i64,
    /// What it is called.
    #[column(length = 255, unique)]
    pub name: String,
    pub description: Option<String>,
    #[column(length = 20, default = \"'new'\", index)]
    pub status: String,
    #[column(check = \"amount > 0\", default = \"1\")]
    pub amount: i32,
    pub price: Option<f64>,
    #[column(references(crate::m{at}::Thing{before}), on_delete = cascade, index)]
    pub before: i64,
    #[column(default = \"TRUE\")]
    pub is_active: bool,
    #[column(default = \"CURRENT_TIMESTAMP\")]
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}}

impl Thing{number} {{
    pub fn total(&self) -> Option<f64> {{
        self.price.map(|price| price * f64::from(self.amount))
    }}
}}
"
            )?;
        }
        fs::write(folder.join(format!("m{file}.rs")), text)?;
    }
    fs::write(folder.join("lib.rs"), library)?;
    Ok(())
}
