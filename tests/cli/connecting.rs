//! The ways to a PostgreSQL server: URLs, and what the environment adds to them.

use std::fs;
use std::path::Path;

use alembic_history::Dialect;
use alembic_tests::postgres::Server;
use alembic_tests::{Database, PgBouncer, Project, revision};
use postgres::Config;
use postgres::config::Host;

use crate::bad_input::check_outcome;
use crate::chain;

/// What a URL says.
struct Parts {
    host: String,
    port: u16,
    user: String,
    password: String,
    name: String,
}

impl Parts {
    fn of(url: &str) -> Self {
        let config: Config = url.parse().unwrap();
        let host = match &config.get_hosts()[0] {
            Host::Tcp(host) => host.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        };
        let password = config.get_password().unwrap_or_default();
        Self {
            host,
            port: config.get_ports().first().copied().unwrap_or(5432),
            user: config.get_user().unwrap_or_default().to_owned(),
            password: String::from_utf8(password.to_vec()).unwrap(),
            name: config.get_dbname().unwrap_or_default().to_owned(),
        }
    }
}

/// Writes a file of passwords that only its owner can read.
fn write_passwords(path: &Path, parts: &Parts) {
    let Parts {
        host,
        port,
        user,
        password,
        name,
    } = parts;
    let lines = format!("elsewhere:*:*:*:wrong\n{host}:{port}:{name}:{user}:{password}\n");
    fs::write(path, lines).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Checks that `current` finds the database through a URL and environment variables.
#[track_caller]
fn check(project: &Project, what: &str, url: &str, variables: &[(&str, &str)]) {
    let mut place = project.here().env("DATABASE_URL", url);
    for (name, value) in variables {
        place = place.env(name, *value);
    }
    let outcome = place.run("current");
    assert_eq!(outcome.stdout, "aa01\n", "{what}\n{outcome}");
    assert_eq!(outcome.stderr, "", "{what}");
}

#[test]
fn ways_to_a_server() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade aa01").success();
    let database = project.database("shop.db");
    let parts = Parts::of(&database.url());
    let Parts {
        host,
        port,
        user,
        password,
        name,
    } = &parts;
    let without = format!("postgres://{user}@{host}:{port}/{name}");
    let home = project.path("home");
    fs::create_dir(&home).unwrap();
    let passwords = home.join(".pgpass");
    write_passwords(&passwords, &parts);
    let (home, passwords) = (home.to_str().unwrap(), passwords.to_str().unwrap());
    let number = port.to_string();
    let full = format!("postgresql://{user}:{password}@{host}:{port}/{name}");
    let parameters = format!(
        "postgres://?host={host}&port={port}&user={user}&password={password}&dbname={name}"
    );
    for (what, url, variables) in [
        ("the other scheme", full.clone(), vec![]),
        ("parameters alone", parameters, vec![]),
        (
            "PGPASSWORD",
            without.clone(),
            vec![("PGPASSWORD", password.as_str())],
        ),
        (
            "PGPASSFILE",
            without.clone(),
            vec![("PGPASSFILE", passwords)],
        ),
        ("~/.pgpass", without.clone(), vec![("HOME", home)]),
        (
            "a password in the URL, before the others",
            full.clone(),
            vec![("PGPASSWORD", "wrong"), ("PGPASSFILE", passwords)],
        ),
        (
            "the environment alone",
            "postgres://".to_owned(),
            vec![
                ("PGHOST", host),
                ("PGPORT", &number),
                ("PGUSER", user),
                ("PGPASSWORD", password),
                ("PGDATABASE", name),
            ],
        ),
        (
            "no encryption",
            format!("{full}?sslmode=disable"),
            vec![("PGSSLMODE", "require")],
        ),
        (
            "encryption where it is possible",
            format!("{full}?sslmode=prefer"),
            vec![],
        ),
        (
            "a parameter that other programs want",
            format!("{full}?channel_binding=prefer&connect_timeout=5"),
            vec![],
        ),
        (
            "an empty variable",
            format!("{full}?options="),
            vec![("PGOPTIONS", "")],
        ),
    ] {
        check(&project, what, &url, &variables);
    }
    // As it is configured, without a password.
    project.configure("url-env = \"SHOP_URL\"");
    project.replace("Cargo.toml", "sqlite://shop.db", &without);
    check(
        &project,
        "a URL in Cargo.toml",
        "sqlite://elsewhere.db",
        &[("PGPASSWORD", password)],
    );
}

