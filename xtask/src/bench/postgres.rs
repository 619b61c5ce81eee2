//! PostgreSQL: applying many revisions, and starts that find nothing to do.

mod outside;
mod turns;

use std::process::Command;
use std::time::Duration;

use alembic_history::{Dialect, VersionTable};
use alembic_migrate::Migrations;
use alembic_migrate::options::Purge;
use alembic_tests::postgres::{Database, Server, program};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool, raw_sql};
use tokio::runtime::{Builder, Runtime};

pub(super) use self::outside::measure as measure_outside;
use self::turns::Turns;
use super::apply::statements;
use super::place::Place;
use super::processes::{cargo_metadata, whole};
use super::project::{Project, Shape, UPGRADE};
use super::rounds::{interleaved, timed};
use super::start;
use super::table::{Row, Table};
use crate::Result;

const REVISIONS: usize = 200;
const ROUNDS: usize = 31;

/// A start that does nothing is over soon, and so compared more often.
const STARTS: usize = 501;

/// How many times as long as the same statements a run may take.
const GOAL: f64 = 1.1;

/// How often a start that finds nothing to do may wait for an answer.
const TURNS: f64 = 2.0;

/// What is measured with: a server of its own, whose files are not forced to the disk.
struct Bench {
    runtime: Runtime,
    project: Project,
    migrations: Migrations,
    /// Revisions that do the same, and change settings of their session.
    setting: Migrations,
    database: Database,
    options: PgConnectOptions,
    pool: PgPool,
}

pub(super) fn measure(place: &Place, show: &mut dyn FnMut(Table)) -> Result<()> {
    let server = Server::start();
    let bench = Bench::new(place, server.database())?;
    let title =
        |each: &str| format!("apply {REVISIONS} revisions to an empty database, {each} each");
    let setting = title("SET twice, CREATE TABLE and INSERT");
    show(bench.apply(setting, &bench.setting)?);
    let plain = title("CREATE TABLE and INSERT");
    show(bench.apply(plain, &bench.migrations)?);
    show(bench.turns()?);
    show(bench.starts()?);
    show(bench.processes()?);
    // Before the server goes.
    bench.runtime.block_on(bench.pool.close());
    Ok(())
}

/// Returns what a revision does: it makes a small table, and fills it.
fn upgrade(index: usize) -> String {
    format!(
        "CREATE TABLE table_{index} (\n    \
             id INTEGER PRIMARY KEY,\n    \
             name VARCHAR(200) NOT NULL\n\
         );\n\
         INSERT INTO table_{index} (id, name) VALUES (1, 'first'), (2, 'second');\n"
    )
}

/// Returns the same, after settings of the session.
fn setting_upgrade(index: usize) -> String {
    let sets = "SET statement_timeout = '60s';\nSET search_path = public;\n";
    format!("{sets}{}", upgrade(index))
}

fn options(database: &Database) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = database.url().parse()?;
    Ok(options.disable_statement_logging())
}

/// Connects to a database; a run needs two connections.
fn pool(database: &Database) -> Result<(Runtime, PgPool)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let pool = PgPoolOptions::new().max_connections(2);
    let pool = runtime.block_on(pool.connect_with(options(database)?))?;
    Ok((runtime, pool))
}

impl Bench {
    fn new(place: &Place, database: Database) -> Result<Self> {
        let load = |name: &str, upgrade: fn(usize) -> String| -> Result<(Project, Migrations)> {
            let sections = |index| format!("{UPGRADE}{}", upgrade(index));
            let project = Project::with(&place.folder(name)?, REVISIONS, Shape::Line, sections)?;
            let migrations = Migrations::from_folder(&project.migrations, &[Dialect::Postgres])?;
            Ok((project, migrations))
        };
        let (project, migrations) = load("postgres", upgrade)?;
        let (_, setting) = load("postgres-settings", setting_upgrade)?;
        let options = options(&database)?;
        let (runtime, pool) = pool(&database)?;
        Ok(Self {
            runtime,
            project,
            migrations,
            setting,
            database,
            options,
            pool,
        })
    }

    /// Executes one statement, or several.
    fn execute(&self, sql: &str) -> Result<()> {
        let sql = raw_sql(AssertSqlSafe(sql));
        self.runtime.block_on(sql.execute(&self.pool))?;
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    }

