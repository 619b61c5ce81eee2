//! The log on a server with several roles: whose log is believed, and whose recorded SQL is run.

use alembic_history::Dialect;
use alembic_tests::{Database, Outcome, Project, graph};

use crate::bad_input::check_in;
use crate::chain;

/// A database with roles of its own.
struct Scene {
    project: Project,
    database: Database,
}

const ROLES: [&str; 4] = ["owner", "member", "writer", "group"];

impl Scene {
    /// Creates roles, of which `owner` owns the schema and `member` is a member of it; migrates as
    /// `owner`.
    fn new() -> Self {
        let project = chain().on(Dialect::Postgres);
        let database = project.database("shop.db");
        let scene = Self { project, database };
        for role in ROLES {
            scene.execute(&format!("CREATE ROLE {{{role}}} LOGIN PASSWORD 'x'"));
        }
        scene.execute("GRANT {owner} TO {member}; ALTER SCHEMA public OWNER TO {owner}");
        scene.run_as("owner", "upgrade").success();
        scene
    }

    fn role(&self, role: &str) -> String {
        format!("{}_{role}", self.database.server().name())
    }

    /// Executes SQL in which `{role}` stands for a role of this database.
    fn execute(&self, sql: &str) {
        let mut sql = sql.to_owned();
        for role in ROLES {
            sql = sql.replace(&format!("{{{role}}}"), &self.role(role));
        }
        self.database.execute(&sql);
    }

    fn run_as(&self, role: &str, line: &str) -> Outcome {
        let url = self.database.url();
        let (_, address) = url.split_once('@').unwrap();
        let url = format!("postgres://{}:x@{address}", self.role(role));
        self.project.here().env("DATABASE_URL", url).run(line)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for role in ROLES {
            let name = self.role(role);
            self.database
                .execute(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}"));
        }
    }
}

/// A superuser continues the log of the role that owns the version table.
#[test]
fn the_log_of_the_owner_is_continued() {
    let scene = Scene::new();
    scene.project.add_to("migrations", graph("dd04<-cc03"));
    scene.project.run("upgrade").success();
    scene.run_as("member", "downgrade cc03").success();
    let log = scene.database.log();
    assert_eq!(
        log[3..],
        ["4|dd04|upgrade|run|dd04", "5|dd04|downgrade|run|cc03"]
    );
}

/// The log of another role is neither read nor written to, and that is told.
#[test]
fn the_log_of_another_role_is_not_believed() {
    let scene = Scene::new();
    scene.execute("ALTER TABLE alembic_version_log OWNER TO {writer}");
    scene.project.add_to("migrations", graph("dd04<-cc03"));
    let before = scene.database.log();
    let upgrade = scene.project.run("upgrade").success();
    let told = format!("belongs to the role {}", scene.role("writer"));
    assert!(upgrade.stderr.contains(&told), "{upgrade}");
    assert_eq!(upgrade.stderr.matches(&told).count(), 1, "{upgrade}");
    assert_eq!(scene.database.log(), before);
    let told = format!("the log is a table of the role {}", scene.role("writer"));
    let shown = scene.project.run("log").success();
    assert!(shown.stderr.contains(&told), "{shown}");
    assert_eq!(shown.stdout, "");
    let json = scene.project.run("log --format json").success().json();
    assert_eq!(json["crates"][0]["gap"], "untrusted");
    for line in [
        "downgrade --recorded",
        "downgrade --recorded --dry-run",
        "stamp --accept aa01",
    ] {
        check_in(
            &scene.project,
            "not believed",
            line,
            6,
            &format!("error[no-log] | {told}"),
        );
    }
}

/// What a role may have planted in the log is not run as somebody else.
#[test]
fn recorded_sql_is_run_if_nobody_else_can_have_written_it() {
    let owns = "which owns it";
    for (sql, run_as, expected) in [
        ("", "owner", None),
        ("", "member", None),
        (
            "GRANT SELECT ON alembic_version_log TO PUBLIC",
            "owner",
            None,
        ),
        (
            "GRANT INSERT ON alembic_version_log TO {member}",
            "owner",
            None,
        ),
        ("", "superuser", Some(owns)),
        (
            "GRANT INSERT ON alembic_version_log TO {writer}",
            "owner",
            Some("alembic_version_log FROM {writer}`"),
        ),
        (
            "GRANT UPDATE (way_back) ON alembic_version_log TO {writer}",
            "owner",
            Some("alembic_version_log FROM {writer}`"),
        ),
        (
            "GRANT TRIGGER ON alembic_version_log TO {writer}",
            "member",
            Some("alembic_version_log FROM {writer}`"),
        ),
        (
            "GRANT {group} TO {writer}; GRANT {group} TO {owner}; \
             GRANT INSERT ON alembic_version_log TO {group}",
            "owner",
            Some("alembic_version_log FROM {group}`"),
        ),
        (
            "GRANT INSERT ON alembic_version_log TO PUBLIC",
            "owner",
            Some("alembic_version_log FROM PUBLIC`"),
        ),
        (
            "GRANT pg_write_all_data TO {writer}",
            "owner",
            Some("{writer}, which may write to every table"),
        ),
    ] {
        let scene = Scene::new();
        scene.execute(sql);
        scene.project.remove("migrations/cc03.sql");
        let run = |line: &str| match run_as {
            "superuser" => scene.project.run(line),
            role => scene.run_as(role, line),
        };
        let shown = run("downgrade --recorded --dry-run").success();
        assert!(shown.stdout.contains("DROP TABLE t_cc03"), "{sql}: {shown}");
        let before = scene.database.dump();
        let ended = run("downgrade --recorded");
        let Some(expected) = expected else {
            ended.success();
            assert_eq!(scene.database.versions(), ["bb02"], "{sql}");
            continue;
        };
        let mut expected = expected.to_owned();
        for role in ROLES {
            expected = expected.replace(&format!("{{{role}}}"), &scene.role(role));
        }
        assert_eq!(ended.status, 6, "{sql}: {ended}");
        assert!(
            ended.stderr.contains("error[untrusted-log]"),
            "{sql}: {ended}"
        );
        assert!(
            ended.stderr.contains(&expected),
            "{sql}: {expected}: {ended}"
        );
        assert!(shown.stderr.contains("would be refused"), "{sql}: {shown}");
        assert_eq!(scene.database.dump(), before, "{sql}");
    }
}
