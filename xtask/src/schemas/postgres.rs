//! Attempts on PostgreSQL.

mod dump;
mod rows;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::rc::Rc;

use alembic_migrate::Dialect;
use alembic_schema::{Change, DiffOptions, Rows, Schema, diff, queries, reflect};
use alembic_tests::postgres::program;
use postgres::error::SqlState;
use postgres::{Client, NoTls, SimpleQueryMessage};

use super::attempt::{Fault, Outcome};
use super::case::Pair;
use crate::Result;

/// The tables of the runs themselves.
const OWN: &str = "alembic_version";

/// What makes definitions the same on every connection.
const SETTINGS: &str = "SET search_path = pg_catalog, pg_temp; SET datestyle = ISO; \
    SET intervalstyle = postgres; SET timezone = 'UTC'; SET extra_float_digits = 1; SET jit = off";

/// Makes definitions the same as on every other connection.
pub(crate) fn prepare(client: &mut Client) -> Result<(), postgres::Error> {
    client.batch_execute(SETTINGS)
}

/// Returns what a server answers to the queries that a schema is read by.
pub(crate) fn answers(client: &mut Client) -> Result<Vec<Rows>, postgres::Error> {
    let queries = queries(Dialect::Postgres).iter();
    queries.map(|(_, sql)| query(client, sql)).collect()
}

fn query(client: &mut Client, sql: &str) -> Result<Rows, postgres::Error> {
    let messages = client.simple_query(sql)?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let cells = (0..row.len()).map(|at| row.get(at).map(str::to_owned));
            Some(cells.collect())
        }
        _ => None,
    });
    Ok(rows.collect())
}

/// Returns the major version of the server that is named, or of the one that would be started.
pub(super) fn version(url: Option<&str>) -> Result<u32> {
    let said = match url {
        Some(url) => {
            let rows = query(&mut connect(url, "postgres")?, "SHOW server_version")?;
            let cell = rows.into_iter().flatten().flatten().next();
            cell.unwrap_or_default()
        }
        None => {
            let output = Command::new(program("postgres"))
                .arg("--version")
                .output()?;
            // postgres (PostgreSQL) 18.4
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.rsplit_once(") ")
                .map_or(String::new(), |(_, version)| version.to_owned())
        }
    };
    let digits = said.split(|letter: char| !letter.is_ascii_digit()).next();
    let version = digits.and_then(|digits| digits.parse().ok());
    Ok(version.ok_or_else(|| format!("`{said}` is no version of PostgreSQL"))?)
}

/// A server that gets a database for each attempt.
pub(super) struct Server {
    url: String,
    /// The number of the thread whose databases are on it.
    worker: usize,
    /// What was made last of each side, which the way back asks for again.
    made: RefCell<VecDeque<(String, Rc<Made>)>>,
    number: Cell<usize>,
}

/// A schema, with a database that has it.
struct Made {
    database: Database,
    schema: Schema,
    dump: Vec<String>,
}

/// A database that is dropped in the end.
struct Database {
    url: String,
    name: String,
}

impl Server {
    /// Connects to a server, or starts one.
    pub(super) fn new(url: Option<&str>, worker: usize) -> Result<Self> {
        let started = || alembic_tests::postgres::Server::shared().url("");
        let url = url.map_or_else(started, ToOwned::to_owned);
        let server = Self {
            url: url.trim_end_matches('/').to_owned(),
            worker,
            made: RefCell::default(),
            number: Cell::new(0),
        };
        connect(&server.url, "postgres")?;
        Ok(server)
    }

