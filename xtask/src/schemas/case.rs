//! The pairs of schemas, as files have them.

use std::fs;
use std::path::{Path, PathBuf};

use alembic_migrate::Dialect;
use serde_json::Value;

use crate::Result;

/// Two schemas, and rows of the first.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(super) id: String,
    pub(super) engine: Dialect,
    pub(super) source: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) rows: String,
    pub(super) rows_of_to: String,
    pub(super) tier: u64,
    /// The roles that both sides need.
    pub(super) roles: Vec<String>,
    /// Whether the first schema has whatever the rows are for, so that it can only refuse values.
    pub(super) has_all: bool,
}

/// One direction of a case.
#[derive(Clone, Debug)]
pub(super) struct Pair<'c> {
    pub(super) name: &'c str,
    pub(super) is_swapped: bool,
    pub(super) from: &'c str,
    pub(super) to: &'c str,
    pub(super) rows: &'c str,
    /// The roles that both sides need.
    pub(super) roles: &'c [String],
    /// Whether the first schema has whatever the rows are for, so that it can only refuse values.
    pub(super) has_all: bool,
}

impl Case {
    /// Returns a pair without rows.
    pub(crate) fn new(id: String, engine: Dialect, from: String, to: String) -> Self {
        Self {
            id,
            engine,
            source: "models".to_owned(),
            from,
            to,
            rows: String::new(),
            rows_of_to: String::new(),
            tier: 1,
            roles: Vec::new(),
            has_all: false,
        }
    }

    /// Returns the oldest version of a server that has both schemas, as the name of the file says it:
    /// `since-18`.
    pub(super) fn oldest_server(&self) -> u32 {
        let version = self.source.strip_prefix("since-");
        version
            .and_then(|version| version.parse().ok())
            .unwrap_or(0)
    }

    pub(super) fn pair(&self, is_swapped: bool) -> Pair<'_> {
        let (from, to, rows) = match is_swapped {
            false => (&self.from, &self.to, &self.rows),
            true => (&self.to, &self.from, &self.rows_of_to),
        };
        Pair {
            name: &self.id,
            is_swapped,
            from,
            to,
            rows,
            roles: &self.roles,
            has_all: self.has_all && !is_swapped,
        }
    }
}

impl Pair<'_> {
    pub(super) const fn direction(&self) -> &'static str {
        match self.is_swapped {
            false => "forwards",
            true => "backwards",
        }
    }
}

/// Reads the pairs of a folder, engine by engine, in the order of the files.
pub(super) fn read(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for engine in Dialect::ALL {
        let folder = folder.join(engine.name());
        if !folder.is_dir() {
            continue;
        }
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.sort();
        for path in paths {
            let source = path.file_stem().unwrap_or_default().to_string_lossy();
            let end = path.extension().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path)?;
            match &*end {
                "jsonl" => {
                    for line in text.lines() {
                        let value: Value = serde_json::from_str(line)?;
                        cases.push(case(&value, *engine, &source));
                    }
                }
                "sql" => cases.extend(sections(&text, *engine, &source)),
                _ => return Err(format!("{}: neither .sql nor .jsonl", path.display()).into()),
            }
        }
    }
    match cases.is_empty() {
        true => Err(format!("there are no pairs in {}", folder.display()).into()),
        false => Ok(cases),
    }
}

fn case(value: &Value, engine: Dialect, source: &str) -> Case {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| {
        let items = value[key].as_array();
        let items = items.into_iter().flatten();
        items.filter_map(|item| item.as_str().map(ToOwned::to_owned))
    };
    Case {
        id: text("id"),
        engine,
        source: source.to_owned(),
        from: text("from_sql"),
        to: text("to_sql"),
        rows: text("seed_rows_sql"),
        rows_of_to: text("seed_rows_of_to_sql"),
        tier: value["tier"].as_u64().unwrap_or_default(),
        roles: list("roles").collect(),
        has_all: false,
    }
}

/// Reads the cases of a file of SQL: each begins at `-- case: NAME`, and has its parts below `-- from`,
/// `-- to` and `-- rows`.
fn sections(text: &str, engine: Dialect, source: &str) -> Vec<Case> {
    let parts = text.split("-- case: ").skip(1);
    parts
        .map(|part| {
            let (name, part) = part.split_once('\n').unwrap_or((part, ""));
            let mut case = Case {
                id: format!("{source}/{name}"),
                engine,
                source: source.to_owned(),
                from: String::new(),
                to: String::new(),
                rows: String::new(),
                rows_of_to: String::new(),
                tier: 1,
                roles: Vec::new(),
                has_all: true,
            };
            let mut place = 0;
            for line in part.lines() {
                match line {
                    "-- from" => place = 0,
                    "-- to" => place = 1,
                    "-- rows" => place = 2,
                    line => {
                        let text = [&mut case.from, &mut case.to, &mut case.rows];
                        let text = text.into_iter().nth(place);
                        text.into_iter()
                            .for_each(|text| *text += &format!("{line}\n"));
                    }
                }
            }
            // What does not fit the other schema is left out there.
            case.rows_of_to = case.rows.clone();
            case
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of what is detected names cases that exist.
    #[test]
    fn the_cases_of_the_table_exist() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/schemas");
        let cases = read(&folder).unwrap();
        let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
        let mut count = 0;
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            for (cell, engine) in cells[1..].iter().zip([Dialect::Sqlite, Dialect::Postgres]) {
                for name in cell.split(", ").filter(|name| *name != "-") {
                    let mut known = cases.iter();
                    let exists = known.any(|case| case.engine == engine && case.id == name);
                    assert!(exists, "{engine}: {name}");
                    count += 1;
                }
            }
        }
        assert!(count > 60, "{count}");
    }
}
