//! What is left of sources, and that nothing moves.

use std::borrow::Cow;

use super::without_bodies;

/// Checks that what stands between « and » is left out, and that what follows stays in its place.
#[track_caller]
fn check(marked: &str) {
    let source = marked.replace(['«', '»'], "");
    let mut expected = String::new();
    for (index, part) in marked.split(['«', '»']).enumerate() {
        if index % 2 == 0 {
            expected.push_str(part);
            continue;
        }
        let lines: Vec<&str> = part.split('\n').collect();
        expected.push_str(&"\n".repeat(lines.len() - 1));
        let last = lines.last().map_or(0, |last| last.chars().count());
        expected.push_str(&" ".repeat(last));
    }
    assert_eq!(without_bodies(&source, &["Kept"]), expected, "{source}");
}

#[track_caller]
fn check_unchanged(source: &str) {
    let text = without_bodies(source, &["Kept"]);
    assert!(matches!(text, Cow::Borrowed(_)), "{source} became {text}");
}

#[test]
fn bodies_of_code_are_emptied() {
    for marked in [
        "fn f() {« g() »} struct A {}",
        "fn f() {«\n  é(\n) »} enum A {}",
        "fn f() {« é »} enum A {}",
        "pub(crate) const unsafe fn f<'a>(x: &'a str) -> Vec<T> where T: X, {« x »} use a::b;",
        "impl<T> A<T> for B {« fn f() { if a { b } } const C: u8 = 1; »}\nstruct D { e: F }",
        "unsafe auto trait A {« fn f(); »}",
        "mod a { mod b { fn c() {« d »} } fn e() {« f »} } fn g() {« h »}",
        // What looks like a bracket, or like the end of a literal.
        "fn f() {« '}' »} struct A {}",
        "fn f() {« '\\'' + b'\"' + '\\u{7d}' »} struct A {}",
        "fn f() {« \"}\\\"}\" »} struct A {}",
        "fn f() {« r#\"}\"}\"# + br\"\\\" »} struct A {}",
        "fn f() {« /* } /* } */ } */ »} struct A {}",
        "fn f() {« // }\n »} struct A {}",
        "fn f() {« 'a: loop { break 'a } »} struct A {}",
        "#!/usr/bin/it's \"a script\nfn f() {« g »}",
        // The argument of a type is another one then, and nothing depends on it.
        "impl A<{« 1 + 1 »}> for B { fn f() {} }",
    ] {
        check(marked);
    }
}

#[test]
fn everything_else_stays() {
    for source in [
        "struct A { f: fn() -> u8 } enum B { C { d: u8 } } union D { e: u8 }",
        "use a::{b, c}; const A: B = B { c: 1 }; static D: E = { F };",
        "macro_rules! a { () => { fn f() { g } } } lazy! { fn f() { g } }",
        "extern \"C\" { fn f(); }",
        // What may lead to a table.
        "fn f() { #[derive(Table)] struct A { b: u8 } }",
        "impl A { fn f() { mod b; } }",
        "fn f() { include!(\"a.rs\"); } fn g() { automod::dir!(\"a\"); }",
        "impl Kept for A { fn f() { g } }",
        // The parser says what is wrong.
        "fn f() { g ",
        "fn f() { g } }",
        "fn f() { \"g }",
        "fn f() { r#\"g\" }",
        "fn f() { /* g }",
        "mod a { fn f() { g }",
    ] {
        check_unchanged(source);
    }
}
