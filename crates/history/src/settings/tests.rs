use super::*;

fn check(key: &str, value: Value, expected: Result<(), &str>) {
    let read = Settings::read(&[vec![(key.to_owned(), value)]]);
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
    check(
        "models",
        Value::Other,
        Err("unknown configuration key `models`"),
    );
}

#[test]
fn later_tables_come_first() {
    let table = |url: &str| vec![("url".to_owned(), Value::Text(url.to_owned()))];
    let settings = Settings::read(&[table("workspace"), table("package")]).unwrap();
    assert_eq!(settings.url.as_deref(), Some("package"));
}
