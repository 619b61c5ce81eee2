//! Circles in small invented crates.

use super::*;

/// Finds the circles of a crate: its files, each after `== ` and its path.
#[track_caller]
fn check(what: &str, files: &str, expected: &[&str]) {
    let files = files.split("== ").skip(1).map(|file| {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        (path.trim().to_owned(), text.to_owned())
    });
    let krate = Crate::parse(&files.collect::<Vec<_>>()).unwrap();
    assert_eq!(circles(&krate), expected, "{what}");
}

#[test]
fn two_files() {
    check(
        "none",
        "== lib.rs\nmod a;\nmod b;\n== a.rs\nuse crate::b::B;\n== b.rs\npub struct B;",
        &[],
    );
    check(
        "each imports the other",
        "== lib.rs\nmod a;\nmod b;\n== a.rs\nuse crate::b::B; pub struct A;\n== b.rs\nuse crate::a::A; pub struct B;",
        &["a -> b -> a"],
    );
    check(
        "by `super`",
        "== a.rs\nuse super::b;\n== b.rs\nuse super::a;",
        &["a -> b -> a"],
    );
    check(
        "by paths alone",
        "== a.rs\nfn f() -> crate::b::B { g(|| super::b::make()) }\n== b.rs\nimpl B { fn f(&self) { let x = [crate::a::f()]; } }",
        &["a -> b -> a"],
    );
    check(
        "in a macro",
        "== a.rs\nfn f() { println!(\"{}\", crate::b::B) }\n== b.rs\nuse crate::a;",
        &["a -> b -> a"],
    );
    check(
        "in a function",
        "== a.rs\nfn f() { use crate::b::g; g() }\n== b.rs\nuse crate::a;",
        &["a -> b -> a"],
    );
    check(
        "itself",
        "== a.rs\nuse crate::a::X; use self::Y; enum X {} enum Y {}",
        &[],
    );
}

#[test]
fn names_in_braces() {
    let b = "== b.rs\nuse crate::a::A;\n== c.rs\n== c/d.rs\nuse crate::a::{A, self};\n";
    check(
        "some",
        &format!("== a.rs\nuse crate::{{b, c::{{self, d::D}}}};\n{b}"),
        &["a -> b -> a", "a -> c::d -> a"],
    );
    check(
        "renamed",
        &format!("== a.rs\nuse crate::{{b as other}};\n{b}"),
        &["a -> b -> a"],
    );
    check(
        "all",
        &format!("== a.rs\nuse crate::b::*;\nstruct A;\n{b}"),
        &["a -> b -> a"],
    );
}

#[test]
fn longer_circles() {
    let files = "== a.rs\nuse crate::b::B;\n== b.rs\nuse crate::c::C;\n== c.rs\nuse crate::a::A;\n\
                 == d.rs\nuse crate::a::A;\n";
    check("three", files, &["a -> b -> c -> a"]);
    let shorter = format!("{files}use crate::d;\n== e.rs\nuse crate::{{a, b, c, d}};\n");
    check("one that nothing imports", &shorter, &["a -> b -> c -> a"]);
    check(
        "two that share a file",
        "== a.rs\nuse crate::{b, c};\n== b.rs\nuse crate::a;\n== c.rs\nuse crate::a;\n",
        &["a -> b -> a", "a -> c -> a"],
    );
}

