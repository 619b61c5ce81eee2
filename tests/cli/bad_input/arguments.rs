//! What is written after `cargo alembic`.

use alembic_tests::{graph, revision};

use super::{CC03, Row, row};

pub(super) fn expressions() -> Vec<Row> {
    fn of(what: &'static str, line: &'static str, stderr: &'static str) -> Row {
        row(what, line, 6, stderr)
    }
    fn in_graph(
        what: &'static str,
        nodes: &'static str,
        line: &'static str,
        stderr: &'static str,
    ) -> Row {
        of(what, line, stderr).with(move |project| {
            project.add_to("migrations", graph(nodes));
        })
    }
    let aaaa = "aaaa1<-bb02; aaaa2<-aaaa1; aaab3<-aaaa2";
    let branches = "cc03<-bb02 [left]; dd04<-bb02 [right]";
    vec![
        of(
            "an unknown id",
            "upgrade zz99",
            "can't locate revision identified by 'zz99'",
        ),
        of(
            "an unknown id",
            "downgrade zz99",
            "'zz99' | cargo alembic history -p shop",
        ),
        of("an unknown id", "stamp zz99", "'zz99'"),
        of("an unknown id", "show zz99", "'zz99'"),
        of(
            "nearly an id",
            "upgrade bb03",
            "'bb03' | did you mean `bb02`?",
        ),
        in_graph(
            "an ambiguous prefix",
            aaaa,
            "upgrade aaaa",
            "'aaaa' | aaaa1 | aaaa2 | use more characters of the id",
        ),
        in_graph(
            "an ambiguous prefix",
            aaaa,
            "stamp aaa",
            "aaaa1 | aaaa2 | aaab3",
        ),
        in_graph(
            "several heads",
            branches,
            "upgrade head",
            "cc03, dd04 | cargo alembic merge",
        ),
        in_graph(
            "not on the branch",
            branches,
            "upgrade left@dd04",
            "dd04 | left",
        ),
        in_graph(
            "an ambiguous walk",
            branches,
            "upgrade +2",
            "ambiguous | cc03 | dd04",
        ),
        in_graph(
            "a branch that shares its root",
            "cc03; dd04<-cc03 [left]; ee05<-cc03",
            "downgrade left@base",
            "error[shared-root] | to revert everything, use `base`",
        )
        .sql("INSERT INTO alembic_version VALUES ('dd04'), ('ee05')"),
        of(
            "too far up",
            "upgrade +9",
            "'+9' leads past the end of the history, after 1 of 9",
        ),
        of(
            "too far down",
            "downgrade -9",
            "'-9' leads past the beginning of the history, after 1 of 9",
        ),
        of(
            "down with upgrade",
            "upgrade -1",
            "-1 | `downgrade` takes `-N`",
        ),
        of(
            "up with downgrade",
            "downgrade +1",
            "+1 | `upgrade` takes `+N`",
        ),
        of("nowhere", "upgrade +0", "+0"),
        of(
            "up with downgrade",
            "downgrade bb02",
            "bb02 is not a valid downgrade target",
        ),
        of(
            "a range",
            "upgrade aa01:bb02",
            "range 'aa01:bb02' is not allowed here | `--sql`",
        ),
        of(
            "an offset from an unknown place",
            "upgrade --sql +1",
            "'+1' is relative to the revision of a database | in crate `shop` | `ae10:head`",
        ),
        of(
            "one end of a range",
            "downgrade --sql base",
            "'base' needs a start and an end | `START:END`",
        ),
        of(
            "a range that leads up",
            "downgrade --sql aa01:bb02",
            "bb02 is not a valid downgrade target | END is below START",
        ),
        of(
            "a range that leads down",
            "upgrade --sql bb02:aa01",
            "bb02 is not an ancestor of aa01",
        ),
        of(
            "several starts",
            "stamp --sql aa01:bb02 base:bb02",
            "one start | the same `START:`",
        ),
        of("nothing", "upgrade ''", "empty"),
        of("nothing after the branch", "upgrade foo@", "'foo@'"),
        of("two branches", "upgrade a@b@c", "'a@b@c'"),
        of("not a number", "upgrade aa01+x", "+x"),
        of(
            "the rows, where they make no sense",
            "upgrade current",
            "current",
        ),
        of("no range", "history -r aa01", "'aa01' | START:END"),
        of("two colons", "history -r aa01:bb02:", "more than one ':'"),
        of(
            "the wrong way round",
            "history -r bb02:aa01",
            "bb02 is not an ancestor of aa01",
        ),
    ]
}