    /// Changes one schema into the other, and back.
    pub(super) fn attempt(&self, pair: &Pair<'_>) -> Result<Outcome, Fault> {
        self.create_roles(pair)?;
        let from = self.make(pair.from, "the first schema")?;
        let to = self.make(pair.to, "the second schema")?;
        let (first, second) = (&from.schema, &to.schema);
        let up = compared(first, second)?;
        let down = compared(second, first)?;
        let text = format!("{}\n-- back:\n{}", written(&up), written(&down));
        if from.dump == to.dump && !up.is_empty() {
            return Err(Fault::new("changes where there is no difference", text));
        }
        let check = |database: &Database, is_up: bool, when: &str| {
            let expected = match is_up {
                true => &to,
                false => &from,
            };
            self.check(database, expected, when, &text)
        };
        let failed = |cause: &str, error: &dyn std::fmt::Display| {
            Fault::new(cause, format!("{error}\n{text}"))
        };
        let filled = match pair.rows.is_empty() {
            true => None,
            false => self.filled(&from, pair)?,
        };
        if let Some(filled) = filled {
            let kept = rows::kept(first, second, &up);
            let before = rows::digests(&filled, &kept)?;
            let both: Vec<Change> = up.iter().chain(&down).cloned().collect();
            let returning = rows::returning(first, second, &both);
            let there = rows::digests(&filled, &returning)?;
            let numbered = rows::numbered(&filled)?;
            let refused = match filled.apply(&up) {
                Err(refused) => Some(refused),
                Ok(()) => {
                    check(&filled, true, "after the upgrade")?;
                    let after = rows::digests(&filled, &kept)?;
                    if let Some(lost) = rows::lost(&before, &after) {
                        return Err(Fault::new("rows are lost", format!("{lost}\n{text}")));
                    }
                    if let Some(column) = rows::restarted(&numbered, &rows::numbered(&filled)?) {
                        let cause = "numbers begin again";
                        return Err(Fault::new(cause, format!("{column}\n{text}")));
                    }
                    filled.apply(&down).err()
                }
            };
            match refused {
                None => {
                    check(&filled, false, "after the downgrade")?;
                    let back = rows::digests(&filled, &returning)?;
                    if let Some(lost) = rows::lost(&there, &back) {
                        let cause = "values are lost there and back";
                        return Err(Fault::new(cause, format!("{lost}\n{text}")));
                    }
                    return Ok(Outcome::Passed);
                }
                Some(refused) if !refused.is_about_rows => {
                    let cause = "refused with rows, but not because of them";
                    return Err(failed(cause, &refused.text));
                }
                Some(_) => {}
            }
        }
        // Without rows, it must go through, both ways.
        let empty = self.database(Some(&from.database))?;
        empty
            .apply(&up)
            .map_err(|error| failed("the upgrade fails", &error.text))?;
        check(&empty, true, "after the upgrade")?;
        empty
            .apply(&down)
            .map_err(|error| failed("the downgrade fails", &error.text))?;
        check(&empty, false, "after the downgrade")?;
        Ok(match pair.rows.is_empty() {
            true => Outcome::Passed,
            false => Outcome::Refused,
        })
    }

    /// Returns a database with rows, unless their triggers have changed the schema.
    fn filled(&self, made: &Made, pair: &Pair<'_>) -> Result<Option<Database>, Fault> {
        let filled = self.database(Some(&made.database))?;
        let errors = filled.fill(pair.rows)?;
        let mut codes = errors
            .lines()
            .filter_map(|line| line.split_once("ERROR:  "));
        if pair.has_all && !codes.all(|(_, code)| is_about_rows(code)) {
            return Err(Fault::new("rows cannot be inserted", errors));
        }
        let is_same = compared(&made.schema, &filled.schema()?)?.is_empty();
        Ok(is_same.then_some(filled))
    }

    /// Compares a database with a schema: by its dump, and by our own comparison.
    fn check(
        &self,
        database: &Database,
        expected: &Made,
        when: &str,
        text: &str,
    ) -> Result<(), Fault> {
        let found = database.dump()?;
        if found != expected.dump {
            // Some expressions look different once they have been written and read.
            let (expected, found) = (self.restored(&expected.database)?, self.restored(database)?);
            if expected != found {
                let differences = dump::difference(&expected, &found);
                return Err(Fault::new(
                    format!("another catalog {when}"),
                    format!("{differences}\n{text}"),
                ));
            }
        }
        match compared(&database.schema()?, &expected.schema)?.as_slice() {
            [] => Ok(()),
            left => Err(Fault::new(
                format!("differences are left {when}"),
                format!("{}\n{text}", written(left)),
            )),
        }
    }

    /// Returns the dump of a database that is made of a dump.
    fn restored(&self, database: &Database) -> Result<Vec<String>, Fault> {
        let text = dump::text(&database.url());
        let text = text.map_err(|error| Fault::new("no dump", error.to_string()))?;
        let restored = self.database(None)?;
        restored.run(&text, "what a dump says")?;
        restored.dump()
    }

    fn create_roles(&self, pair: &Pair<'_>) -> Result<(), Fault> {
        let fault = |error: postgres::Error| Fault::new("no roles", error.to_string());
        let mut client = connect(&self.url, "postgres").map_err(fault)?;
        // Scripts expect the superuser of most servers.
        let usual = ["postgres".to_owned()];
        for role in pair.roles.iter().chain(&usual) {
            let role = alembic_sql::quote(role);
            // It may exist by now.
            let _ = client.batch_execute(&format!("CREATE ROLE {role}"));
        }
        Ok(())
    }

    /// Returns the schema that a script makes.
    fn make(&self, sql: &str, what: &str) -> Result<Rc<Made>, Fault> {
        let mut all = self.made.borrow_mut();
        if let Some((_, made)) = all.iter().find(|(made, _)| made == sql) {
            return Ok(Rc::clone(made));
        }
        let database = self.database(None)?;
        database.run(sql, what)?;
        let made = Rc::new(Made {
            schema: database.schema()?,
            dump: database.dump()?,
            database,
        });
        all.push_front((sql.to_owned(), Rc::clone(&made)));
        all.truncate(2);
        Ok(made)
    }

    fn database(&self, template: Option<&Database>) -> Result<Database, Fault> {
        let number = self.number.get();
        self.number.set(number + 1);
        let name = format!("schemas_{}_{}_{number}", std::process::id(), self.worker);
        let template = template.map_or("template0", |template| &template.name);
        let create = || -> Result<(), postgres::Error> {
            let mut client = connect(&self.url, "postgres")?;
            client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
        };
        create().map_err(|error| Fault::new("no database", error.to_string()))?;
        let url = self.url.clone();
        Ok(Database { url, name })
    }
}

