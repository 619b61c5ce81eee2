//! The models of the five systems, edited as their documents say.

use std::fs;

use alembic_tests::postgres::{Database, Server};
use alembic_tests::{Outcome, Place, Project};

use crate::models::{generate, revision_file, written};
use crate::on_both;

/// A column that a system's document adds to one of its models.
struct Addition {
    name: &'static str,
    /// The database of the crate.
    database: &'static str,
    /// The source, below the crate's.
    source: &'static str,
    /// The struct, and what is added at its beginning.
    table: &'static str,
    field: &'static str,
    /// The column, as `check` names it.
    column: &'static str,
}

const ADDITIONS: [Addition; 6] = [
    Addition {
        name: "chat2chart",
        database: "chat2chart.db",
        source: "models.rs",
        table: "pub struct Conversation {",
        field: "#[column(length = 100)]\n    pub new_field: Option<String>,",
        column: "conversation.new_field",
    },
    Addition {
        name: "chimera",
        database: "chimera.db",
        source: "auth.rs",
        table: "pub struct User {",
        field: "#[column(length = 200)]\n    pub nickname: Option<String>,",
        column: "users.nickname",
    },
    Addition {
        name: "chorus",
        database: "data/chorus.db",
        source: "models/document.rs",
        table: "pub struct Document {",
        field: "pub summary: Option<String>,",
        column: "documents.summary",
    },
    Addition {
        name: "daa-chatbot",
        database: "storage/sqlite/app.db",
        source: "models.rs",
        table: "pub struct Document {",
        field: "#[column(length = 255)]\n    pub new_field: Option<String>,",
        column: "documents.new_field",
    },
    Addition {
        name: "daa-chatbot",
        database: "storage/sqlite/app.db",
        source: "models.rs",
        table: "pub struct Chat {",
        field: "#[column(type = \"JSON\")]\n    pub metadata: Option<serde_json::Value>,",
        column: "chats.metadata",
    },
    Addition {
        name: "orchestrator",
        database: "data/orchestrator.db",
        source: "models.rs",
        table: "pub struct Task {",
        field: "pub new_field: Option<String>,",
        column: "task.new_field",
    },
];

/// A table that a system's document adds.
struct NewTable {
    name: &'static str,
    database: &'static str,
    /// The source, below the crate's, and the struct that is added at its end.
    source: &'static str,
    text: &'static str,
    table: &'static str,
}

const NEW_TABLES: [NewTable; 3] = [
    NewTable {
        name: "chimera",
        database: "chimera.db",
        source: "llm.rs",
        text: "#[derive(Clone, Debug, Table)]\n\
               pub struct NewTable {\n    \
                   #[column(identity)]\n    pub id: i32,\n    \
                   #[column(length = 100)]\n    pub name: String,\n\
               }\n",
        table: "new_table",
    },
    NewTable {
        name: "chorus",
        database: "data/chorus.db",
        source: "models/document.rs",
        text: "#[derive(Clone, Debug, Table)]\n\
               #[table(name = \"user_preferences\")]\n\
               pub struct UserPreferences {\n    \
                   #[column(identity)]\n    pub id: i32,\n    \
                   #[column(length = 500)]\n    pub title: String,\n    \
                   pub content: String,\n    \
                   pub created_at: NaiveDateTime,\n\
               }\n",
        table: "user_preferences",
    },
    NewTable {
        name: "orchestrator",
        database: "data/orchestrator.db",
        source: "models.rs",
        text: "#[derive(Clone, Debug, Table)]\n\
               pub struct NewFeature {\n    \
                   #[table(flatten)]\n    pub base: Base,\n    \
                   pub name: String,\n\
               }\n",
        table: "new_feature",
    },
];

/// A system of the example workspace, with a database of each engine.
struct System {
    name: &'static str,
    project: Project,
    /// The URL of its database on SQLite.
    sqlite: String,
    server: Database,
}

impl System {
    fn new(name: &'static str, database: &str) -> Self {
        let project = Project::example(name);
        let sqlite = project.path(format!("crates/{name}/{database}"));
        fs::create_dir_all(sqlite.parent().unwrap()).unwrap();
        Self {
            name,
            sqlite: format!("sqlite://{}", sqlite.display()),
            project,
            server: Server::shared().database(),
        }
    }

    /// Runs a command, with the PostgreSQL database as the crate's own.
    fn run(&self, line: &str) -> Outcome {
        let name = self.name;
        with_servers(&self.project, self.server.url()).run(&format!("{line} -p {name}"))
    }

    /// Runs a command on both databases.
    fn both(&self, line: &str) {
        self.run(line).success();
        self.run(&format!("{line} --url {}", self.sqlite)).success();
    }

    /// Returns the path of a source, below the project.
    fn source(&self, name: &str) -> String {
        format!("crates/{}/src/{name}", self.name)
    }

    /// Generates a revision, after which nothing is left to generate, and returns its text.
    fn generate(&self, id: &str) -> String {
        let name = self.name;
        self.run(&generate(id)).success();
        let again = self.run(&generate("again")).success();
        let is_told = again.stderr.contains("No changes detected");
        assert!(is_told, "{name}: {again}");
        written(&self.project, &format!("crates/{name}/migrations"), id)
    }

