//! Mistakes in attributes are errors of the compiler, at their places and all at once.

#[test]
fn mistakes_are_reported_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