    /// What is possible: one connection, one transaction, the same statements.
    fn bound(&self, statements: &[String]) -> Result<Duration> {
        self.clear()?;
        self.runtime.block_on(async {
            let mut connection = self.pool.acquire().await?;
            let start = std::time::Instant::now();
            let mut transaction = connection.begin().await?;
            for statement in statements {
                let sql = raw_sql(AssertSqlSafe(statement.as_str()));
                sql.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(start.elapsed())
        })
    }

    fn apply(&self, title: String, migrations: &Migrations) -> Result<Table> {
        let revisions = statements(migrations.history(), Dialect::Postgres);
        let bare = revisions.iter().flat_map(|(_, statements)| statements);
        let bare: Vec<String> = bare.cloned().collect();
        let first = [
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
            "INSERT INTO alembic_version VALUES ('')",
        ];
        let mut with_rows = first.map(str::to_owned).to_vec();
        let mut joined = with_rows.clone();
        for (id, statements) in &revisions {
            let row = format!("UPDATE alembic_version SET version_num = '{id}'");
            joined.extend(statements.iter().cloned());
            if let Some(last) = joined.last_mut() {
                *last += &format!("; {row}");
            }
            with_rows.extend(statements.iter().cloned());
            with_rows.push(row);
        }
        let [bound, rows, joined, upgrade] = interleaved(
            ROUNDS,
            [
                &mut || self.bound(&bare),
                &mut || self.bound(&with_rows),
                &mut || self.bound(&joined),
                &mut || {
                    self.clear()?;
                    let upgrade = migrations.upgrade(&self.pool, "heads");
                    timed(|| Ok(self.runtime.block_on(upgrade)?))
                },
            ],
        )?;
        Ok(Table {
            title,
            rows: vec![
                Row::ratio(
                    "sqlx: the same statements in one transaction",
                    &bound,
                    &bound,
                ),
                Row::ratio(
                    "sqlx: and the version row after each revision",
                    &rows,
                    &bound,
                ),
                Row::ratio(
                    "sqlx: and that in one message with the last statement",
                    &joined,
                    &bound,
                ),
                Row::ratio("upgrade: migrations already loaded", &upgrade, &bound).at_most(GOAL),
                Row::ratio("  of the same with version rows", &upgrade, &rows),
            ],
        })
    }

    /// Counts how often somebody waits for an answer of the server, as a program between them sees it.
    fn turns(&self) -> Result<Table> {
        let turns = Turns::before(self.options.get_port())?;
        let options = self.options.clone().port(turns.port());
        let connect = turns.during(|| {
            self.runtime.block_on(async {
                let connection = options.connect().await?;
                Ok(connection.close().await?)
            })
        })?;
        let ensure =
            turns.during(|| Ok(self.runtime.block_on(self.migrations.ensure(&options))?))?;
        let upgrade = turns.during(|| {
            let upgrade = self.migrations.upgrade(&options, "heads");
            Ok(self.runtime.block_on(upgrade)?)
        })?;
        Ok(Table {
            title: "round trips of a start that finds nothing to do".to_owned(),
            rows: vec![
                Row::count("connecting and closing the connection", connect),
                Row::count("ensure, beyond that", ensure - connect).at_most(TURNS),
                Row::count("upgrade, beyond that", upgrade - connect).at_most(TURNS),
            ],
        })
    }

    fn starts(&self) -> Result<Table> {
        // Another version table, next to which there is no log.
        let without_log = self.migrations.clone().keep_log(false);
        let without_log = without_log.version_table(VersionTable {
            name: "without_log".to_owned(),
            schema: None,
        });
        let stamp = without_log.stamp(&self.pool, &["heads"], Purge::No);
        self.runtime.block_on(stamp)?;
        // The upgrade has left a dead version of the row for each revision, the stamp has not.
        self.execute("VACUUM")?;
        let on_pool = |migrations: &Migrations| {
            timed(|| Ok(self.runtime.block_on(migrations.ensure(&self.pool))?))
        };
        let connecting = |migrations: &Migrations| {
            timed(|| Ok(self.runtime.block_on(migrations.ensure(&self.options))?))
        };
        let [select, pool_off, pool_on, off, on] = interleaved(
            STARTS,
            [
                &mut || timed(|| self.execute("SELECT 1")),
                &mut || on_pool(&without_log),
                &mut || on_pool(&self.migrations),
                &mut || connecting(&without_log),
                &mut || connecting(&self.migrations),
            ],
        )?;
        Ok(Table {
            title: format!("a start that finds nothing to do, {REVISIONS} applied revisions"),
            rows: vec![
                Row::ratio("sqlx: `SELECT 1` on an open pool", &select, &select),
                Row::ratio("connect and ensure, without a log", &off, &select),
                Row::ratio("the same with a log, against that", &on, &off).at_most(start::GOAL),
                Row::ratio("ensure on an open pool, without a log", &pool_off, &select),
                Row::ratio("the same with a log, against that", &pool_on, &pool_off),
            ],
        })
    }

    fn processes(&self) -> Result<Table> {
        let name = format!("cargo-alembic{}", std::env::consts::EXE_SUFFIX);
        let binary = std::env::current_exe()?.with_file_name(name);
        let url = self.database.url();
        let [psql, upgrade, metadata] = interleaved(
            ROUNDS,
            [
                &mut || whole(Command::new(program("psql")).args([url, "-c", "select 1"])),
                &mut || {
                    let mut command = Command::new(&binary);
                    command.args(["alembic", "upgrade", "--url", url]);
                    whole(command.current_dir(&self.project.folder))
                },
                &mut || cargo_metadata(&self.project),
            ],
        )?;
        Ok(Table {
            title: "whole processes".to_owned(),
            rows: vec![
                Row::ratio("`psql -c 'select 1'`", &psql, &psql),
                Row::ratio(
                    "`cargo-alembic alembic upgrade`, nothing pending",
                    &upgrade,
                    &psql,
                ),
                Row::share(
                    "  of this: the process `cargo metadata --no-deps`",
                    metadata.median(),
                    upgrade.median(),
                ),
            ],
        })
    }
}
