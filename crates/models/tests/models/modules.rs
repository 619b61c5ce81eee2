//! Which structs are found: modules, files, conditions, imports, targets.

use crate::source::Source;

/// Checks which tables a crate states, with the features `a` and `b`; faults are shown as lines.
#[track_caller]
pub(crate) fn check(source: &str, expected: &[&str]) {
    let source = Source::new(source).with_features(&["a", "b"]);
    let found: Vec<String> = match source.scan("shop", &[]) {
        Ok(models) => models
            .tables()
            .map(|table| format!("{} {}", table.path, table.name))
            .collect(),
        Err(faults) => source.show(&faults).lines().map(str::to_owned).collect(),
    };
    assert_eq!(found, expected);
}

const STRUCT: &str = "{ #[column(identity)] id: i64 }";

pub(crate) fn with_structs(text: &str) -> String {
    text.replace("{}", STRUCT)
}

#[test]
fn files_of_modules() {
    for (source, expected) in [
        ("#[derive(Table)] struct A {}", vec!["shop::A a"]),
        (
            "mod m { #[derive(Table)] pub struct A {} }",
            vec!["shop::m::A a"],
        ),
        (
            "mod m;\n//- src/m.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::A a"],
        ),
        (
            "mod m;\n//- src/m/mod.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::A a"],
        ),
        (
            "mod m;\n//- src/m.rs\nmod n;\n//- src/m/n.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "mod m;\n//- src/m/mod.rs\nmod n;\n//- src/m/n.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "mod m { mod n; }\n//- src/m/n.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "#[path = \"other/x.rs\"] mod m;\n//- src/other/x.rs\nmod n;\n\
             //- src/other/n.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "mod m { #[path = \"x.rs\"] mod n; }\n//- src/m/x.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "mod m;\n//- src/m.rs\n#[path = \"x.rs\"] mod n;\n//- src/x.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "mod m;\n//- src/m.rs\nmod i { #[path = \"x.rs\"] mod n; }\n//- src/m/i/x.rs\n\
             #[derive(Table)] struct A {}",
            vec!["shop::m::i::n::A a"],
        ),
        (
            "#[path = \"deep\"] mod m { mod n; }\n//- src/deep/n.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::n::A a"],
        ),
        (
            "mod r#type;\n//- src/type.rs\n#[derive(Table)] struct A {}",
            vec!["shop::type::A a"],
        ),
        (
            "mod m { include!(\"x.rs\"); }\n//- src/x.rs\n#[derive(Table)] struct A {}",
            vec!["shop::m::A a"],
        ),
        (
            "#[cfg_attr(feature = \"a\", path = \"x.rs\")] mod m;\n//- src/x.rs\n\
             #[derive(Table)] struct A {}",
            vec!["shop::m::A a"],
        ),
    ] {
        check(&with_structs(source), &expected);
    }
}

#[test]
fn conditions() {
    let there = vec!["shop::A a"];
    for (condition, expected) in [
        ("feature = \"a\"", there.clone()),
        ("feature = \"c\"", vec![]),
        ("not(feature = \"c\")", there.clone()),
        ("all(feature = \"a\", feature = \"b\")", there.clone()),
        ("all(feature = \"a\", feature = \"c\")", vec![]),
        ("any(feature = \"a\", unix)", there.clone()),
        ("all(feature = \"c\", unix)", vec![]),
        ("any(test, feature = \"a\")", there.clone()),
        ("all()", there.clone()),
        ("any()", vec![]),
        ("test", vec![]),
        ("not(test)", there.clone()),
        ("any(alembic, unix)", there.clone()),
        ("all(not(alembic), unix)", vec![]),
        ("true", there),
        ("false", vec![]),
    ] {
        let plain = format!("#[cfg({condition})] #[derive(Table)] struct A {{}}");
        check(&with_structs(&plain), &expected);
        let module = format!("#[cfg({condition})] mod m {{ #[derive(Table)] struct A {{}} }}");
        let in_module: Vec<String> = expected
            .iter()
            .map(|one| one.replace("::A", "::m::A"))
            .collect();
        let in_module: Vec<&str> = in_module.iter().map(String::as_str).collect();
        check(&with_structs(&module), &in_module);
        let derive = format!("#[cfg_attr({condition}, derive(Table))] struct A {{}}");
        check(&with_structs(&derive), &expected);
        let file = format!("#![cfg({condition})] #[derive(Table)] struct A {{}}");
        check(&with_structs(&file), &expected);
    }
}

