//! What users of five systems type every day: `fixtures/scenarios/*.toml` on `fixtures/workspace`,
//! with the same results on every engine.

use std::fs;

use alembic_history::Dialect;
use alembic_tests::{Project, fixtures};
use serde::Deserialize;

use crate::on_both;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenarios {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    step: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: Option<Vec<String>>,
    rows: Option<Vec<String>>,
    tables: Option<Vec<String>>,
    #[serde(default)]
    stdout: Vec<String>,
    fails: Option<String>,
    creates: Option<String>,
    sql: Option<String>,
    query: Option<String>,
    expect: Option<Vec<String>>,
    remove: Option<Vec<String>>,
}

fn check(name: &str, database: &str) {
    let path = fixtures().join("scenarios").join(format!("{name}.toml"));
    let text = fs::read_to_string(&path).unwrap();
    let scenarios: Scenarios = toml::from_str(&text).unwrap();
    assert!(!scenarios.scenario.is_empty());
    on_both(|dialect| {
        for scenario in &scenarios.scenario {
            let project = Project::example(name);
            let project = match dialect {
                // The file does not exist.
                Dialect::Sqlite => project,
                Dialect::Postgres => project.main_on(dialect),
            };
            for (number, step) in scenario.step.iter().enumerate() {
                let place = format!(
                    "{name} on {dialect}, {:?}, step {}",
                    scenario.name,
                    number + 1
                );
                step.check(&project, name, database, &place);
            }
        }
    });
}

impl Step {
    fn check(&self, project: &Project, name: &str, database: &str, place: &str) {
        let database = project.database(database);
        match self {
            Step { run: Some(run), .. } => self.run(run, project, name, &database, place),
            Step { sql: Some(sql), .. } => database.execute(sql),
            Step {
                query: Some(query),
                expect: Some(expect),
                ..
            } => assert_eq!(&database.query(query), expect, "{place}: {query}"),
            Step {
                remove: Some(remove),
                ..
            } => {
                for path in remove {
                    project.remove(project.main().join(path));
                }
            }
            _ => panic!("{place} does nothing: {self:?}"),
        }
    }

    fn run(
        &self,
        run: &[String],
        project: &Project,
        name: &str,
        database: &alembic_tests::Database,
        place: &str,
    ) {
        let mut arguments = run.to_vec();
        arguments.extend(["-p".to_owned(), name.to_owned()]);
        let before = self.fails.as_ref().map(|_| project.tree());
        let created = self.creates.as_ref();
        let created = created.map(|path| project.path(project.main().join(path)));
        if let Some(path) = &created {
            assert!(!path.exists(), "{place}: {path:?}");
        }
        let outcome = project.here().run_words(&arguments);
        match &self.fails {
            None => assert_eq!(outcome.status, 0, "{place}: {run:?}\n{outcome}"),
            Some(text) => {
                assert_ne!(outcome.status, 0, "{place}: {run:?}\n{outcome}");
                let stderr = outcome.stderr.to_lowercase();
                assert!(stderr.contains(&text.to_lowercase()), "{place}\n{outcome}");
                let changes = before.map(|before| before.changes(&project.tree()));
                assert_eq!(changes, Some(Vec::new()), "{place}: {run:?}");
            }
        }
        if let Some(path) = &created {
            assert!(path.exists(), "{place}: {path:?}\n{outcome}");
        }
        for text in &self.stdout {
            assert!(outcome.stdout.contains(text), "{place}: {text}\n{outcome}");
        }
        if let Some(rows) = &self.rows {
            assert_eq!(&database.versions(), rows, "{place}: {run:?}\n{outcome}");
        }
        if let Some(tables) = &self.tables {
            assert_eq!(&database.tables(), tables, "{place}: {run:?}\n{outcome}");
        }
    }
}

#[test]
fn chat2chart() {
    check("chat2chart", "chat2chart.db");
}

#[test]
fn chimera() {
    check("chimera", "chimera.db");
}

#[test]
fn chorus() {
    check("chorus", "data/chorus.db");
}

#[test]
fn daa_chatbot() {
    check("daa-chatbot", "storage/sqlite/app.db");
}

#[test]
fn orchestrator() {
    check("orchestrator", "data/orchestrator.db");
}

/// A file without a test of its own would be a scenario that nobody runs.
#[test]
fn every_file_is_run() {
    let mut names: Vec<String> = fs::read_dir(fixtures().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "chat2chart.toml",
            "chimera.toml",
            "chorus.toml",
            "daa-chatbot.toml",
            "orchestrator.toml"
        ]
    );
}
