//! Which derives are those of this tool, and which cannot be read.

use alembic_models::{Finding, derive_column_type, derive_columns, derive_table};
use proc_macro2::TokenStream;

use crate::modules::{check, with_structs};

#[test]
fn derives_by_their_names() {
    for (source, expected) in [
        (
            "#[derive(Debug, Clone, Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "#[derive(alembic_migrate::Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "#[derive(::alembic_migrate::Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "use alembic_migrate::Table; #[derive(Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "use alembic_migrate::Table as Db; #[derive(Db)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "use alembic_migrate as am; #[derive(am::Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "use alembic_migrate::{self as am}; #[derive(am::Table)] struct A {}",
            vec!["shop::A a"],
        ),
        ("use cli_table::Table; #[derive(Table)] struct A {}", vec![]),
        ("#[derive(cli_table::Table)] struct A {}", vec![]),
        (
            "mod prelude { pub use alembic_migrate::Table; } use crate::prelude::Table; \
             #[derive(Table)] struct A {}",
            vec!["shop::A a"],
        ),
        ("#[derive(Debug)] struct A {}", vec![]),
        (
            "mod prelude { pub use alembic_migrate::Table as T; } use crate::prelude::T; \
             #[derive(T)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "mod prelude { pub use alembic_migrate::Table as T; } use prelude::*; \
             #[derive(T)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "mod prelude { pub use alembic_migrate::Table as T; } \
             #[derive(crate::prelude::T)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "mod a { pub use alembic_migrate::*; } mod b { pub use crate::a::Table as T; } \
             use b::*; #[derive(T)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "mod a { pub use alembic_migrate as am; } use a::*; #[derive(am::Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "extern crate alembic_migrate as am; #[derive(am::Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "extern crate alembic_migrate as am; \
             mod m { #[derive(am::Table)] struct A {} }",
            vec!["shop::m::A a"],
        ),
        (
            "extern crate alembic_migrate as am; \
             mod m { use am::Table as T; #[derive(T)] struct A {} }",
            vec!["shop::m::A a"],
        ),
        (
            "extern crate self as me; mod p { pub use alembic_migrate::Table as T; } \
             #[derive(me::p::T)] struct A {}",
            vec!["shop::A a"],
        ),
        // Another crate exports it anew, and the struct says so.
        (
            "use db::Table; #[derive(Table)] #[table(crate = \"db::alembic\")] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "#[derive(db::alembic::Table)] #[table(name = \"a\", crate = \"db::alembic\")] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "use db::Table; #[derive(Table)] #[table(name = \"a\")] struct A {}",
            vec![],
        ),
        // A struct is not a derive.
        (
            "use alembic_migrate::*; mod m { pub struct Table; } use m::Table as Other; \
             #[derive(Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "struct Table; #[derive(Table)] struct A {}",
            vec!["shop::A a"],
        ),
        (
            "mod prelude { pub use cli_table::Table; } use prelude::*; \
             #[derive(Table)] struct A {}",
            vec![],
        ),
    ] {
        check(&with_structs(source), &expected);
    }
}

#[test]
fn derives_from_nowhere() {
    let help = "    help: import it from `alembic_migrate`; if it is another, leave it out: \
                `#[cfg_attr(not(alembic), derive(...))]`";
    for (source, column, path) in [
        ("mod m { } #[derive(m::Table)] struct A {}", 20, "m::Table"),
        (
            "#[derive(crate::m::Columns)] struct A {}",
            10,
            "crate::m::Columns",
        ),
        (
            "mod m { } use m::Table; #[derive(Table)] struct A {}",
            34,
            "Table",
        ),
        (
            "mod m { make!(); } use m::*; #[derive(self::Table)] struct A {}",
            39,
            "self::Table",
        ),
    ] {
        let fault =
            format!("src/lib.rs:1:{column}: where the derive `{path}` comes from is not found");
        check(&with_structs(source), &[&fault, help]);
    }
    check(
        "mod m {} #[cfg_attr(not(alembic), derive(m::Table))] struct A { id: i64 }",
        &[],
    );
}

#[test]
fn derives_inside_of_macros_and_functions() {
    let prelude = "mod p { pub use alembic_migrate::Table as T; }";
    let text = "a table inside of a function or a macro cannot be read";
    let help = "    help: write the struct out in a module, or state the table in SQL";
    for (source, column) in [
        (
            "fn f() { use alembic_migrate::Table as T; #[derive(T)] struct A {} }",
            51,
        ),
        (
            "fn f() { use alembic_migrate as am; #[derive(Debug, am::Table)] struct A {} }",
            45,
        ),
        (
            "fn f() { use self::p::T as U; #[derive(U)] struct A {} }",
            39,
        ),
        ("fn f() { use p::*; #[derive(T)] struct A {} }", 28),
        ("fn f() { #[derive(self::p::T)] struct A {} }", 18),
        ("use p::T as U; fn f() { #[derive(U)] struct A {} }", 33),
        (
            "macro_rules! t { () => { #[derive($crate::Table)] struct A {} } }",
            34,
        ),
        (
            "macro_rules! t { () => { #[derive($crate::p::T)] struct A {} } }",
            34,
        ),
        (
            "macro_rules! t { () => { #[derive($crate::m::Table)] struct A {} } }",
            34,
        ),
        ("make! { #[cfg_attr(unix, derive(Table))] struct A {} }", 32),
    ] {
        let source = format!("{source}\n{prelude}");
        let fault = format!("src/lib.rs:1:{column}: {text}");
        check(&with_structs(&source), &[&fault, help]);
    }
    for source in [
        "fn f() { use cli_table::Table; #[derive(Table)] struct A {} }",
        "make! { #[derive(cli_table::Table)] struct A {} }",
        "fn f() { #[derive(Debug, Clone)] struct A {} }",
    ] {
        check(&with_structs(source), &[]);
    }
}

#[test]
fn modules_inside_of_macros_and_functions() {
    let table = "#[derive(Table)] struct A {}";
    let exists = |place: &str| {
        vec![
            format!(
                "src/lib.rs:{place}: whether `A` exists depends on a macro or function that cannot \
                 be read"
            ),
            "    help: declare the module outside of it, or state the table in SQL".to_owned(),
        ]
    };
    let unknown = |place: &str| {
        vec![
            format!("src/lib.rs:{place}: which files are read here is not known"),
            "    help: write `mod name;` for each, or leave it out: `#[cfg(not(alembic))]`"
                .to_owned(),
        ]
    };
    let hidden = |place: &str| {
        vec![
            format!("src/{place}: a table inside of a function or a macro cannot be read"),
            "    help: write the struct out in a module, or state the table in SQL".to_owned(),
        ]
    };
    for (source, file, expected) in [
        (
            "cfg_if! { if #[cfg(unix)] { mod models; } else { mod absent; } }",
            "models.rs",
            exists("1:33"),
        ),
        (
            "own! { #[doc = \"d\"] pub(crate) mod models; }",
            "models/mod.rs",
            exists("1:36"),
        ),
        ("own! { mod a { mod b; } }", "a/b.rs", exists("1:20")),
        ("own! { #[path = \"x.rs\"] mod a; }", "x.rs", exists("1:29")),
        ("own! { #[cfg(test)] mod models; }", "models.rs", vec![]),
        ("fn f() { mod models; }", "models.rs", exists("1:14")),
        (
            "macro_rules! m { ($a:ident) => { mod $a; } } m!(models);",
            "models.rs",
            unknown("1:34"),
        ),
        (
            "automod::dir!(pub \"src/models\");",
            "models/a.rs",
            unknown("1:1"),
        ),
        (
            "#[cfg(not(alembic))] automod::dir!(\"src/models\");",
            "models/a.rs",
            vec![],
        ),
        (
            "fn f() { include!(\"models.rs\") }",
            "models.rs",
            hidden("models.rs:1:9"),
        ),
        (
            "own! { include!(\"models.rs\"); }",
            "models.rs",
            hidden("models.rs:1:9"),
        ),
        (
            "fn f() { include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\")); }",
            "x.rs",
            unknown("1:10"),
        ),
        (
            "static A: u8 = include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));",
            "x.rs",
            vec![],
        ),
    ] {
        let source = format!("{source}\n//- src/{file}\n{table}");
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&with_structs(&source), &expected);
    }
    // A module that holds no table may be there or not.
    check(
        "cfg_if! { if #[cfg(unix)] { mod system; } }\n//- src/system.rs\nstruct A { id: i64 }",
        &[],
    );
}