#[test]
fn a_password_with_every_character() {
    let project = chain().on(Dialect::Postgres);
    project.run("upgrade aa01").success();
    let database = project.database("shop.db");
    let parts = Parts::of(&database.url());
    let role = format!("{}_odd", parts.name);
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'p@s%s:w/o?r#d &ü'; \
         GRANT SELECT ON alembic_version TO {role}"
    ));
    let encoded = "p%40s%25s%3Aw%2Fo%3Fr%23d%20%26%C3%BC";
    let Parts {
        host, port, name, ..
    } = &parts;
    let url = format!("postgres://{role}:{encoded}@{host}:{port}/{name}");
    check(&project, "every character", &url, &[]);
    let shown = project.here().env("DATABASE_URL", &url).run("current -v");
    assert!(shown.stdout.contains(&format!("{role}:***@")), "{shown}");
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// A socket asks for no password.
#[cfg(unix)]
#[test]
fn sockets() {
    let own;
    let server = match Server::shared() {
        server if server.socket().is_some() => server,
        _ => {
            own = Server::start();
            &own
        }
    };
    let database = server.database();
    let project = chain();
    let Parts {
        port, user, name, ..
    } = Parts::of(database.url());
    let folder = server.socket().unwrap().display().to_string();
    let encoded = folder.replace('/', "%2F");
    let first = project.here().env("DATABASE_URL", database.url());
    first.run("upgrade aa01").success();
    for url in [
        format!("postgres:///{name}?host={folder}&port={port}&user={user}"),
        format!("postgres://{user}@{encoded}:{port}/{name}"),
        format!("postgres://{user}@localhost:{port}/{name}?host={folder}"),
    ] {
        check(&project, &url, &url, &[]);
    }
}

/// A pooler as it is installed lets the command through, and what it refuses is no lost connection.
#[cfg(unix)]
#[test]
fn poolers() {
    let server = Server::shared();
    let bouncer = PgBouncer::start(server);
    let database = server.database();
    let project = chain();
    let url = bouncer.url(&database);
    let run = |url: &str, line| project.here().env("DATABASE_URL", url).run(line);
    for line in ["upgrade", "downgrade base", "upgrade aa01"] {
        run(&url, line).success();
    }
    check(&project, "a pooler", &url, &[]);
    let (credentials, place) = url.rsplit_once('@').unwrap();
    for (what, url, stderr) in [
        (
            "a wrong password",
            format!("{credentials}-wrong@{place}"),
            "error[database-unreachable]: cannot connect: | as it was before | a pooler in front",
        ),
        (
            "a database that does not exist",
            format!("{url}_not"),
            "error[database-unreachable]: cannot connect: | does not exist | a pooler in front",
        ),
        (
            "a parameter that it does not know",
            format!("{url}?options=-csearch_path%3Dx"),
            "error[database-unreachable]: cannot connect: unsupported startup parameter: options",
        ),
        (
            "encryption that it does not have",
            format!("{url}?sslmode=require"),
            "error[database-unreachable]: cannot connect | does not support TLS",
        ),
    ] {
        check_outcome(&run(&url, "upgrade"), what, "upgrade", 7, stderr);
    }
}

/// What a server refuses because of who connects.
#[test]
fn roles_that_are_refused() {
    let project = chain().on(Dialect::Postgres);
    let database = project.database("shop.db");
    let Parts {
        host, port, name, ..
    } = Parts::of(&database.url());
    for (role, options, stderr) in [
        (
            "full",
            "LOGIN CONNECTION LIMIT 0",
            "error[too-many-connections]: cannot connect: too many connections for role | as it \
             was before | CONNECTION LIMIT",
        ),
        (
            "group",
            "NOLOGIN",
            "error[database-unreachable]: cannot connect: role | not permitted to log in | pg_hba.conf",
        ),
    ] {
        let role = format!("{name}_{role}");
        database.execute(&format!("CREATE ROLE {role} {options} PASSWORD 'hidden'"));
        let url = format!("postgres://{role}:hidden@{host}:{port}/{name}");
        let outcome = project.here().env("DATABASE_URL", url).run("upgrade");
        database.execute(&format!("DROP ROLE {role}"));
        check_outcome(&outcome, options, "upgrade", 7, stderr);
    }
}

