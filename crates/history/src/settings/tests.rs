use super::*;

fn check(key: &str, value: Value, expected: Result<(), &str>) {
    check_in(Scope::Package, key, value, expected);
}

fn check_in(scope: Scope, key: &str, value: Value, expected: Result<(), &str>) {
    let entries = vec![(key.to_owned(), value)];
    let read = Settings::read(&[Table { scope, entries }]);
    let why = read.map(drop).map_err(|faults| faults[0].to_string());
    assert_eq!(why, expected.map_err(ToOwned::to_owned), "{key}");
}

#[test]
fn values_are_of_their_kind() {
    let text = |text: &str| Value::Text(text.to_owned());
    let list = |texts: &[&str]| Value::List(texts.iter().map(|item| text(item)).collect());
    check("url", text("sqlite://a.db"), Ok(()));
    check(
        "url",
        Value::Number(1),
        Err("invalid value of `url`: it is not a string"),
    );
    for key in [
        "url",
        "url-env",
        "version-table",
        "schema",
        "baseline",
        "timezone",
    ] {
        let why = format!("invalid value of `{key}`: it is empty");
        check(key, text(""), Err(&why));
    }
    check(
        "migrations",
        list(&["a", " "]),
        Err("invalid value of `migrations`: it is empty"),
    );
    check("migrations", list(&["a", "b"]), Ok(()));
    check("migrations", list(&[]), Ok(()));
    check(
        "dialects",
        list(&[]),
        Err("invalid value of `dialects`: the list is empty"),
    );
    check("dialects", text("postgresql"), Ok(()));
    check(
        "dialects",
        list(&["mysql"]),
        Err(
            "invalid value of `dialects`: unknown dialect 'mysql', expected `sqlite` or `postgres`",
        ),
    );
    check("sqlite-version", text("3.46"), Ok(()));
    check(
        "sqlite-version",
        text("3.8"),
        Err("invalid value of `sqlite-version`: `3.8` is older than 3.35, the oldest supported"),
    );
    check(
        "sqlite-version",
        text("newest"),
        Err("invalid value of `sqlite-version`: `newest` is not a version of SQLite, such as 3.35"),
    );
    // A TOML float would lose the zero of 3.40.
    check(
        "sqlite-version",
        Value::Other,
        Err("invalid value of `sqlite-version`: it is not a string"),
    );
    check("chain", text("merged"), Ok(()));
    check(
        "chain",
        text("wild"),
        Err("invalid value of `chain`: `wild` is neither `linear` nor `merged`"),
    );
    check("truncate-slug-length", Value::Number(60), Ok(()));
    check(
        "truncate-slug-length",
        Value::Number(0),
        Err("invalid value of `truncate-slug-length`: it is not a positive whole number"),
    );
    check(
        "post-write-hooks",
        Value::List(vec![list(&["a", "b", ""])]),
        Ok(()),
    );
    check(
        "post-write-hooks",
        list(&["a"]),
        Err(
            "invalid value of `post-write-hooks`: it is not a list of commands such as [\"sqlfluff\", \"fix\"]",
        ),
    );
    check("lock", Value::Flag(true), Ok(()));
    check(
        "lock",
        text("true"),
        Err("invalid value of `lock`: it is neither true nor false"),
    );
    check(
        "chain",
        Value::Flag(true),
        Err("invalid value of `chain`: it is not a string"),
    );
    check(
        "models",
        Value::Other,
        Err("unknown configuration key `models`"),
    );
}

#[test]
fn later_tables_come_first() {
    let table = |scope: Scope, key: &str, value: &str| Table {
        scope,
        entries: vec![(key.to_owned(), Value::Text(value.to_owned()))],
    };
    let workspace = table(Scope::Workspace, "url", "sqlite://workspace.db");
    let package = table(Scope::Package, "url", "sqlite://package.db");
    let nothing = table(Scope::Package, "chain", "linear");
    for (own, url, scope) in [
        (package, "sqlite://package.db", Scope::Package),
        (nothing, "sqlite://workspace.db", Scope::Workspace),
    ] {
        let settings = Settings::read(&[workspace.clone(), own]).unwrap();
        assert_eq!(settings.url.as_deref(), Some(url));
        assert_eq!(settings.url_scope, scope);
        assert_eq!(settings.sqlite_extensions_scope, Scope::Package);
    }
    let extensions = table(Scope::Workspace, "sqlite-extensions", "a/b.so");
    let settings = Settings::read(&[extensions, workspace]).unwrap();
    assert_eq!(settings.sqlite_extensions, ["a/b.so"]);
    assert_eq!(settings.sqlite_extensions_scope, Scope::Workspace);
}

