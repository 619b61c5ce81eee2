//! `[package.metadata.alembic]`, and the databases that it names.

use super::{Row, row};

pub(super) fn configuration() -> Vec<Row> {
    vec![
        row(
            "a target schema that does not exist",
            "ensure",
            4,
            "error[unreadable-schema] | nowhere.sql",
        )
        .configure("schema = \"nowhere.sql\""),
        row(
            "an unknown key",
            "upgrade",
            4,
            "error[unknown-configuration-key] | `migration` | Cargo.toml:7:1 | did you mean \
             `migrations`?",
        )
        .configure("migration = \"migrations\""),
        row(
            "several unknown keys",
            "current",
            4,
            "`foo` | Cargo.toml:7:1 | `tiemzone` | Cargo.toml:8:1 | `timezone`?",
        )
        .configure("foo = 1\ntiemzone = \"UTC\""),
        row(
            "a URL under a misspelt key",
            "upgrade",
            4,
            "error[unknown-configuration-key] | Cargo.toml:7:1 | `url-env`?",
        )
        .configure("url-evn = \"postgres://user:secret@host/db\""),
        row(
            "a URL in a list",
            "upgrade",
            4,
            "error[invalid-configuration-value] | `url` | Cargo.toml:7:1",
        )
        .with(|project| {
            let list = "[\"postgres://user:secret@host/db\"]";
            project.replace("Cargo.toml", "\"sqlite://shop.db\"", list);
        }),
        row(
            "a number for a text",
            "upgrade",
            4,
            "error[invalid-configuration-value] | `timezone` | Cargo.toml:7:1",
        )
        .configure("timezone = 1"),
        row(
            "a text for a number",
            "upgrade",
            4,
            "error[invalid-configuration-value] | `truncate-slug-length`",
        )
        .configure("truncate-slug-length = \"40\""),
        row(
            "a list of numbers",
            "upgrade",
            4,
            "error[invalid-configuration-value] | `migrations`",
        )
        .configure("migrations = [1]"),
        row(
            "an unknown dialect",
            "upgrade",
            4,
            "error[invalid-configuration-value] | `dialects` | mysql",
        )
        .configure("dialects = [\"mysql\"]"),
        row(
            "a feature that the crate does not have",
            "check",
            4,
            "error[invalid-configuration-value]: invalid value of `model-features`: `reports` is not a feature of shop | declare it under [features]",
        )
        .configure("models = true\nmodel-features = [\"reports\"]"),
        row(
            "an unknown mode of transactions",
            "upgrade",
            4,
            "error[invalid-configuration-value] | `transaction` | statement",
        )
        .configure("transaction = \"statement\""),
        row(
            "hooks that are no commands",
            "revision -m x",
            4,
            "error[invalid-configuration-value] | `post-write-hooks` | sqlfluff",
        )
        .configure("post-write-hooks = [\"sqlfluff fix\"]"),
        row(
            "no table",
            "upgrade",
            4,
            "`package.metadata.alembic` is not a table | Cargo.toml",
        )
        .with(|project| {
            let table = "[package.metadata.alembic]\nurl = \"sqlite://shop.db\"\n";
            project.replace(
                "Cargo.toml",
                table,
                "[package.metadata]\nalembic = \"yes\"\n",
            );
        }),
        row(
            "a key of the workspace",
            "upgrade",
            4,
            "error[unknown-configuration-key] | `timezon` | Cargo.toml:11:1 | `timezone`?",
        )
        .with(|project| {
            let manifest = project.read("Cargo.toml");
            let workspace = "[workspace.metadata.alembic]\ntimezon = \"UTC\"\n";
            project.write("Cargo.toml", manifest + workspace);
        }),
        row(
            "a key that a workspace cannot set",
            "upgrade",
            4,
            "error[workspace-configuration]: `version-table` cannot be set for a whole workspace | Cargo.toml:11:1 | move `version-table` to [package.metadata.alembic] of each crate",
        )
        .with(|project| {
            let manifest = project.read("Cargo.toml");
            let workspace = "[workspace.metadata.alembic]\nversion-table = \"versions\"\n";
            project.write("Cargo.toml", manifest + workspace);
        }),
        row(
            "a version table with its schema",
            "upgrade",
            4,
            "error[invalid-configuration-value]: invalid value of `version-table`: `tenant.alembic_version` has a dot, and SQLite has no schemas; write `version-table = \"alembic_version\"`",
        )
        .configure("version-table = \"tenant.alembic_version\""),
        row(
            "a version table with a schema in its name, for PostgreSQL",
            "upgrade",
            4,
            "error[invalid-configuration-value]: invalid value of `version-table`: `tenant.alembic_version` has a dot; write `version-table = \"alembic_version\"` and `version-table-schema = \"tenant\"`",
        )
        .configure("version-table = \"tenant.alembic_version\"\ndialects = [\"sqlite\", \"postgres\"]"),
        row(
            "a version table whose name SQLite keeps for itself",
            "current",
            4,
            "error[invalid-configuration-value]: invalid value of `version-table`: `sqlite_x` begins with `sqlite_` | correct the value of `version-table`",
        )
        .configure("version-table = \"sqlite_x\""),
        row(
            "a schema with a dot",
            "ensure",
            4,
            "error[invalid-configuration-value]: invalid value of `version-table-schema`: `a.b` has a dot",
        )
        .configure("version-table-schema = \"a.b\""),
        row(
            "a manifest that is not TOML",
            "upgrade",
            4,
            "cannot read the workspace | Cargo.toml:1 | help: fix what Cargo reports, and run \
             the command again",
        )
        .with(|project| {
            project.write("Cargo.toml", "[package\n");
        }),
        row(
            "a wrong file template",
            "revision -m x",
            4,
            "{revision} | the known tokens are rev, slug",
        )
        .configure("file-template = \"{revision}_{slug}\""),
        row(
            "a file template that leads away",
            "revision -m x --rev-id cc03",
            4,
            "../cc03",
        )
        .configure("file-template = \"../{rev}\""),
        row(
            "a template of Alembic",
            "revision -m x",
            4,
            "invalid `file-template` | written for Python's Alembic; here it is \"{year}_{month}_{rev}_{slug}\"",
        )
        .configure("file-template = \"%%(year)d_%%(month).2d_%%(rev)s_%%(slug)s\""),
        row(
            "an unknown time zone",
            "revision -m x",
            4,
            "Europe/Pari | \"UTC\"",
        )
        .configure("timezone = \"Europe/Pari\""),
    ]
}