    /// Takes the newest revision there and back.
    fn there_and_back(&self) {
        for line in ["upgrade", "verify", "downgrade -1", "upgrade", "verify"] {
            self.both(line);
        }
    }
}

/// Where the commands of the example workspace run: a server is known for the crates that need one.
fn with_servers<'p>(project: &'p Project, url: &str) -> Place<'p> {
    let names = [
        "",
        "CHAT2CHART_",
        "CHORUS_",
        "DAA_CHATBOT_",
        "ORCHESTRATOR_",
    ];
    names.into_iter().fold(project.here(), |place, name| {
        place.env(&format!("{name}DATABASE_URL"), url)
    })
}

/// The workflow of the five documents: edit the models, generate, review, apply, go back.
#[test]
fn the_workflow_of_each_system() {
    for addition in ADDITIONS {
        let name = addition.name;
        let system = System::new(name, addition.database);
        system.both("upgrade");
        let path = system.source(addition.source);
        let with_field = format!("{}\n    {}", addition.table, addition.field);
        system.project.replace(&path, addition.table, &with_field);
        let differs = system.run("check");
        assert_eq!(differs.status, 9, "{name}: {differs}");
        let is_named = differs.stdout.contains(addition.column);
        assert!(is_named, "{name}: {differs}");

        let text = system.generate("new_field");
        let (table, column) = addition.column.split_once('.').unwrap();
        for part in [
            format!("ALTER TABLE {table} ADD COLUMN {column} "),
            format!("ALTER TABLE {table} DROP COLUMN {column};"),
        ] {
            assert!(text.contains(&part), "{name}: {text}");
        }
        system.there_and_back();
        system.run("dump --write").success();
        system.run("test").success();
    }
}

/// A new table numbers its rows on both engines, which takes a section for each.
#[test]
fn a_new_table_of_each_system() {
    for added in NEW_TABLES {
        let (name, table) = (added.name, added.table);
        let system = System::new(name, added.database);
        system.both("upgrade");
        let path = system.source(added.source);
        let text = system.project.read(&path);
        system
            .project
            .write(&path, format!("{text}\n{}", added.text));

        let text = system.generate("new_table");
        let section = |heading: &str| {
            let (_, below) = text
                .split_once(heading)
                .unwrap_or_else(|| panic!("{name}: {text}"));
            below.split("\n-- alembic: ").next().unwrap().to_owned()
        };
        for (heading, parts) in [
            (
                "-- alembic: upgrade sqlite",
                [
                    format!("CREATE TABLE {table} ("),
                    "id INTEGER PRIMARY KEY".to_owned(),
                ],
            ),
            (
                "-- alembic: upgrade postgres",
                [
                    format!("CREATE TABLE {table} ("),
                    "GENERATED BY DEFAULT AS IDENTITY".to_owned(),
                ],
            ),
        ] {
            let section = section(heading);
            for part in parts {
                assert!(section.contains(&part), "{name}: {heading}: {part}: {text}");
            }
        }
        let (_, back) = text.split_once("-- alembic: downgrade").unwrap();
        assert!(
            back.contains(&format!("DROP TABLE {table};")),
            "{name}: {text}"
        );
        system.there_and_back();
    }
}

/// A column that must have a value, in a table that has rows: added, filled, and then required.
#[test]
fn data_is_migrated_in_the_middle() {
    on_both(|dialect| {
        let project = Project::example("daa-chatbot").main_on(dialect);
        let source = "crates/daa-chatbot/src/models.rs";
        let database = project.database("storage/sqlite/app.db");
        let server = Server::shared().database();
        let run = |line: &str| {
            let url = server.url();
            project.run(&format!("{line} -p daa-chatbot --scratch-url {url}"))
        };
        project.run("upgrade -p daa-chatbot").success();
        database.execute("INSERT INTO projects (id, name) VALUES (1, 'Atlas'), (2, 'Borealis')");
        let field = |field: &str| {
            let table = "pub struct Project {\n    #[table(flatten)]\n    pub base: Base,\n";
            let text = project.read(source);
            let (before, after) = text.split_once(table).unwrap();
            let rest = after.trim_start_matches("    pub owner: Option<String>,\n");
            project.write(source, format!("{before}{table}    {field}\n{rest}"));
        };
        field("pub owner: Option<String>,");
        run(&generate("owner")).success();
        let folder = "crates/daa-chatbot/migrations";
        let text = written(&project, folder, "owner");
        let filled = text.replacen(
            "\n-- alembic: downgrade",
            "UPDATE projects SET owner = lower(name);\n\n-- alembic: downgrade",
            1,
        );
        project.write(revision_file(&project, folder, "owner"), filled);
        field("#[column(default = \"'nobody'\")]\n    pub owner: String,");
        run(&generate("required")).success();
        project.run("upgrade -p daa-chatbot").success();
        let owners = "SELECT owner FROM projects ORDER BY id";
        assert_eq!(database.query(owners), ["atlas", "borealis"]);
        database.execute("INSERT INTO projects (id, name) VALUES (3, 'Corona')");
        assert_eq!(database.query(owners), ["atlas", "borealis", "nobody"]);
        run("check").success();
        project.run("downgrade -2 -p daa-chatbot").success();
        assert_eq!(
            database.query("SELECT name FROM projects WHERE id = 1"),
            ["Atlas"]
        );
    });
}
