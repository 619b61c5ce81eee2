//! What is wrong with sources: every fault at once, with its place.

use alembic_models::Dialect;

use crate::source::Source;

/// Compares what is wrong with a source with its snapshot.
#[track_caller]
fn check(name: &str, text: &str) {
    let source = Source::new(text);
    let faults = match source.scan("shop", &[]) {
        Ok(models) => Dialect::ALL
            .iter()
            .flat_map(|dialect| models.sql(*dialect).err().unwrap_or_default())
            .collect(),
        Err(faults) => faults,
    };
    insta::assert_snapshot!(name, format!("{}\n\n{}", text.trim(), source.show(&faults)));
}

#[test]
fn what_cannot_be_read() {
    check(
        "unreadable",
        "
mod missing;
#[cfg(unix)] mod maybe { #[derive(Table)] struct A { id: i64 } }
#[cfg(windows)] mod without_a_file;
#[cfg(target_os = \"linux\")] #[derive(Table)] struct B { id: i64 }
#[cfg_attr(unix, derive(Table))] struct C { id: i64 }
#[derive(Table)] struct D { #[cfg(unix)] id: i64, #[cfg_attr(unix, column(name = \"x\"))] b: i64, #[cfg_attr(unix, doc = \"d\")] c: i64 }
macro_rules! table { ($name:ident) => { #[derive(Debug, Table)] struct $name { id: i64 } } }
table!(E);
make! { #[derive(alembic_migrate::Table)] struct F { id: i64 } }
make! { #[derive(cli_table::Table)] struct G { id: i64 } }
fn f() { #[derive(Table)] struct H { id: i64 } }
#[cfg(test)] fn g() { #[derive(Table)] struct I { id: i64 } }
#[test] fn h() { #[derive(Table)] struct J { id: i64 } }
include!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));
include!(\"absent.rs\");
mod broken;
#[cfg(not(alembic))] include!(concat!(env!(\"OUT_DIR\"), \"/left_out.rs\"));
#[cfg_attr(unix, path = \"unix.rs\")] mod system;
#[cfg_attr(unix, path = \"plain.rs\")] mod harmless;
//- src/unix.rs
#[derive(Table)] struct L { id: i64 }
//- src/plain.rs
struct M { id: i64 }
//- src/broken.rs
struct K { id: }
",
    );
}

#[test]
fn structs_that_do_not_fit_together() {
    check(
        "apart",
        "
#[derive(Table)] #[table(name = \"as\")] struct A { id: i64, id_: i64 }
#[derive(Table)] #[table(name = \"As\")] struct A2 { id: i64 }
#[derive(Columns)] struct Base { #[column(identity)] id: i64, #[column(index)] at: i64 }
#[derive(Table)] struct B { #[table(flatten)] base: Base, #[column(identity)] key: i64, at: i64 }
#[derive(Table)] #[table(unique(nowhere))] struct C { #[table(flatten)] base: Base }
#[derive(Table)] struct D { #[column(references(A))] a: i64, #[column(references(B, key))] b: i64 }
#[derive(Table)] #[table(foreign_key(a, references(E2)))] struct E { a: i64, #[column(index(name = \"x\"), index(name = \"x\"))] b: i64 }
#[derive(Table)] #[table(primary_key(a, b))] struct E2 { a: i64, b: i64, #[column(index(name = \"x\"))] c: i64 }
#[derive(Table)] #[table(naming = sqlalchemy, check(\"1 = 1\"))] struct F { #[column(index)] a_name_that_is_rather_long_for_a_column_with_an_index_on_it: i64 }
#[derive(Table)] #[table(without_rowid)] struct G { id: i64 }
#[derive(Columns)] struct H { #[table(flatten)] h: H }
#[derive(Table)] struct I { #[table(flatten)] h: H }
#[derive(ColumnType)] struct Name(String);
#[derive(Table)] struct K { #[column(identity)] id: Name }
#[derive(ColumnType)] #[column(native = \"kind\")] enum Kind1 { A }
#[derive(ColumnType)] #[column(native = \"kind\")] enum Kind2 { B }
#[derive(ColumnType)] #[column(native = \"m\")] enum Kind3 { C }
#[derive(Table)] struct L { #[column(unique(name = \"one\"))] a: Kind1, b: Kind1 }
#[derive(Table)] struct M { #[column(unique(name = \"one\"))] a: Kind2, b: Kind3 }
#[derive(Table)] struct J { tags: Vec<String> }
",
    );
}

#[test]
fn paths_that_lead_nowhere() {
    check(
        "nowhere",
        "
mod m { pub struct Plain { id: i64 } #[derive(Columns)] pub struct Base { id: i64 } }
#[derive(Table)] struct A { #[column(references(User))] a: i64, #[column(references(m::Plain))] b: i64, #[column(references(m::Base))] c: i64 }
#[derive(Table)] struct B { #[table(flatten)] base: m::Plain, kind: Kind, other: elsewhere::Kind }
mod n { pub struct Date; #[derive(ColumnType)] pub struct Time(i64); pub type Value = i64; }
use n::{Date, Time, Value};
#[derive(Table)] struct D { a: Date, b: Option<Time>, c: Value, d: n::Time, e: chrono::NaiveDate, f: time::Date, #[column(type = \"DATE\")] g: Date, #[column(type(postgres = \"DATE\"))] h: Date }
use m::Loop as Loop2;
use Loop2 as Loop;
#[derive(Table)] struct C { #[column(references(Loop))] a: i64 }
",
    );
}

#[test]
fn attributes() {
    check(
        "attributes",
        "
#[derive(Table)]
#[table(crate = \"1\", nme = \"x\", name = \"a\", name = \"b\", schema, strict = true, naming = rails, naming(index = \"{tbl}\"))]
#[table(primary_key(), unique(nope), unique(\"a\"), index, index(), index(a, wher = \"x\"), index(\"a, b\"), foreign_key(a), check)]
struct A {
    #[column(length = \"x\")] a: String,
    #[column(length = 5)] b: i64,
    #[column(precision = 5)] c: String,
    #[column(scale = 5)] d: Decimal,
    #[column(type = \"TEXT\", length = 5)] e: String,
    #[column(identity)] f: String,
    #[column(primary_key)] g: Option<i64>,
    #[column(on_delete = cascade)] h: i64,
    #[column(references(A), on_delete = explode)] i: i64,
    #[column(references(A), on_delete = set_null)] j: i64,
    #[column(default = \"1; DROP TABLE a\")] k: i64,
    #[column(default = \"(1\")] l: i64,
    #[column(check = \"a > 1) --\")] m: i64,
    #[column(default = \"'\")] n: i64,
    #[column(default = \"1, b INT\")] o: i64,
    #[column(name = \"\")] p: i64,
    #[column(name = \"a_name_that_is_much_longer_than_what_postgresql_keeps_of_any_name_at_all\")] q: i64,
    #[column(skip, unique)] r: i64,
    #[column(unique, unique)] s: i64,
    #[column(unique(a))] t: i64,
    #[column(name = \"b\")] u: i64,
    #[column(type(postgres = \"INET\"))] v: Custom,
    #[column(type(mysql = \"INET\"))] w: i64,
    #[column(identity = sometimes)] x: i64,
    #[column(references)] y: i64,
    #[column(references())] z: i64,
    #[column(comment)] aa: i64,
    #[column(index(only = oracle))] ab: i64,
    #[column = 1] ac: i64,
    #[column(generated = \"a\", default = \"1\")] ad: i64,
    #[column(name =)] ae: i64,
    #[column(type = \"TEXT NOT NULL\")] af: String,
    #[column(default = \"1 UNIQUE\")] ag: i64,
    #[column(type = \"INT AS (b) STORED\")] ah: i64,
    #[column(type = \"INT NULL\")] ai: i64,
    #[column(type(sqlite = \"INT ON CONFLICT FAIL\", postgres = \"INT\"))] aj: i64,
    #[column(renamed_from = \"old\")] ak: i64,
    #[column(renamed_from = \"Old\")] al: i64,
}
",
    );
}

#[test]
fn shapes() {
    check(
        "shapes",
        "
#[derive(Table)] struct A(i64);
#[derive(Table)] struct B;
#[derive(Table)] enum C { D }
#[derive(Table)] struct E<T> { id: i64, t: T }
#[derive(Table, Columns)] struct F { id: i64 }
#[derive(Table)] struct G {}
#[derive(ColumnType)] struct H { a: i64 }
#[derive(ColumnType)] struct I(i64, i64);
#[derive(ColumnType)] struct J(Option<i64>);
#[derive(ColumnType)] struct S(#[column(length = 5)] String);
#[derive(ColumnType)] enum K { A(i64), B { c: i64 } }
#[derive(ColumnType)] enum L {}
#[derive(ColumnType)] #[column(rename_all = \"snake\")] enum M { A, #[column(rename = \"A\")] B }
#[derive(ColumnType)] #[column(schema = \"s\")] enum N { A }
#[derive(Columns)] #[table(name = \"x\")] struct O { id: i64 }
#[derive(Table)] struct P { #[table(flatten)] a: Option<O> }
#[derive(Table)] #[table(primary_key(a, b), unique(c), unique(a, a), index(o))] struct Q { #[column(primary_key)] a: i64, b: Option<i64>, #[column(skip)] c: i64, #[table(flatten)] o: R }
#[derive(Columns)] struct R { x: char }
",
    );
}

#[test]
fn tables_of_one_name_in_two_schemas() {
    check(
        "schemas",
        "
mod a { #[derive(Table)] #[table(schema = \"a\", name = \"users\")] struct User { #[column(identity)] id: i64 } }
mod b { #[derive(Table)] #[table(schema = \"b\", name = \"users\")] struct User { #[column(identity)] id: i64, tags: Vec<String> } }
mod c { #[derive(Table)] #[table(name = \"users\")] struct User { #[column(identity)] id: i64, flags: Vec<bool> } }
",
    );
}

#[test]
fn defaults_that_are_no_value_of_their_enum() {
    check(
        "default_of_enum",
        "
#[derive(ColumnType)] #[column(rename_all = \"snake_case\")] enum Status { NewOne, #[column(rename = \"it's\")] Other }
#[derive(ColumnType)] #[column(native = \"kind\")] enum Kind { Small }
#[derive(Table)] struct A { id: i64, #[column(default = \"'new_one'\")] a: Status, #[column(default = \"'it''s'\")] b: Status }
#[derive(Table)] struct B { id: i64, #[column(default = \"'NewOne'\")] a: Status, #[column(default = \"'big'\")] b: Option<Kind> }
#[derive(Table)] struct C { id: i64, #[column(default = \"lower('X')\")] b: Status }
",
    );
}
