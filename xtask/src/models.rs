//! `cargo xtask models`: random structs, read by the scanner and compiled by the derive.
//!
//! Both must give the same DDL, and it must run on both engines. Then the structs are changed, and what
//! the comparison of schemas writes must lead from nothing to them, from one to the other, and back.

mod field;
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use alembic_migrate::Dialect;
use alembic_models::{Sources, scan};
use alembic_tests::Numbers;
use clap::Args;

use self::random::RandomModels;
use crate::schemas::{Case, try_cases};
use crate::{Result, cargo};

/// Arguments of `cargo xtask models`.
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// Try so many schemas of random structs
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    random: u64,
    /// The seed of the first one; the next ones have the numbers after it
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The server for PostgreSQL, instead of one that is started
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Show what was written for each pair that fails
    #[arg(long)]
    verbose: bool,
}

/// The types of other crates that the structs use.
const TYPES: &str = "
pub mod chrono {
    pub struct NaiveDate;
    pub struct NaiveDateTime;
    pub struct Utc;
    pub struct DateTime<Zone>(pub Zone);
}
pub mod uuid { pub struct Uuid; }
pub mod rust_decimal { pub struct Decimal; }
pub mod serde_json { pub struct Value; }
";

/// What one module needs.
const IMPORTS: &str = "use alembic_migrate::{ColumnType, Columns, Table};\n\
    use super::{chrono, rust_decimal, serde_json, uuid};\n\n";

/// The DDL of modules, by their names and the dialect.
type Ddl = BTreeMap<(String, Dialect), String>;

impl ModelsArgs {
    pub(crate) fn run(&self) -> Result<()> {
        let mut modules = Vec::new();
        for seed in self.seed..self.seed + self.random {
            let numbers = &mut Numbers::new(seed);
            let before = RandomModels::new(numbers);
            let mut after = before.clone();
            for _ in 0..=numbers.below(6) {
                after.change(numbers);
            }
            modules.push((format!("before_{seed}"), before));
            modules.push((format!("after_{seed}"), after));
        }
        let folder = cargo::target()?.join("random-models");
        write(&folder, &modules)?;
        let scanned = scanned(&folder, &modules)?;
        let compiled = compiled(&folder)?;
        for (module, ddl) in &scanned {
            if compiled.get(module) != Some(ddl) {
                let compiled = compiled.get(module).map_or("nothing", String::as_str);
                return Err(format!("{module:?}: scanned\n{ddl}\ncompiled\n{compiled}").into());
            }
        }
        println!(
            "{} schemas are the same, scanned and compiled",
            scanned.len()
        );
        let mut cases = Vec::new();
        for seed in self.seed..self.seed + self.random {
            for engine in Dialect::ALL {
                let ddl = |side: &str| scanned[&(format!("{side}_{seed}"), *engine)].clone();
                let (before, after) = (ddl("before"), ddl("after"));
                let from_nothing = format!("seed {seed}, from nothing");
                cases.push(Case::new(
                    from_nothing,
                    *engine,
                    String::new(),
                    before.clone(),
                ));
                cases.push(Case::new(format!("seed {seed}"), *engine, before, after));
            }
        }
        try_cases(cases.into_iter(), self.url.as_deref(), self.verbose)
    }
}

/// Writes a crate with a module for each schema, which prints their DDL.
fn write(folder: &Path, modules: &[(String, RandomModels)]) -> Result<()> {
    let root = cargo::root().display().to_string();
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"random-models\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies.alembic-migrate]\npath = \"{root}/crates/migrate\"\n\
         default-features = false\nfeatures = [\"derive\"]\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(cargo::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut main = format!("#![allow(dead_code)]\n{TYPES}\n");
    let mut print = String::new();
    for (name, models) in modules {
        fs::write(
            folder.join(format!("src/{name}.rs")),
            format!("{IMPORTS}{}", models.source()),
        )?;
        main += &format!("mod {name};\n");
        let tables = models.structs();
        let tables =
            tables.map(|table| format!("<{name}::{table} as alembic_migrate::Table>::table()"));
        let tables: Vec<String> = tables.collect();
        print += &format!("    print({name:?}, &[{}]);\n", tables.join(", "));
    }
    main += "
fn print(module: &str, tables: &[&alembic_migrate::models::model::TableModel]) {
    for dialect in alembic_migrate::Dialect::ALL {
        let sql = alembic_migrate::models::create_sql(tables, *dialect);
        println!(\"== {module} {dialect}\\n{}\", sql.unwrap_or_else(|error| error.to_string()));
    }
}
";
    main += &format!("\nfn main() {{\n{print}}}\n");
    fs::write(folder.join("src/main.rs"), main)?;
    Ok(())
}

/// Reads the structs from their sources, each module for itself.
fn scanned(folder: &Path, modules: &[(String, RandomModels)]) -> Result<Ddl> {
    let mut ddl = Ddl::new();
    for (name, _) in modules {
        let sources = Sources {
            name: name.clone(),
            roots: vec![folder.join(format!("src/{name}.rs"))],
            ..Sources::default()
        };
        let show = |faults: Vec<alembic_models::Fault>| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("\n")
        };
        let models = scan(&sources).map_err(show)?;
        for dialect in Dialect::ALL {
            let sql = models.sql(*dialect).map_err(show)?;
            ddl.insert((name.clone(), *dialect), sql);
        }
    }
    Ok(ddl)
}

/// Compiles the structs, and returns what they print.
fn compiled(folder: &Path) -> Result<Ddl> {
    let output = Command::new(cargo::cargo())
        .args(["run", "--quiet", "--offline"])
        .env(
            "CARGO_TARGET_DIR",
            folder.with_file_name("random-models-target"),
        )
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    let mut ddl = Ddl::new();
    for part in text.split("== ").skip(1) {
        let (head, sql) = part.split_once('\n').ok_or("a module without DDL")?;
        let (module, dialect) = head.split_once(' ').ok_or("a module without a dialect")?;
        let sql = sql.strip_suffix('\n').unwrap_or(sql);
        ddl.insert((module.to_owned(), dialect.parse()?), sql.to_owned());
    }
    Ok(ddl)
}
