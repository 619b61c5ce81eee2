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
    let entities = |name: &str, value| Value::Table(vec![(name.to_owned(), value)]);
    check("models", entities("sea-orm", Value::Flag(true)), Ok(()));
    check("models", entities("sea-orm", text("src/entity")), Ok(()));
    check(
        "models",
        entities("sea-orm", Value::Flag(false)),
        Err(
            "invalid value of `models`: `sea-orm`: it is neither true, nor a path or a list of paths",
        ),
    );
    check(
        "models",
        entities("seaorm", Value::Flag(true)),
        Err("invalid value of `models`: as a table, it is `{ sea-orm = true }`"),
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
        "modells",
        Value::Other,
        Err("unknown configuration key `modells`"),
    );
    let files = |files: &[(&str, &str)]| {
        let files = files.iter();
        Value::Table(
            files
                .map(|(key, file)| ((*key).to_owned(), text(file)))
                .collect(),
        )
    };
    for (value, why) in [
        (Value::Flag(true), None),
        (list(&["src/models.rs", "schema"]), None),
        (list(&[]), Some("the list is empty")),
        (text(" "), Some("it is empty")),
        (
            Value::Number(1),
            Some("it is neither true nor false, nor a path or a list of paths"),
        ),
    ] {
        let why = why.map(|why| format!("invalid value of `models`: {why}"));
        check("models", value, why.as_deref().map_or(Ok(()), Err));
    }
    for (value, why) in [
        (files(&[]), Some("it names no file")),
        (
            files(&[("mysql", "a.sql")]),
            Some("unknown dialect 'mysql', expected `sqlite` or `postgres`"),
        ),
        (files(&[("sqlite", " ")]), Some("`sqlite`: it is empty")),
        (
            files(&[("postgres", "a.sql"), ("postgresql", "b.sql")]),
            Some("it names two files for postgres"),
        ),
        (Value::Flag(true), Some("it is not a string")),
        (files(&[("postgresql", "a.sql")]), None),
    ] {
        for key in ["schema", "base"] {
            let why = why.map(|why| format!("invalid value of `{key}`: {why}"));
            check(key, value.clone(), why.as_deref().map_or(Ok(()), Err));
        }
    }
}

#[test]
fn a_schema_has_one_file_or_one_for_each_dialect() {
    let read = |value| {
        let entries = vec![("schema".to_owned(), value)];
        let scope = Scope::Package;
        Settings::read(&[Table { scope, entries }])
            .unwrap()
            .schema
            .unwrap()
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let both = [Dialect::Sqlite, Dialect::Postgres];
    let shared = read(text("a.sql"));
    assert_eq!(shared.by_file(&both), [("a.sql", both.to_vec())]);
    let entry = |key: &str, file| (key.to_owned(), text(file));
    let each = read(Value::Table(vec![
        entry("postgresql", "b.sql"),
        entry("sqlite", "a.sql"),
    ]));
    let sqlite = ("a.sql", vec![Dialect::Sqlite]);
    assert_eq!(
        each.by_file(&both),
        [sqlite.clone(), ("b.sql", vec![Dialect::Postgres])]
    );
    let one = read(Value::Table(vec![entry("sqlite", "a.sql")]));
    assert_eq!(one.by_file(&both), [sqlite]);
    assert_eq!(one.of(Dialect::Postgres), None);
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
        ("post-run-hooks", Value::List(Vec::new())),
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

#[test]
fn histories_override_the_table_of_their_crate() {
    let text = |text: &str| Value::Text(text.to_owned());
    let table = |entries: &[(&str, Value)]| {
        let entries = entries.iter();
        let entries = entries.map(|(key, value)| ((*key).to_owned(), value.clone()));
        Value::Table(entries.collect())
    };
    let of_package = |entries: &[(&str, Value)]| {
        let Value::Table(entries) = table(entries) else {
            unreachable!();
        };
        Table {
            scope: Scope::Package,
            entries,
        }
    };
    let histories = table(&[
        ("b", table(&[("baseline", text("b1"))])),
        ("a", table(&[("dialects", text("postgres"))])),
    ]);
    let package = of_package(&[("baseline", text("x")), ("histories", histories)]);
    // The URL does not decide the dialect of a history that says it.
    let workspace = Table {
        scope: Scope::Workspace,
        entries: vec![("url".to_owned(), text("sqlite://a.db"))],
    };
    let read = Settings::read_histories(&[workspace, package]).unwrap();
    let found = read.iter().map(|history| {
        let settings = &history.settings;
        let dialects = settings.dialects.clone();
        (history.full_name("p"), settings.baseline.as_str(), dialects)
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("p/a".to_owned(), "x", Some(vec![Dialect::Postgres])),
            ("p/b".to_owned(), "b1", None),
        ]
    );
    for (histories, key, why) in [
        (
            text("a"),
            "histories",
            "invalid value of `histories`: it is not a table of histories",
        ),
        (
            table(&[]),
            "histories",
            "invalid value of `histories`: it names no history",
        ),
        (
            table(&[("a", text("a"))]),
            "histories",
            "invalid value of `histories`: `a` is not a table",
        ),
        (
            table(&[("a/b", table(&[]))]),
            "histories",
            "invalid value of `histories`: `a/b` is no name of a history: it has other characters \
             than letters, digits, `-` and `_`",
        ),
        (
            table(&[("a", table(&[("histories", table(&[]))]))]),
            "histories",
            "invalid value of `histories`: `a` has histories of its own",
        ),
        (
            table(&[("a", table(&[("urll", text("a"))])), ("b", table(&[]))]),
            "histories.a.urll",
            "unknown configuration key `histories.a.urll`",
        ),
        (
            table(&[("a", table(&[("chain", text("a"))]))]),
            "histories.a.chain",
            "invalid value of `histories.a.chain`: `a` is neither `linear` nor `merged`",
        ),
    ] {
        let faults = Settings::read_histories(&[of_package(&[("histories", histories)])]);
        let faults = faults.unwrap_err();
        let found: Vec<(usize, &str, String)> = faults
            .iter()
            .map(|fault| (fault.table, fault.key.as_str(), fault.to_string()))
            .collect();
        assert_eq!(found, [(0, key, why.to_owned())]);
    }
}