#[test]
fn a_module_and_those_below_it() {
    check(
        "the root",
        "== lib.rs\nmod a;\nuse a::A;\npub struct R;\n== a.rs\nuse crate::R;\npub struct A;\n",
        &[],
    );
    check(
        "a folder",
        "== a.rs\nmod b;\nuse b::f;\npub struct A;\n== a/b.rs\nmod c;\nuse super::A;\n\
         == a/b/c.rs\nuse crate::a::A;\nuse super::super::f;",
        &[],
    );
    check(
        "two in one folder",
        "== a.rs\nuse self::b::B;\n== a/b.rs\nuse super::c::C;\n== a/c.rs\nuse super::b::B;",
        &["a::b -> a::c -> a::b"],
    );
    check(
        "a folder and a file outside of it",
        "== a.rs\nmod b;\npub struct A;\n== a/b.rs\nuse crate::d::D;\n== d.rs\nuse crate::a::A;\n",
        &[],
    );
    check(
        "through the file above",
        "== a.rs\nmod b;\nuse crate::d::D;\n== a/b.rs\nuse super::A;\n== d.rs\nuse crate::a::b::B;\n",
        &["a -> d -> a::b -> a"],
    );
    check(
        "`mod.rs`",
        "== a/mod.rs\nuse crate::b;\n== b.rs\nuse crate::a::c;\nuse super::a;\n== a/c.rs\n",
        &["a -> b -> a"],
    );
}

#[test]
fn names_that_are_passed_on() {
    check(
        "by the root",
        "== lib.rs\nmod a;\nmod b;\npub use a::A;\npub use crate::b::B;\n== a.rs\nuse crate::B;\nstruct A;\n\
         == b.rs\nuse crate::A;\nstruct B;\n",
        &["a -> b -> a"],
    );
    check(
        "by the root, under another name",
        "== lib.rs\npub(crate) use a::A as One;\n== a.rs\nuse crate::b;\nstruct A;\n\
         == b.rs\nfn f(x: crate::One) {}\n",
        &["a -> b -> a"],
    );
    check(
        "by the root, all of them",
        "== lib.rs\npub use a::*;\n== a.rs\nuse crate::b;\nstruct A;\n== b.rs\nuse crate::A;\n",
        &["a -> b -> a"],
    );
    check(
        "of another crate",
        "== lib.rs\npub use other::{A, rest::*};\n== a.rs\nuse crate::{A, b};\n== b.rs\nuse crate::A;\n",
        &[],
    );
    check(
        "by a module to those below it",
        "== a.rs\nuse crate::d::D;\n== a/b.rs\nuse super::D;\n== d.rs\nuse crate::a::b;\nstruct D;\n",
        &["a::b -> d -> a::b"],
    );
    check(
        "by each to the other",
        "== a.rs\npub use crate::b::X;\n== b.rs\npub use crate::a::X;\n",
        &[],
    );
    check(
        "a module",
        "== lib.rs\npub use a::deep;\n== a.rs\n== a/deep.rs\nuse crate::b;\n== b.rs\nuse crate::deep::X;\n",
        &["a::deep -> b -> a::deep"],
    );
    check(
        "an inline module",
        "== lib.rs\npub mod public { pub use crate::a::A; }\n== a.rs\nuse crate::b;\npub struct A;\n\
         == b.rs\nuse crate::public::A;\n",
        &["a -> b -> a"],
    );
}

#[test]
fn what_does_not_count() {
    check(
        "tests",
        "== a.rs\nuse crate::b;\n#[cfg(test)]\nmod tests;\n== a/tests.rs\nuse crate::b::B;\n\
         == b.rs\n#[cfg(test)]\nuse crate::{a};\n#[cfg(test)]\nmod tests { use crate::a::A; }\n\
         #[test]\nfn t() { crate::a::f() }\nstruct B;\n",
        &[],
    );
    check(
        "comments and literals",
        "== a.rs\nuse crate::b;\n== b.rs\n//! [`crate::a`]\n/// `use crate::a;`\n\
         const B: &str = \"use crate::a;\"; // use crate::a;\n",
        &[],
    );
    check(
        "other crates of the same name",
        "== lib.rs\nmod b;\n== a.rs\nuse crate::b;\n== b.rs\nuse ::a::A;\nuse other::a;\nuse a::B;\n",
        &[],
    );
    check(
        "a program and its library",
        "== lib.rs\nmod a;\n== main.rs\nuse a::A;\n== a.rs\nuse crate::A;\n",
        &[],
    );
    check(
        "items of the same name as a file",
        "== lib.rs\nmod a;\n== a.rs\nuse crate::b;\n== b.rs\nfn f(a: A) { a::<u8>(); x.a; A::a() }\n",
        &[],
    );
}