fn connect(url: &str, database: &str) -> Result<Client, postgres::Error> {
    let config: postgres::Config = format!("{url}/{database}").parse()?;
    config.connect(NoTls)
}

/// Returns whether the code of an error says that values are wrong, or that a trigger of the schema has raised it.
fn is_about_rows(code: &str) -> bool {
    let mut classes = ["22", "23", "P0"].iter();
    classes.any(|class| code.starts_with(class))
}

/// An error that the server answered changes with.
struct Refused {
    text: String,
    is_about_rows: bool,
}

impl Database {
    fn url(&self) -> String {
        format!("{}/{}", self.url, self.name)
    }

    fn client(&self) -> Result<Client, Fault> {
        let client = connect(&self.url, &self.name);
        client.map_err(|error| Fault::new("no connection", error.to_string()))
    }

    /// Runs a script as its author did.
    fn run(&self, sql: &str, what: &str) -> Result<(), Fault> {
        let stop = ["-v", "ON_ERROR_STOP=1"];
        self.run_with(&stop, sql, what).map(drop)
    }

    /// Inserts rows, except those that the schema refuses, and returns the errors, with their codes alone.
    fn fill(&self, rows: &str) -> Result<String, Fault> {
        self.run_with(&["-v", "VERBOSITY=sqlstate"], rows, "rows")
    }

    /// Runs a script, and returns the errors that did not end it.
    fn run_with(&self, options: &[&str], sql: &str, what: &str) -> Result<String, Fault> {
        let run = || -> std::io::Result<std::process::Output> {
            let mut psql = Command::new(program("psql"))
                .args(["-qX", &self.url()])
                .args(options)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()?;
            if let Some(mut input) = psql.stdin.take() {
                // A script that fails leaves the rest unread.
                let _ = input.write_all(sql.as_bytes());
            }
            psql.wait_with_output()
        };
        let fault = |details: String| Fault::new(format!("{what} cannot be made"), details);
        let output = run().map_err(|error| fault(error.to_string()))?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() {
            true => Ok(errors),
            false => Err(fault(errors)),
        }
    }

    /// Reads the schema, without the tables of runs.
    fn schema(&self) -> Result<Schema, Fault> {
        let fault = |error: &dyn std::fmt::Display| {
            Fault::new("the schema cannot be read", error.to_string())
        };
        let mut client = self.client()?;
        let answers = prepare(&mut client).and_then(|()| answers(&mut client));
        let answers = answers.map_err(|error| {
            let details = error.as_db_error().map(ToString::to_string);
            fault(&details.unwrap_or_else(|| error.to_string()))
        })?;
        let mut schema = reflect(Dialect::Postgres, &answers).map_err(|error| fault(&error))?;
        schema.objects.retain(|id, _| {
            let is_own = |name: &str| name.starts_with(OWN);
            !is_own(&id.name) && !id.parent.as_deref().is_some_and(is_own)
        });
        Ok(schema)
    }

    fn dump(&self) -> Result<Vec<String>, Fault> {
        dump::of(&self.url()).map_err(|error| Fault::new("no dump", error.to_string()))
    }

    /// Carries out changes: in one transaction, but for what stands alone.
    fn apply(&self, changes: &[Change]) -> Result<(), Refused> {
        let mut client = self.client().map_err(|fault| Refused {
            text: fault.details,
            is_about_rows: false,
        })?;
        let mut run = |sql: &str| {
            client.batch_execute(sql).map_err(|error| {
                let code = error.code().map_or("", SqlState::code);
                let is_about_rows = is_about_rows(code);
                let error = error.as_db_error().map_or_else(
                    || error.to_string(),
                    |error| format!("{} {}", error.message(), error.detail().unwrap_or_default()),
                );
                Refused {
                    text: format!("{error}\n in: {sql}"),
                    is_about_rows,
                }
            })
        };
        run("BEGIN")?;
        for statement in changes.iter().flat_map(|change| &change.statements) {
            if statement.stands_alone {
                run("COMMIT")?;
                run(&statement.sql)?;
                run("BEGIN")?;
            } else {
                run(&statement.sql)?;
            }
        }
        run("COMMIT")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = connect(&self.url, "postgres") {
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            // The next attempt drops it otherwise.
            let _ = client.batch_execute(&drop);
        }
    }
}

fn compared(from: &Schema, to: &Schema) -> Result<Vec<Change>, Fault> {
    diff(from, to, DiffOptions::default())
        .map_err(|error| Fault::new("the changes have no order", error.to_string()))
}

fn written(changes: &[Change]) -> String {
    let statements = changes.iter().flat_map(|change| &change.statements);
    let statements: Vec<String> = statements
        .map(|statement| format!("{};\n", statement.sql))
        .collect();
    statements.concat()
}