pub(super) fn urls() -> Vec<Row> {
    fn of(what: &'static str, url: &'static str, stderr: &'static str) -> Row {
        row(what, "upgrade", 4, stderr).url(url)
    }
    let lines = [
        "upgrade",
        "downgrade base",
        "current",
        "stamp head",
        "history -i",
        "show current",
        "edit current",
        "ensure-version",
    ];
    let mut rows = vec![
        of(
            "an unknown kind",
            "mysql://user:secret@host/db",
            "error[invalid-url] | `mysql://user:***@host/db` | no driver for `mysql:`",
        ),
        of(
            "no kind",
            "shop.db",
            "error[invalid-url] | begins with `sqlite:` | did you mean `sqlite://shop.db`?",
        ),
        of("no path", "sqlite://", "error[invalid-url] | names no file"),
        of(
            "an unknown parameter",
            "sqlite://shop.db?mod=ro",
            "error[invalid-url] | `mod=ro`",
        ),
        of(
            "a password with everything in it",
            "postgres://user:se/cr@secret:x@host/db",
            "error[invalid-url] | `postgres://...` | `@`, `:`, `/` | `%40`, `%3A`, `%2F`",
        ),
        of(
            "a password that ends the URL",
            "postgres://user:se@c#r/et@host/db",
            "error[invalid-url]: invalid database URL `postgres://...`: what follows a `#` | `%23`",
        ),
        of(
            "a port that is no number",
            "postgres://user:secret@host:port/db",
            "error[invalid-url]: invalid database URL `postgres://...`: invalid port number",
        ),
        of(
            "no `//`",
            "postgres:user:secret@host/db",
            "error[invalid-url] | begins with `postgres://`",
        ),
        of(
            "no kind, but a password",
            "user:secret@host/db",
            "error[invalid-url]: invalid database URL `...`: no driver for `user:`",
        ),
        of(
            "another way to write it",
            "host=host user=user password=secret",
            "error[invalid-url]: invalid database URL `...` | begins with `sqlite:`",
        ),
        of(
            "a misspelt parameter",
            "postgres://user:secret@host/db?sslmod=require",
            "error[invalid-url] | `postgres://user:***@host/db?sslmod=***` | unknown parameter \
             `sslmod` | `sslmode`?",
        ),
        of(
            "a parameter of another tool",
            "postgresql://user:secret@host/db?schema=audit",
            "error[invalid-url] | unknown parameter `schema`",
        ),
        of(
            "a password in a parameter",
            "postgres://host/db?user=u&password=secret&sslmode=perhaps",
            "error[invalid-url] | password=***&sslmode=perhaps | unknown value \"perhaps\"",
        ),
        of(
            "a password in a parameter that is not encoded",
            "postgres://host/db?user=u&password=Zq7W&secret=1",
            "error[invalid-url]: invalid database URL `postgres://host/db?user=u&password=***`: a `&` in the password is not encoded | `%26`",
        ),
        of(
            "SQLAlchemy's slashes",
            "sqlite:///./shop.db",
            "error[invalid-url] | SQLAlchemy's form; write `sqlite://shop.db`",
        ),
        of(
            "SQLAlchemy's driver",
            "sqlite+aiosqlite:///shop.db",
            "error[invalid-url] | SQLAlchemy's form; write `sqlite://shop.db`",
        ),
        of(
            "SQLAlchemy's driver for a server",
            "postgresql+psycopg://user:secret@host/db",
            "error[invalid-url]: invalid database URL `postgresql+psycopg://user:***@host/db`: this is SQLAlchemy's form; write `postgresql://user:***@host/db`",
        ),
        of(
            "a home folder",
            "sqlite://~/shop.db",
            "error[invalid-url] | `~`",
        ),
        row(
            "a URL for several crates' sake",
            "upgrade --url mysql://user:secret@host/db",
            4,
            "error[invalid-url] | it comes from `--url` | `mysql://user:***@host/db`",
        ),
    ];
    for line in lines {
        let stderr = "error[invalid-url]: invalid database URL \
                      `postgres://user:***@host/db?ssl=***` | `url` in its configuration, for \
                      crate `shop`";
        let url = "postgres://user:secret@host/db?ssl=yes";
        rows.push(row("an unknown parameter", line, 4, stderr).url(url));
    }
    rows.push(
        row(
            "no URL at all",
            "upgrade",
            4,
            "no database is configured for crate `shop` | url = \"sqlite://shop.db\" | DATABASE_URL",
        )
        .with(|project| {
            project.replace("Cargo.toml", "url = \"sqlite://shop.db\"", "");
        }),
    );
    rows.push(
        row(
            "no URL at all, for a server",
            "upgrade",
            4,
            "no database is configured for crate `shop` | \
             `DATABASE_URL=postgres://<user>:<password>@<host>/shop`",
        )
        .with(|project| {
            let dialects = "dialects = [\"postgres\"]";
            project.replace("Cargo.toml", "url = \"sqlite://shop.db\"", dialects);
        }),
    );
    rows
}