/// Words of Alembic's and of other tools', none of which may be guessed to mean another of ours.
pub(super) fn foreign_words() -> Vec<Row> {
    let word = |line, stderr| row("a word of another tool", line, 2, stderr);
    vec![
        word("validate", "tip: `cargo alembic check`"),
        word("info", "tip: `cargo alembic status` shows"),
        word("list_templates", "cargo alembic init"),
        word("up", "cargo alembic upgrade"),
        word("version", "tip: `cargo alembic status` shows"),
        word("hash", "cargo alembic lock"),
        word("redo", "cargo alembic downgrade -1 | cargo alembic test"),
        word("reset", "cargo alembic downgrade base"),
        word("setup", "cargo alembic ensure"),
        word("rollback", "cargo alembic downgrade -1"),
        word("new", "cargo alembic revision -m"),
        word("upgrade -c alembic.ini", "there is no alembic.ini"),
        word("--config=alembic.ini upgrade", "there is no alembic.ini"),
        word("upgrade -x tenant=a", "there is no env.py"),
        word("downgrade base --tag x", "there is no env.py"),
    ]
}

pub(super) fn arguments() -> Vec<Row> {
    vec![
        row(
            "no argument",
            "downgrade",
            2,
            "<REVISION> | Usage: cargo alembic downgrade",
        ),
        row("an unknown argument", "upgrade --slq", 2, "--slq"),
        row(
            "a kind of objects that does not exist",
            "dump --include-objects kind:nothing",
            2,
            "error[invalid-pattern] | kind:nothing",
        ),
        row(
            "what is for scripts alone",
            "upgrade --dialect sqlite",
            2,
            "--sql | --dialect",
        ),
        row(
            "an unknown dialect",
            "upgrade --sql --dialect mysql",
            2,
            "'mysql' | sqlite, postgres",
        ),
        row(
            "a script that reads the database",
            "stamp --sql --purge head",
            2,
            "'--purge' | '--sql'",
        ),
        row(
            "a choice that only a run can make, for a script",
            "upgrade --sql --interrupted skip",
            2,
            "'--interrupted <WHAT>' | '--sql'",
        ),
        row(
            "a script for who knows what",
            "upgrade --sql",
            2,
            "no dialect is known for the script of crate `shop` | `--dialect postgres`",
        )
        .with(|project| {
            project.replace("Cargo.toml", "url = \"sqlite://shop.db\"\n", "");
        }),
        row(
            "a script for what the revisions are not written for",
            "downgrade --sql head:base --dialect postgres",
            4,
            "error[unchecked-dialect] | \"postgres\" to `dialects`",
        )
        .configure("dialects = [\"sqlite\"]"),
        row(
            "a schema where there are none",
            "ensure-version --sql --dialect sqlite",
            4,
            "error[invalid-configuration-value]: SQLite has no schema `app`",
        )
        .configure("version-table-schema = \"app\""),
        row("an unknown command", "upgrad", 2, "upgrad | upgrade"),
        row(
            "an unknown crate",
            "upgrade -p shpo",
            2,
            "no package `shpo` | `shop`?",
        ),
        row(
            "an unknown format",
            "current --format yaml",
            2,
            "yaml | json",
        ),
        row(
            "no time",
            "upgrade --lock-timeout soon",
            2,
            "soon | not a number of seconds",
        ),
        row(
            "a negative time",
            "upgrade --lock-timeout=-1",
            2,
            "--lock-timeout",
        ),
        row(
            "no manifest",
            "upgrade --manifest-path x/Cargo.toml",
            4,
            "x/Cargo.toml",
        ),
        row(
            "one head",
            "merge",
            6,
            "nothing to merge: bb02 is a single revision | at least two",
        ),
        row("a head twice", "merge bb02 bb02", 2, "bb02 is named twice"),
        row("an unknown head", "merge bb02 zz99", 6, "'zz99'"),
        row(
            "a revision and its ancestor",
            "merge aa01 bb02 --splice",
            6,
            "bb02 already follows aa01",
        ),
        row(
            "a crate that is configured",
            "init",
            4,
            "crate `shop` is already configured",
        ),
        row(
            "a crate that is configured, and a folder",
            "init elsewhere",
            4,
            "crate `shop` is already configured",
        ),
    ]
}