#[test]
fn fields_under_conditions() {
    let source = Source::new(
        "#[derive(Table)] struct A {\n\
         #[column(identity)] id: i64,\n\
         #[cfg(feature = \"a\")] here: bool,\n\
         #[cfg(feature = \"c\")] gone: bool,\n\
         #[cfg_attr(feature = \"a\", column(name = \"renamed\"))] plain: bool,\n\
         #[cfg_attr(feature = \"c\", column(unknown))] other: bool,\n}",
    );
    let models = source.with_features(&["a"]).scan("shop", &[]).unwrap();
    let sql = models.sql(alembic_models::Dialect::Sqlite).unwrap();
    let columns = ["id", "here", "renamed", "other"];
    let found = sql
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split(' ').next());
    assert_eq!(found.collect::<Vec<_>>(), columns);
}

#[test]
fn paths_to_other_structs() {
    let user = "#[derive(Table)] pub struct User {}";
    let refers = |path: &str| {
        format!(
            "#[derive(Table)] struct A {{ #[column(identity)] id: i64, #[column(references({path}))] u: i64 }}"
        )
    };
    for (before, path) in [
        (user.to_owned(), "User"),
        (format!("mod m {{ {user} }}"), "m::User"),
        (format!("mod m {{ {user} }}"), "crate::m::User"),
        (format!("mod m {{ {user} }}"), "self::m::User"),
        (format!("mod m {{ {user} }} use m::User;"), "User"),
        (
            format!("mod m {{ {user} }} use m::User as Person;"),
            "Person",
        ),
        (
            format!("mod m {{ {user} }} use crate::{{m::{{self, User}}}};"),
            "m::User",
        ),
        (format!("mod m {{ {user} }} use m::*;"), "User"),
        (
            format!("mod m {{ mod n {{ {user} }} pub use n::*; }} use m::User;"),
            "User",
        ),
        (
            format!("mod m {{ mod n {{ {user} }} pub use self::n::User; }}"),
            "m::User",
        ),
    ] {
        let mut expected = vec!["shop::A a".to_owned()];
        let at = if before.contains("mod n") {
            "shop::m::n::User user"
        } else if before.contains("mod m") {
            "shop::m::User user"
        } else {
            "shop::User user"
        };
        expected.push(at.to_owned());
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(
            &with_structs(&format!("{before}\n{}", refers(path))),
            &expected,
        );
    }
    let inner = format!("{user} mod m {{ {} }}", refers("super::User"));
    check(&with_structs(&inner), &["shop::User user", "shop::m::A a"]);
}

