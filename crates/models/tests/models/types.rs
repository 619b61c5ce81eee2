//! What types of Rust are stored as.

use alembic_models::Dialect;

use crate::source::Source;

/// Checks what a field of a type becomes on SQLite and on PostgreSQL; a type that is not known has
/// none.
#[track_caller]
fn check(rust: &str, expected: Option<(&str, &str)>) {
    let source = Source::new(&format!("#[derive(Table)] struct A<'a> {{ f: {rust} }}"));
    let models = source.scan("shop", &[]);
    let Some((sqlite, postgres)) = expected else {
        let faults = source.show(&models.unwrap_err());
        assert!(
            faults.contains("no column type is known"),
            "{rust}: {faults}"
        );
        return;
    };
    let models = models.unwrap_or_else(|faults| panic!("{rust}: {}", source.show(&faults)));
    let column = |dialect| match models.sql(dialect) {
        Ok(sql) => sql
            .lines()
            .nth(1)
            .unwrap()
            .trim_start_matches("    f ")
            .to_owned(),
        Err(faults) => faults[0].text.clone(),
    };
    assert_eq!(column(Dialect::Sqlite), sqlite, "{rust}");
    assert_eq!(column(Dialect::Postgres), postgres, "{rust}");
}

#[test]
fn types_of_rust() {
    let same = |name: &'static str| Some((name, name));
    for (rust, expected) in [
        ("bool", same("BOOLEAN NOT NULL")),
        ("i16", same("SMALLINT NOT NULL")),
        ("u8", same("SMALLINT NOT NULL")),
        ("i32", same("INTEGER NOT NULL")),
        ("u32", same("BIGINT NOT NULL")),
        ("i64", same("BIGINT NOT NULL")),
        ("u64", None),
        ("usize", None),
        ("char", None),
        ("f32", same("REAL NOT NULL")),
        ("f64", same("DOUBLE PRECISION NOT NULL")),
        ("String", same("TEXT NOT NULL")),
        ("std::string::String", same("TEXT NOT NULL")),
        ("Option<String>", same("TEXT")),
        ("std::option::Option<Box<str>>", same("TEXT")),
        ("&'a str", same("TEXT NOT NULL")),
        ("Option<&'a str>", same("TEXT")),
        ("Cow<'a, str>", same("TEXT NOT NULL")),
        ("std::sync::Arc<str>", same("TEXT NOT NULL")),
        ("Vec<u8>", Some(("BLOB NOT NULL", "BYTEA NOT NULL"))),
        ("[u8; 32]", Some(("BLOB NOT NULL", "BYTEA NOT NULL"))),
        ("&'a [u8]", Some(("BLOB NOT NULL", "BYTEA NOT NULL"))),
        ("Option<Box<[u8]>>", Some(("BLOB", "BYTEA"))),
        ("NaiveDate", same("DATE NOT NULL")),
        ("chrono::NaiveDateTime", same("TIMESTAMP NOT NULL")),
        ("sqlx::types::chrono::NaiveTime", same("TIME NOT NULL")),
        (
            "Option<DateTime<Utc>>",
            Some(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")),
        ),
        (
            "chrono::DateTime<chrono::FixedOffset>",
            Some(("TIMESTAMP NOT NULL", "TIMESTAMP WITH TIME ZONE NOT NULL")),
        ),
        ("time::Date", same("DATE NOT NULL")),
        ("PrimitiveDateTime", same("TIMESTAMP NOT NULL")),
        (
            "OffsetDateTime",
            Some(("TIMESTAMP NOT NULL", "TIMESTAMP WITH TIME ZONE NOT NULL")),
        ),
        ("jiff::civil::DateTime", same("TIMESTAMP NOT NULL")),
        (
            "jiff::Timestamp",
            Some(("TIMESTAMP NOT NULL", "TIMESTAMP WITH TIME ZONE NOT NULL")),
        ),
        ("jiff::Zoned", None),
        ("Uuid", Some(("BLOB NOT NULL", "UUID NOT NULL"))),
        ("uuid::Uuid", Some(("BLOB NOT NULL", "UUID NOT NULL"))),
        (
            "serde_json::Value",
            Some(("TEXT NOT NULL", "JSONB NOT NULL")),
        ),
        (
            "sqlx::types::Json<Settings>",
            Some(("TEXT NOT NULL", "JSONB NOT NULL")),
        ),
        ("Decimal", Some(("TEXT NOT NULL", "NUMERIC NOT NULL"))),
        (
            "ipnetwork::IpNetwork",
            Some(("TEXT NOT NULL", "INET NOT NULL")),
        ),
        ("std::net::IpAddr", Some(("TEXT NOT NULL", "INET NOT NULL"))),
        (
            "Vec<String>",
            Some(("SQLite has no type for column `f`", "TEXT[] NOT NULL")),
        ),
        (
            "Option<Vec<Option<i64>>>",
            Some(("SQLite has no type for column `f`", "BIGINT[]")),
        ),
        ("Vec<Vec<i64>>", None),
        ("Vec<Settings>", None),
        ("HashMap<String, String>", None),
        ("(i64, i64)", None),
        ("Settings", None),
        ("other::Value", None),
        ("other::Uuid", None),
        ("std::time::Duration", None),
        ("PhantomData<String>", None),
    ] {
        check(rust, expected);
    }
}

/// What drivers write of a value, SQLite must keep as it is, whatever type the column has.
#[test]
fn sqlite_keeps_what_drivers_write() {
    for (rust, written, kept) in [
        ("bool", "1", "integer|1"),
        ("i64", "9007199254740993", "integer|9007199254740993"),
        ("f64", "1.0", "real|1.0"),
        ("String", "'0010'", "text|0010"),
        ("Vec<u8>", "x'3130'", "blob|10"),
        ("NaiveDate", "'2026-01-02'", "text|2026-01-02"),
        ("NaiveTime", "'12:00:00'", "text|12:00:00"),
        (
            "NaiveDateTime",
            "'2026-01-02 12:00:00'",
            "text|2026-01-02 12:00:00",
        ),
        (
            "DateTime<Utc>",
            "'2026-01-02T12:00:00+00:00'",
            "text|2026-01-02T12:00:00+00:00",
        ),
        (
            "jiff::Timestamp",
            "'2026-01-02T12:00:00Z'",
            "text|2026-01-02T12:00:00Z",
        ),
        (
            "Uuid",
            "x'31323334353637383930616263646566'",
            "blob|1234567890abcdef",
        ),
        ("Value", "'1.0'", "text|1.0"),
        ("Decimal", "'0.10'", "text|0.10"),
        ("IpAddr", "'10'", "text|10"),
    ] {
        for strict in ["", "#[table(strict)]"] {
            let source = Source::new(&format!(
                "#[derive(Table)] {strict} struct A {{ f: {rust} }}"
            ));
            let models = source.scan("shop", &[]).unwrap();
            let database = alembic_tests::Database::new(Dialect::Sqlite);
            database.execute(&models.sql(Dialect::Sqlite).unwrap());
            database.execute(&format!("INSERT INTO a VALUES ({written})"));
            let found = database.query("SELECT typeof(f) || '|' || CAST(f AS TEXT) FROM a");
            assert_eq!(found, [kept], "{rust} {strict}");
        }
    }
}