/// Who connects with a URL that names no user is said, and is who `psql` would connect as.
#[cfg(unix)]
#[test]
fn users_that_a_url_does_not_name() {
    let output = std::process::Command::new("id").arg("-un").output();
    let system = String::from_utf8(output.unwrap().stdout).unwrap();
    let from_system = format!("so it is `{}`, from the operating system", system.trim());
    let project = chain();
    for (what, url, variable, said) in [
        (
            "no one",
            "postgres://127.0.0.1:1/d",
            "",
            from_system.as_str(),
        ),
        (
            "no host",
            "postgres:///d?host=127.0.0.1&port=1",
            "",
            &from_system,
        ),
        (
            "a variable",
            "postgres://127.0.0.1:1/d",
            "ada",
            "so it is `ada`, from PGUSER",
        ),
        ("the URL", "postgres://u@127.0.0.1:1/d", "ada", ""),
        ("a parameter", "postgres://127.0.0.1:1/d?user=u", "ada", ""),
    ] {
        let mut place = project.here().env("DATABASE_URL", url);
        if !variable.is_empty() {
            place = place.env("PGUSER", variable);
        }
        let outcome = place.run("upgrade");
        let stderr = "error[database-unreachable]: cannot connect";
        check_outcome(&outcome, what, "upgrade", 7, stderr);
        let found = outcome.stderr.split("the URL names no user, ").nth(1);
        let found = found.unwrap_or_default().lines().next().unwrap_or_default();
        assert_eq!(found, said, "{what}: {outcome}");
    }
}

/// The server lists both connections by the name of the program, unless the URL names them.
#[test]
fn names_of_connections() {
    for (parameter, name) in [
        ("", "cargo-alembic"),
        ("?application_name=deploy", "deploy"),
    ] {
        let project = Project::with_crate("shop").on(Dialect::Postgres);
        project.add(revision("aa01").upgrade(
            "CREATE TABLE who AS SELECT application_name, count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name <> 'alembic-tests' GROUP BY 1",
        ));
        let database = project.database("shop.db");
        let url = format!("{}{parameter}", database.url());
        let place = project.here().env("DATABASE_URL", url);
        place.run("upgrade").success();
        let who = database.query("SELECT * FROM who");
        assert_eq!(who, [format!("{name}|2")]);
    }
}

/// Everything is where the search path leads, whichever way it is set.
#[test]
fn search_paths() {
    for (parameter, variable) in [
        ("?options=-c%20search_path%3Dapp", ""),
        ("?options=-csearch_path=app,audit", ""),
        ("?options%5Bsearch_path%5D=app", ""),
        ("", "-csearch_path=app"),
    ] {
        let project = chain();
        let database = Database::new(Dialect::Postgres);
        database.execute("CREATE SCHEMA app; CREATE TABLE public.alembic_version (other INTEGER)");
        let place = project
            .here()
            .env("DATABASE_URL", format!("{}{parameter}", database.url()))
            .env("PGOPTIONS", variable);
        place.run("upgrade").success();
        place.run("downgrade -1").success();
        let tables = ["app.t_aa01", "app.t_bb02"];
        assert_eq!(database.tables(), tables, "{parameter} {variable}");
        let rows = database.query("SELECT version_num FROM app.alembic_version");
        assert_eq!(rows, ["bb02"], "{parameter} {variable}");
        let current = place.run("current").success();
        assert_eq!(current.stdout, "bb02\n", "{parameter} {variable}");
    }
}

/// Temporary databases lead their sessions to the schemas that those of the database are led to, wherever they
/// are created.
#[test]
fn search_paths_of_compared_databases() {
    let scratch = Database::new(Dialect::Postgres);
    for (parameter, is_of_database) in [("?options=-csearch_path=app", false), ("", true)] {
        let project = chain();
        let database = Database::new(Dialect::Postgres);
        database.execute("CREATE SCHEMA app");
        if is_of_database {
            let name = database.query("SELECT pg_catalog.current_database()");
            database.execute(&format!("ALTER DATABASE {} SET search_path = app", name[0]));
        }
        let url = format!("{}{parameter}", database.url());
        let place = project.here().env("DATABASE_URL", url);
        place.run("upgrade").success();
        for scratch in [String::new(), format!(" --scratch-url {}", scratch.url())] {
            for (line, expected) in [
                ("verify", "No drift detected"),
                ("diff history database", "No changes detected"),
            ] {
                let outcome = place.run(&format!("{line}{scratch}")).success();
                assert!(outcome.stderr.contains(expected), "{parameter}: {outcome}");
            }
        }
        assert_eq!(scratch.tables(), Vec::<String>::new());
    }
}