/// Whatever a workspace sets, its crates embed the same outside of it.
#[test]
fn a_workspace_sets_nothing_that_is_embedded() {
    let text = |text: &str| Value::Text(text.to_owned());
    for (key, value) in [
        ("url", text("sqlite://a.db")),
        ("url-env", text("A")),
        ("sqlite-extensions", text("a/b.so")),
        ("sqlite-version", text("3.40")),
        ("file-template", text("{rev}")),
        ("truncate-slug-length", Value::Number(9)),
        ("timezone", text("UTC")),
        ("post-write-hooks", Value::List(Vec::new())),
    ] {
        check_in(Scope::Workspace, key, value, Ok(()));
    }
    for key in Key::ALL.iter().filter(|key| !key.is_shared()) {
        let why = format!("`{key}` cannot be set for a whole workspace");
        check_in(Scope::Workspace, key.as_str(), text("x"), Err(&why));
    }
    let why = "the `url` of a workspace does not decide the dialect of its crates";
    let url = text("postgres://h/d");
    check_in(Scope::Workspace, "url", url.clone(), Err(why));
    check_in(Scope::Package, "url", url.clone(), Ok(()));
    let table = |scope, key: &str, value| Table {
        scope,
        entries: vec![(key.to_owned(), value)],
    };
    let workspace = table(Scope::Workspace, "url", url);
    for (key, value) in [("dialects", "postgres"), ("url", "postgres://h/e")] {
        let own = table(Scope::Package, key, text(value));
        let read = Settings::read(&[workspace.clone(), own]).unwrap();
        assert_eq!(read.dialects_for(None), [Dialect::Postgres]);
    }
}

#[test]
fn names_of_version_tables() {
    let dot = "has a dot; write the bare name";
    let quotes = "has quotes; write the bare name";
    let space = "has white space; write the bare name";
    let (longest, long) = ("v".repeat(54), "v".repeat(55));
    let (longest_schema, long_schema) = ("s".repeat(63), "é".repeat(32));
    let both = "has a dot; write `version-table = \"alembic_version\"` and \
                `version-table-schema = \"tenant\"`";
    let table = "has a dot, and SQLite has no schemas; write `version-table = \"alembic_version\"`";
    let reserved = "begins with `sqlite_`, which SQLite keeps for itself";
    for (key, name, why) in [
        ("version-table", "alembic_version", None),
        ("version-table", "Größe-2", None),
        ("version-table", longest.as_str(), None),
        ("version-table-schema", longest_schema.as_str(), None),
        ("version-table", "tenant.alembic_version", Some(table)),
        ("version-table", "sqlite_x", Some(reserved)),
        ("version-table", "SQLite_version", Some(reserved)),
        ("version-table", "sqlite", None),
        ("version-table", "sqliteé", None),
        ("version-table", "tenant.sqlite_x", Some(dot)),
        ("version-table", "a.b.c", Some(dot)),
        ("version-table", ".versions", Some(dot)),
        ("version-table", "\"a\".b", Some(dot)),
        ("version-table-schema", "a.b", Some(dot)),
        ("version-table", "\"versions\"", Some(quotes)),
        ("version-table", "`versions`", Some(quotes)),
        ("version-table", "[versions]", Some(quotes)),
        ("version-table-schema", "'tenant'", Some(quotes)),
        ("version-table", "my versions", Some(space)),
        ("version-table", " versions", Some(space)),
        ("version-table", "versions\u{a0}", Some(space)),
        ("version-table-schema", "tenant\n", Some(space)),
        (
            "version-table",
            long.as_str(),
            Some("is longer than 54 bytes, and PostgreSQL would cut it off"),
        ),
        (
            "version-table-schema",
            long_schema.as_str(),
            Some("is longer than 63 bytes, and PostgreSQL would cut it off"),
        ),
    ] {
        let why = why.map(|why| format!("invalid value of `{key}`: `{name}` {why}"));
        let expected = why.as_deref().map_or(Ok(()), Err);
        check(key, Value::Text(name.to_owned()), expected);
    }
    for (dialects, name, why) in [
        ("sqlite", "tenant.alembic_version", Some(table)),
        ("postgres", "tenant.alembic_version", Some(both)),
        ("postgres", "sqlite_x", None),
    ] {
        let entries = [("version-table", name), ("dialects", dialects)];
        let entries = entries.map(|(key, value)| (key.to_owned(), Value::Text(value.to_owned())));
        let table = Table {
            scope: Scope::Package,
            entries: entries.into(),
        };
        let found = Settings::read(&[table]).map(drop);
        let found = found.map_err(|faults| faults[0].to_string());
        let why = why.map(|why| format!("invalid value of `version-table`: `{name}` {why}"));
        assert_eq!(found, why.map_or(Ok(()), Err), "{dialects}: {name}");
    }
}
