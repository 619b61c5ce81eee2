//! How far a transaction reaches.

use alembic_history::FileStatement;
use alembic_sql::{EnumValue, StatementKind};

/// The first steps of a plan, which go into one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch<'h> {
    /// How many steps there are.
    pub(crate) steps: usize,
    /// The value that one of them adds to an enum and the step after them uses, if they end there
    /// for that.
    pub(crate) value: Option<&'h EnumValue>,
}

/// Finds the first of several steps that uses a value which one before it adds to an enum, from the
/// statements of each: PostgreSQL refuses that in one transaction. Returns how many steps come before
/// it, and the value.
///
/// A value that no later step mentions costs nothing. Whether the enum is as new as its value is not
/// asked, since servers before PostgreSQL 17 refuse that, too. A step that uses what it adds itself
/// fails in any case.
pub(crate) fn value_to_commit<'h>(
    steps: impl Iterator<Item = Vec<FileStatement<'h>>>,
) -> Option<(usize, &'h EnumValue)> {
    let mut added: Vec<&EnumValue> = Vec::new();
    for (done, statements) in steps.enumerate() {
        let mut own = Vec::new();
        for statement in &statements {
            match statement.kind() {
                // One may name another as its neighbour.
                StatementKind::AddEnumValue(value) => own.push(value),
                _ => {
                    let mut used = added.iter().copied();
                    if let Some(value) = used.find(|value| value.is_mentioned_in(statement.sql)) {
                        return Some((done, value));
                    }
                }
            }
        }
        added.extend(own);
    }
    None
}

#[cfg(test)]
mod tests {
    use alembic_history::{Dialect, Direction, RevisionFile};

    use super::*;

    /// Plans for revisions of these statements; returns the number of steps and the value.
    fn check(steps: &[&str], expected: Option<(usize, &str)>) {
        let files: Vec<RevisionFile> = steps
            .iter()
            .map(|sql| {
                let text =
                    format!("-- A\n-- Revision ID: a\n-- Revises:\n-- alembic: upgrade\n{sql};\n");
                RevisionFile::parse(text, &[Dialect::Postgres]).0.unwrap()
            })
            .collect();
        let statements = files.iter().map(|file| {
            let sections = file.sections(Direction::Upgrade, Dialect::Postgres);
            sections
                .flat_map(|section| section.statements(Dialect::Postgres))
                .collect()
        });
        let found = value_to_commit(statements);
        let found = found.map(|(steps, value)| (steps, value.written.as_str()));
        assert_eq!(found, expected, "{steps:?}");
    }

    #[test]
    fn a_value_is_committed_before_the_first_step_that_uses_it() {
        let add = "ALTER TYPE k ADD VALUE 'b'";
        let other = "CREATE TABLE t (x int)";
        for (steps, expected) in [
            (vec![add, "INSERT INTO t VALUES ('b')"], Some((1, "'b'"))),
            (vec![add, other, "SELECT 'b'::k"], Some((2, "'b'"))),
            (vec![other, add, "SELECT E'b'::k"], Some((2, "'b'"))),
            (
                vec![add, "DO $$ BEGIN PERFORM 'b'::k; END $$"],
                Some((1, "'b'")),
            ),
            (
                vec!["CREATE TYPE k AS ENUM ('a')", add, "SELECT 'b'::k"],
                Some((2, "'b'")),
            ),
            (
                vec![
                    add,
                    "alter type s.\"K\" add value if not exists 'it''s' before 'b'",
                    "SELECT 'it''s'",
                ],
                Some((2, "'it''s'")),
            ),
            // In the same revision, nothing helps.
            (vec!["ALTER TYPE k ADD VALUE 'b'; SELECT 'b'::k"], None),
            (vec![add, other], None),
            (vec![add, "SELECT 'c'::k, b FROM t"], None),
            (vec![add, "ALTER TYPE k ADD VALUE 'c' AFTER 'b'"], None),
            (
                vec!["ALTER TYPE k RENAME VALUE 'a' TO 'b'", "SELECT 'b'::k"],
                None,
            ),
            (vec!["SELECT 'b'", add], None),
        ] {
            check(&steps, expected);
        }
    }
}