pub(super) fn revisions() -> Vec<Row> {
    vec![
        row(
            "a dependency on the base",
            "revision --depends-on base",
            2,
            "`--depends-on base` names no revision",
        ),
        row(
            "an id twice",
            "revision --rev-id aa01",
            5,
            "error[duplicate-id]: the revision id aa01 is already taken | migrations/aa01.sql | nothing \
             was written",
        ),
        row(
            "a forbidden id",
            "revision --rev-id cc-03",
            2,
            "'cc-03': character '-' is not allowed | use letters, digits and `_`, as in `--rev-id cc_03`",
        ),
        row(
            "an id that is too long",
            "revision --rev-id c0123456789012345678901234567890123",
            2,
            "it has 35 characters, more than 32 | `--rev-id c0123456789012345678901234567890`",
        ),
        row(
            "an id that leads out of its folder",
            "revision --rev-id a/../b",
            2,
            "'a/../b': character '/' is not allowed | `--rev-id a_b`",
        ),
        row(
            "an id that cannot be in a file name",
            "revision --rev-id 'a|b'",
            2,
            "'a|b': character '|' is not allowed | `--rev-id a_b`",
        ),
        row(
            "an id that hides its file",
            "revision --rev-id .hidden",
            2,
            "'.hidden': no file can be named after it | `--rev-id hidden`",
        ),
        row(
            "an id that is a device of Windows",
            "revision --rev-id nul",
            2,
            "'nul': no file can be named after it | `--rev-id r_nul`",
        ),
        row(
            "a forbidden label",
            "revision --branch-label 'a b'",
            2,
            "invalid branch label 'a b' | `--branch-label a_b`",
        ),
        row(
            "an empty id",
            "revision --rev-id ''",
            2,
            "revision id '': a name cannot be empty | use letters",
        ),
        row("a word as id", "revision --rev-id head", 2, "'head'"),
        row(
            "a label twice",
            "revision --branch-label x --branch-label x --rev-id cc03",
            5,
            "x",
        ),
        row(
            "a used label",
            "revision --branch-label used --rev-id dd04",
            5,
            "error[duplicate-label] | 'used' | dd04_empty_message.sql:6:19 | \
             migrations/cc03.sql:3:17",
        )
        .with(|project| {
            project.add(revision("cc03").revises("bb02").labels("used"));
        }),
        row(
            "an id as label",
            "revision --branch-label aa01",
            5,
            "error[duplicate-label]",
        ),
        row(
            "a forbidden label",
            "revision --branch-label a@b",
            2,
            "branch label 'a@b'",
        ),
        row("an unknown head", "revision --head zz99", 6, "'zz99'"),
        row(
            "not a head",
            "revision --head aa01",
            6,
            "aa01 is not a head | --splice",
        ),
        row("heads", "revision --head current", 6, "current"),
        row(
            "an unknown dependency",
            "revision --depends-on zz99",
            6,
            "'zz99'",
        ),
        row(
            "a dependency on itself",
            "revision --depends-on cc03 --rev-id cc03",
            6,
            "'cc03'",
        ),
        row(
            "an unknown folder",
            "revision --version-path nowhere",
            2,
            "nowhere is not a migrations folder of the crate | migrations",
        ),
        row(
            "a message that is a key",
            "revision -m 'Revises: zz99'",
            2,
            "this message would be read as part of the header | do not start a line with",
        ),
        row(
            "a message that is a heading",
            "revision -m 'alembic: upgrade'",
            2,
            "header",
        ),
        row(
            "an existing file",
            "revision -m x --rev-id cc03",
            1,
            "20250128_1000_cc03_x.sql",
        )
        .file(
            "migrations/20250128_1000_cc03_x.sql",
            revision("dd04").revises("bb02").to_string(),
        ),
        row("a broken history", "revision -m x", 5, "error[empty-file]").file(CC03, ""),
        row("a broken history", "merge heads", 5, "error[empty-file]").file(CC03, ""),
        row("a broken history", "edit head", 5, "error[empty-file]").file(CC03, ""),
    ]
}