#[test]
fn files_in_circles() {
    for (source, place) in [
        ("include!(\"lib.rs\");", "src/lib.rs:1:10"),
        (
            "mod a;\n//- src/a.rs\n#[path = \"../src/lib.rs\"] mod b;",
            "src/a.rs:1:31",
        ),
    ] {
        let fault = format!("{place}: files include each other without end");
        check(source, &[&fault]);
    }
}

/// What the derives add reaches the library by the path that the struct names, and by no other.
#[test]
fn the_library_of_the_derives_is_named() {
    let check = |text: &str, derive: fn(&syn::DeriveInput) -> Result<TokenStream, Vec<Finding>>| {
        let named = derive(&syn::parse_str(text).unwrap()).unwrap().to_string();
        assert!(named.contains("use db :: alembic :: models"), "{named}");
        assert!(!named.contains("alembic_migrate"), "{named}");
        let usual = text.replace("crate = \"db::alembic\"", "");
        let usual = derive(&syn::parse_str(&usual).unwrap())
            .unwrap()
            .to_string();
        let usual = usual.replace(":: alembic_migrate :: models", "db :: alembic :: models");
        assert_eq!(usual, named);
    };
    let table = "#[table(crate = \"db::alembic\")] struct A { #[table(flatten)] b: B, c: C, \
                 #[column(references(D))] d: i64 }";
    check(table, derive_table);
    check(table, derive_columns);
    for stored in ["enum E { F }", "struct G(i64);", "struct H(I);"] {
        let text = format!("#[column(crate = \"db::alembic\")] {stored}");
        check(&text, derive_column_type);
    }
}
