//! Which tables are the crate's own, when files are named.

use crate::source::Source;

#[test]
fn tables_of_some_files() {
    let text = "
mod models; mod models_too; mod other; mod types;
#[derive(Table)] struct Root { #[column(identity)] id: i64 }
//- src/main.rs
mod other;
#[derive(Table)] struct Program { #[column(identity)] id: i64 }
//- src/models.rs
mod user; #[path = \"apart.rs\"] mod apart; include!(\"included.rs\");
use crate::types::{Kind, Times};
#[derive(Table)] struct Post {
    #[column(identity)] id: i64, kind: Kind, #[table(flatten)] times: Times,
    #[column(references(crate::Root))] root: i64,
}
//- src/models/user.rs
#[derive(Table)] struct User { #[column(identity)] id: i64 }
//- src/apart.rs
#[derive(Table)] struct Apart { #[column(identity)] id: i64 }
//- src/included.rs
#[derive(Table)] struct Included { #[column(identity)] id: i64 }
//- src/models_too.rs
#[derive(Table)] struct Too { #[column(identity)] id: i64 }
//- src/other.rs
#[derive(Table)] struct Other { #[column(identity)] id: i64 }
//- src/types.rs
#[derive(ColumnType)] pub enum Kind { Big, Small }
#[derive(Columns)] pub struct Times { at: i64 }
//- src/unused.rs
#[derive(Table)] struct Unused { #[column(identity)] id: i64 }
";
    let below = ["apart", "included", "post", "user"];
    let absent = |file: &str| {
        vec![
            format!("{file}:1:1: no target of the crate reads this"),
            "    help: declare it as a module, or name a file that is one".to_owned(),
        ]
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (places, expected) in [
        (vec!["src/models.rs"], names(&below)),
        (vec!["src/./models/../models.rs"], names(&below)),
        (vec!["src/models"], names(&["user"])),
        (vec!["src/models/user.rs"], names(&["user"])),
        (
            vec!["src/models", "src/other.rs"],
            names(&["other", "user"]),
        ),
        (vec!["src/main.rs"], names(&["other", "program"])),
        (vec!["src/included.rs"], names(&["included"])),
        (vec!["src/types.rs"], vec![]),
        (vec![], vec![]),
        (
            vec!["src/unused.rs", "src/models.rs"],
            absent("src/unused.rs"),
        ),
        (vec!["src/absent"], absent("src/absent")),
    ] {
        let source = Source::new(text).with_tables_in(&places);
        let found: Vec<String> = match source.scan("shop", &[]) {
            Ok(models) => {
                for dialect in alembic_models::Dialect::ALL {
                    models.sql(*dialect).unwrap();
                }
                let mut names: Vec<_> = models.tables().map(|one| one.name.to_owned()).collect();
                names.sort();
                names
            }
            Err(faults) => source.show(&faults).lines().map(str::to_owned).collect(),
        };
        assert_eq!(found, expected, "{places:?}");
    }
}