#[test]
fn modules_that_import_everything_from_each_other() {
    let table = |name: &str| {
        format!(
            "use super::*; use chrono::NaiveDate;\n\
             #[derive(Table)] pub struct {name} {{ #[column(identity)] id: i64, at: NaiveDate }}\n"
        )
    };
    let mut source = String::new();
    let mut expected = Vec::new();
    for index in 0..40 {
        source += &format!("mod m{index} {{ {} }}\n", table(&format!("T{index}")));
        source += &format!("pub use m{index}::*;\n");
        expected.push(format!("shop::m{index}::T{index} t{index}"));
    }
    expected.sort();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&source, &expected);
    let prelude = format!(
        "pub mod prelude {{ pub use crate::*; pub use crate::a::*; pub use crate::b::*; }}\n\
         pub mod a {{ use crate::prelude::*; {} }}\n\
         pub mod b {{ use crate::prelude::*; {} }}\n\
         pub use a::*; pub use b::*; pub use prelude::*;",
        table("A"),
        table("B"),
    );
    check(&prelude, &["shop::a::A a", "shop::b::B b"]);
    let wrong = prelude.replace("at: NaiveDate", "at: NaiveDat");
    let fault = |line| {
        [
            format!("src/lib.rs:{line}: no column type is known for `NaiveDat`"),
            "    help: say how it is stored: `#[column(type = \"TEXT\")]`, or for each engine: \
             `#[column(type(sqlite = \"TEXT\", postgres = \"INET\"))]`; an enum or newtype may \
             have `#[derive(ColumnType)]`"
                .to_owned(),
        ]
    };
    let faults = [fault("3:66"), fault("6:66")].concat();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    check(&wrong, &faults);
    // A name is found behind a circle that asks for itself first.
    let circle = "mod a { pub use crate::b::*; pub use crate::c::*; }\n\
                  mod b { pub use crate::a::*; }\n\
                  mod c { pub mod n { #[derive(Table)] pub struct User {} } }\n\
                  use a::n::User as First; use b::n::User as Second;\n\
                  #[derive(Table)] struct A { #[column(identity)] id: i64, \
                  #[column(references(First))] a: i64, #[column(references(Second))] b: i64 }";
    check(
        &with_structs(circle),
        &["shop::A a", "shop::c::n::User user"],
    );
}

#[test]
fn several_targets() {
    let refers = "#[derive(Table)] struct A { #[column(identity)] id: i64, #[column(references(shop::User))] u: i64 }";
    let library = "pub mod m { #[derive(Table)] pub struct User {} } pub use m::User;";
    check(
        &with_structs(&format!("{library}\n//- src/main.rs\n{refers}")),
        &["shop::A a", "shop::m::User user"],
    );
    // The same file is a module of both.
    check(
        &with_structs(
            "mod m;\n//- src/main.rs\nmod m;\n//- src/m.rs\n#[derive(Table)] struct A {}",
        ),
        &["shop::m::A a"],
    );
}

#[test]
fn other_crates() {
    let base = Source::new(&with_structs(
        "#[derive(Table)] #[table(name = \"users\")] pub struct User {}\n\
         #[derive(Columns)] pub struct Times { #[column(default = \"0\")] at: i64 }\n\
         #[derive(ColumnType)] pub enum Kind { Big, Small }\n",
    ));
    let base = base.scan("base", &[]).unwrap();
    let source = Source::new(
        "use base::{Kind, Times as T};\n\
         #[derive(Table)] struct A { #[column(identity)] id: i64, #[table(flatten)] t: T,\n\
         kind: Kind, #[column(references(base::User))] u: i64, #[column(references(::base::User))] v: i64 }",
    );
    let models = source.scan("shop", &[("base", &base)]).unwrap();
    let sql = models.sql(alembic_models::Dialect::Sqlite).unwrap();
    insta::assert_snapshot!(sql);
    // A crate above both finds what is in the lowest by what the middle one states.
    let above = Source::new(
        "#[derive(Table)] struct B { #[column(identity)] id: i64, #[column(references(base::User))] u: i64 }",
    );
    above
        .scan("app", &[("shop", &models), ("base", &base)])
        .unwrap();
}

#[test]
fn files_to_watch() {
    let source = Source::new(&with_structs(
        "mod m; include!(\"x.rs\");\n//- src/m.rs\n#[derive(Table)] struct A {}\n//- src/x.rs\nmod n;\n\
         //- src/n.rs\nconst F: i64 = 1;\n//- src/unused.rs\nconst G: i64 = 1;",
    ));
    let models = source.scan("shop", &[]).unwrap();
    let names = models.files().iter().map(|file| file.file_name().unwrap());
    let names: Vec<&str> = names.map(|name| name.to_str().unwrap()).collect();
    assert_eq!(names, ["lib.rs", "m.rs", "n.rs", "x.rs"]);
}
