//! Answers for programs: `--format json`, and its schema in `docs/json-schema.json`.

use alembic_history::Dialect;
use alembic_tests::{Project, graph, revision};
use serde_json::{Map, Value, json};

use crate::documents::check_document;
use crate::{branched, chain, on_both, workspace};

/// Checks values against the part of JSON Schema that `docs/json-schema.json` uses, and more
/// strictly: what the schema does not mention is wrong.
struct Schema(Value);

impl Schema {
    fn new() -> Self {
        Self(serde_json::from_str(&cargo_alembic::schema()).unwrap())
    }

    /// Returns what is wrong with the answer of a command.
    fn faults(&self, command: &str, answer: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let schema = &self.0["properties"][command];
        assert!(schema.is_object(), "the schema does not know `{command}`");
        self.check(schema, answer, command, &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Value::Object(schema) = schema else {
            panic!("{at}: {schema} is no schema");
        };
        if let Some(reference) = schema.get("$ref") {
            let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
            let referred = self
                .0
                .pointer(pointer)
                .expect("the reference leads somewhere");
            return self.check(referred, value, at, faults);
        }
        for keyword in schema.keys() {
            let known = [
                "type",
                "description",
                "properties",
                "required",
                "items",
                "format",
                "minimum",
                "anyOf",
            ];
            assert!(
                known.contains(&keyword.as_str()),
                "{at}: cannot check `{keyword}`"
            );
        }
        if let Some(alternatives) = schema.get("anyOf") {
            let faults_of = |alternative| {
                let mut faults = Vec::new();
                self.check(alternative, value, at, &mut faults);
                faults
            };
            let alternatives = alternatives.as_array().unwrap().iter();
            let fewest = alternatives.map(faults_of).min_by_key(Vec::len);
            return faults.extend(fewest.unwrap_or_default());
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.clone(),
            one => vec![one.clone()],
        };
        if !types
            .iter()
            .any(|kind| is_of(value, kind.as_str().unwrap()))
        {
            faults.push(format!("{at}: {value} is not of type {}", schema["type"]));
            return;
        }
        match value {
            Value::Object(object) => self.check_object(schema, object, at, faults),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check(&schema["items"], item, &format!("{at}[{index}]"), faults);
                }
            }
            _ => {}
        }
    }

    fn check_object(
        &self,
        schema: &Map<String, Value>,
        object: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        for required in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if !object.contains_key(required.as_str().unwrap()) {
                faults.push(format!("{at}: {required} is missing"));
            }
        }
        for (key, value) in object {
            match schema["properties"].get(key) {
                Some(schema) => self.check(schema, value, &format!("{at}.{key}"), faults),
                None => faults.push(format!("{at}: `{key}` is not in the schema")),
            }
        }
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        kind => panic!("unknown type {kind}"),
    }
}

/// Runs commands in a project one after the other, each with `--format json`.
fn check(project: &Project, lines: &[&str]) {
    let schema = Schema::new();
    for line in lines {
        let outcome = project.run(&format!("{line} --format json"));
        let command = match line {
            line if line.contains("--sql") => "sql",
            line if line.starts_with("upgrade") && line.contains("--dry-run") => "dry-run",
            line => line.split_whitespace().next().unwrap(),
        };
        assert!([0, 3].contains(&outcome.status), "{line}\n{outcome}");
        let faults = schema.faults(command, &outcome.json());
        assert_eq!(faults, Vec::<String>::new(), "{line}\n{outcome}");
    }
}

#[test]
fn every_answer_is_as_the_schema_says() {
    check(
        &Project::new("shop"),
        &[
            "init",
            "heads",
            "history",
            "current",
            "upgrade",
            "branches",
            "revision --rev-id aa01",
            "lock",
            "lock --check",
        ],
    );
    on_both(check_commands);
}

fn check_commands(dialect: Dialect) {
    check(
        &chain().on(dialect),
        &[
            "current",
            "current -c",
            "ensure-version",
            "ensure",
            "test",
            "downgrade aa01",
            "upgrade bb02",
            "current",
            "history -i",
            "history -r current:",
            "downgrade -1",
            "stamp head",
            "show current",
            "show base",
            "revision -m 'One more'",
        ],
    );
    check(
        &branched().on(dialect),
        &[
            "branches",
            "heads",
            "heads --resolve-dependencies",
            "status",
            "upgrade --dry-run",
            "upgrade heads",
            "current -v",
            "history -v",
            "show heads",
            "rebase cc03 --onto ff06 --no-database --dry-run",
            "merge",
            "upgrade",
            "downgrade base",
        ],
    );
    check(
        &workspace().on(dialect),
        &[
            "upgrade",
            "current",
            "heads",
            "downgrade cc03",
            "stamp base",
            "stamp --sql base:heads",
            "upgrade --sql",
            "show head",
        ],
    );
    check(
        &Project::example("chimera").on(dialect),
        &[
            "upgrade",
            "current",
            "history -i",
            "branches",
            "downgrade -1 -p chorus",
        ],
    );
}

