//! Renames, on schemas as SQLite reads them.

use alembic_sql::Dialect;

use super::*;
use crate::reflect::reflect;

/// Returns the schema of a database with these tables.
fn schema(tables: &[(&str, &str)]) -> Schema {
    let rows = tables.iter().map(|(name, columns)| {
        let sql = format!("CREATE TABLE \"{name}\" ({columns})");
        ["table", name, name, &sql]
            .map(|cell| Some(cell.to_owned()))
            .to_vec()
    });
    reflect(Dialect::Sqlite, &[rows.collect(), Vec::new()]).unwrap()
}

#[test]
fn what_may_be_renamed() {
    for (from, to, expected) in [
        (
            vec![("a", "x INT, y INT")],
            vec![("a", "x INT, z INT")],
            vec!["a.y=z"],
        ),
        (
            vec![("a", "x INT, y INT")],
            vec![("a", "x INT, z TEXT")],
            vec![],
        ),
        (vec![("a", "x INT, y INT")], vec![("a", "x INT")], vec![]),
        (
            vec![("a", "x INT, y INT")],
            vec![("a", "v INT, w int")],
            vec!["a.x=v", "a.x=w", "a.y=v", "a.y=w"],
        ),
        (
            vec![("a", "x INT, y INT")],
            vec![("b", "x INT, y INT")],
            vec!["a=b"],
        ),
        (
            vec![("a", "x INT, y INT, z INT")],
            vec![("b", "x INT, y INT, w INT")],
            vec!["a=b"],
        ),
        (
            vec![("a", "x INT, y INT")],
            vec![("b", "x INT, z INT")],
            vec![],
        ),
        (
            vec![("a", "x INT")],
            vec![("a", "x INT"), ("b", "x INT")],
            vec![],
        ),
    ] {
        let candidates = rename_candidates(&schema(&from), &schema(&to));
        let found: Vec<String> = candidates.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{from:?} {to:?}");
    }
}

#[test]
fn renames_are_read_by_the_names_of_a_schema() {
    let schema = schema(&[
        ("users", "name TEXT, \"a.b\" TEXT"),
        ("users.name", "x INT"),
    ]);
    for (text, expected) in [
        ("users=people", Ok("ALTER TABLE users RENAME TO people")),
        (
            "users.a.b=full_name",
            Ok("ALTER TABLE users RENAME COLUMN \"a.b\" TO full_name"),
        ),
        (
            "users.a.b=users.full_name",
            Ok("ALTER TABLE users RENAME COLUMN \"a.b\" TO full_name"),
        ),
        (
            "users.name=x",
            Err("`users.name` is table users.name or column users.name"),
        ),
        ("user=x", Err("there is no table and no column `user`")),
        (
            "users",
            Err("it is neither `table=table` nor `table.column=column`"),
        ),
        (
            "users=",
            Err("it is neither `table=table` nor `table.column=column`"),
        ),
    ] {
        let read = Rename::parse(text, &schema);
        let read = read
            .as_ref()
            .map(|rename| rename.statements().join("; "))
            .map_err(ToString::to_string);
        assert_eq!(
            read,
            expected.map(str::to_owned).map_err(str::to_owned),
            "{text}"
        );
        if let Ok(rename) = Rename::parse(text, &schema) {
            assert_eq!(rename.reversed().reversed(), rename);
        }
    }
}