/// A command that fails answers what it has done, and what is wrong.
#[test]
fn errors_are_answered() {
    on_both(|dialect| {
        let project = Project::with_workspace(&["a", "b", "c"]).on(dialect);
        project.add_to("a/migrations", graph("aa01"));
        let broken = revision("bb01").upgrade("SELECT missing;");
        project.add_to("b/migrations", [broken]);
        project.add_to("c/migrations", graph("cc01"));
        let (message, database_code) = match dialect {
            Dialect::Sqlite => ("no such column: missing", "1"),
            Dialect::Postgres => ("column \"missing\" does not exist", "42703"),
        };
        for (line, exit, done, error) in [
            (
                "upgrade",
                8,
                vec!["a"],
                json!({
                    "crate": "b",
                    "code": "migration-failed",
                    "message": message,
                    "file": "b/migrations/bb01.sql",
                    "line": 8,
                    "column": 8,
                    "revision": "bb01",
                    "statement_number": 1,
                    "statement": "SELECT missing",
                    "database_code": database_code,
                    "state": null,
                    "help": ["correct the statement, and run the command again"],
                }),
            ),
            (
                "show zz99",
                6,
                vec![],
                json!({
                    "crate": null,
                    "message": "can't locate revision identified by 'zz99'",
                    "file": null,
                    "state": null,
                }),
            ),
            (
                "upgrade -p a --url mysql://h/d",
                4,
                vec![],
                json!({
                    "crate": "a",
                    "code": "invalid-url",
                    "message": "invalid database URL `mysql://h/d`: no driver for \
                                `mysql:`; a database URL begins with `sqlite:` or `postgres:`",
                }),
            ),
        ] {
            let outcome = project.run(&format!("{line} --format json"));
            assert_eq!(outcome.status, exit, "{line}\n{outcome}");
            let answer = outcome.json();
            let command = line.split_whitespace().next().unwrap();
            let faults = Schema::new().faults(command, &answer);
            assert_eq!(faults, Vec::<String>::new(), "{line}\n{outcome}");
            let crates = answer["crates"].as_array().unwrap().iter();
            let crates: Vec<&Value> = crates.map(|answer| &answer["crate"]).collect();
            assert_eq!(crates, done, "{line}\n{outcome}");
            assert_eq!(
                answer["errors"].as_array().map(Vec::len),
                Some(1),
                "{line}\n{outcome}"
            );
            for (key, value) in error.as_object().unwrap() {
                assert_eq!(
                    &answer["errors"][0][key], value,
                    "{key} of {line}\n{outcome}"
                );
            }
        }
    });
}

#[test]
fn the_schema_has_every_command_that_answers() {
    let schema = Schema::new();
    let known: Vec<&String> = schema.0["properties"].as_object().unwrap().keys().collect();
    let help = Project::empty().run("--help").stdout;
    let commands = help.split_once("Commands:\n").unwrap().1;
    let mut commands: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        // An editor answers for itself, and what shells and `man` read is no JSON.
        .filter(|command| !["help", "edit", "completions", "man"].contains(command))
        .collect();
    // What four of them answer with `--sql`.
    commands.push("sql");
    // What two of them answer with `--dry-run`.
    commands.push("dry-run");
    // What `revision` answers with `--autogenerate`.
    commands.push("autogenerate");
    // What `import` answers with `--database`.
    commands.push("import-database");
    commands.sort_unstable();
    assert_eq!(known, commands);
}

/// A checker that accepts everything would pass the tests above.
#[test]
fn the_checker_finds_faults() {
    let schema = Schema::new();
    let good = serde_json::json!({ "crates": [{ "crate": "shop", "id": "a", "path": "b" }] });
    assert_eq!(schema.faults("merge", &good), Vec::<String>::new());
    for (bad, fault) in [
        (
            r#"{ "crates": [{ "crate": "shop", "id": "a" }] }"#,
            "\"path\" is missing",
        ),
        (
            r#"{ "crates": [{ "crate": "shop", "id": 1, "path": "b" }] }"#,
            "1 is not of type",
        ),
        (
            r#"{ "crates": [], "more": 1 }"#,
            "`more` is not in the schema",
        ),
        (r#"[]"#, "[] is not of type"),
    ] {
        let faults = schema.faults("merge", &serde_json::from_str(bad).unwrap());
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(fault), "{faults:?}");
    }
}

#[test]
fn the_schema_is_documented() {
    check_document("json-schema.json", &cargo_alembic::schema());
}
