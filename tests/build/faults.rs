//! Each fault fails the build with lines that say what is wrong, and its mending lets it pass.

use insta::assert_snapshot;

use crate::krate::Krate;
use crate::revision;

/// Files of a crate, by their paths in it; none where there must be no such file.
type Files<'f> = &'f [(&'f str, Option<&'f str>)];

/// The second of the two revisions of a sound crate.
const SECOND: &str = "migrations/b2.sql";
const THIRD: &str = "migrations/c3.sql";

/// A header and what follows it.
macro_rules! text {
    ($id:literal, $revises:literal, $rest:literal) => {
        Some(concat!(
            "-- Fault\n--\n-- Revision ID: ",
            $id,
            "\n-- Revises: ",
            $revises,
            "\n\n",
            $rest
        ))
    };
}

/// Where a build must fail: the name of the snapshot, lines of configuration, and files over those
/// of a sound crate with the revisions `a1` and `b2`.
const FAULTS: &[(&str, &str, Files)] = &[
    (
        "not_linear",
        "",
        &[
            (THIRD, text!("c3", "a1", "-- alembic: upgrade empty\n")),
            (
                "migrations/d4.sql",
                text!("d4", "b2, c3", "-- alembic: upgrade empty\n"),
            ),
        ],
    ),
    (
        "more_than_one_head",
        "",
        &[(THIRD, text!("c3", "a1", "-- alembic: upgrade empty\n"))],
    ),
    (
        "more_than_one_head_where_branches_are_allowed",
        "chain = \"merged\"",
        &[(THIRD, text!("c3", "a1", "-- alembic: upgrade empty\n"))],
    ),
    (
        "several_bases",
        "",
        &[
            (THIRD, text!("c3", "", "-- alembic: upgrade empty\n")),
            (
                "migrations/d4.sql",
                text!("d4", "b2, c3", "-- alembic: upgrade empty\n"),
            ),
        ],
    ),
    (
        "a_missing_parent",
        "",
        &[(SECOND, text!("b2", "a2", "-- alembic: upgrade empty\n"))],
    ),
    ("a_missing_lock_file", "lock = true", &[]),
    (
        "a_lock_file_that_differs",
        "lock = true",
        &[(
            "migrations/alembic.lock",
            Some("b2 revises a1 sqlite 0123456789abcdef\nc3 revises b2 new\n"),
        )],
    ),
    ("a_removed_revision", "", &[("migrations/a1.sql", None)]),
    (
        "a_missing_dependency",
        "",
        &[(
            SECOND,
            text!("b2", "a1\n-- Depends On: z9", "-- alembic: upgrade empty\n"),
        )],
    ),
    (
        "a_cycle",
        "",
        &[
            (SECOND, text!("b2", "c3", "-- alembic: upgrade empty\n")),
            (THIRD, text!("c3", "b2", "-- alembic: upgrade empty\n")),
        ],
    ),
    (
        "a_self_loop",
        "",
        &[(SECOND, text!("b2", "b2", "-- alembic: upgrade empty\n"))],
    ),
    (
        "a_duplicate_id",
        "",
        &[(THIRD, text!("b2", "a1", "-- alembic: upgrade empty\n"))],
    ),
    (
        "a_bad_header",
        "",
        &[(
            SECOND,
            text!(
                "b2",
                "a1\n-- Revises: a1\n-- Brnch Labels: x",
                "-- alembic: upgrade empty\n"
            ),
        )],
    ),
    (
        "a_missing_key",
        "",
        &[(
            SECOND,
            Some("-- Fault\n-- Revision ID: b2\n\n-- alembic: upgrade empty\n"),
        )],
    ),
    (
        "a_bad_section",
        "",
        &[(
            SECOND,
            text!(
                "b2",
                "a1",
                "-- alembic: upgrade sqlit\n-- alembic: downgrad\n"
            ),
        )],
    ),
    (
        "a_misspelt_heading",
        "",
        &[(
            SECOND,
            text!(
                "b2",
                "a1",
                "-- alembic: upgrade\n--alembic downgrade\nSELECT 1;\n"
            ),
        )],
    ),
    (
        "a_forbidden_id",
        "",
        &[(SECOND, text!("b@2", "a1", "-- alembic: upgrade empty\n"))],
    ),
    (
        "an_unterminated_string",
        "",
        &[(
            SECOND,
            text!("b2", "a1", "-- alembic: upgrade\nSELECT 1;\nSELECT 'it;\n"),
        )],
    ),
    (
        "a_commit_in_a_section",
        "",
        &[(
            SECOND,
            text!("b2", "a1", "-- alembic: upgrade\nSELECT 1;\nCOMMIT;\n"),
        )],
    ),
    (
        "sql_that_one_of_two_dialects_cannot_split",
        "dialects = [\"sqlite\", \"postgres\"]",
        &[(
            SECOND,
            text!("b2", "a1", "-- alembic: upgrade\nSELECT $$it;\n"),
        )],
    ),
    ("an_empty_file", "", &[(THIRD, Some(""))]),
    (
        "an_unknown_configuration_key",
        "version-tabel = \"versions\"",
        &[],
    ),
    (
        "an_unknown_key_that_hides_where_the_revisions_are",
        "migration = \"db\"",
        &[],
    ),
    (
        "an_invalid_configuration_value",
        "transaction = \"all\"\nfresh = 1",
        &[],
    ),
    (
        "a_missing_folder",
        "migrations = [\"migrations\", \"db/more\"]",
        &[],
    ),
    (
        "a_merge_conflict",
        "schema = \"schema.sql\"",
        &[
            (
                SECOND,
                text!(
                    "b2",
                    "a1",
                    "-- alembic: upgrade\n<<<<<<< HEAD\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> other\n"
                ),
            ),
            (
                "schema.sql",
                Some("<<<<<<< HEAD\r\nSELECT 1;\r\n=======\r\n>>>>>>> other\r\n"),
            ),
        ],
    ),
    (
        "no_revisions",
        "",
        &[("migrations/a1.sql", None), (SECOND, None)],
    ),
    (
        "revisions_in_python",
        "",
        &[
            ("migrations/a1.sql", None),
            (SECOND, None),
            ("migrations/env.py", Some("context.configure()\n")),
            (
                "migrations/versions/a1.py",
                Some("\"\"\"First\n\"\"\"\nrevision = 'a1'\ndown_revision = None\n"),
            ),
        ],
    ),
    ("a_missing_schema", "schema = \"schema.sql\"", &[]),
    (
        "a_bad_schema",
        "schema = \"schema.sql\"\ndialects = [\"sqlite\", \"postgres\"]",
        &[(
            "schema.sql",
            Some("BEGIN;\nCREATE TABLE t (id INTEGER DEFAULT 'x);\n"),
        )],
    ),
    (
        "an_unknown_baseline",
        "# the tables of version 1\nbaseline = \"a2\"",
        &[],
    ),
    (
        "everything_at_once",
        "timezon = \"UTC\"\nschema = \"schema.sql\"",
        &[
            (
                "migrations/a1.sql",
                text!("a1", "", "CREATE TABLE t (id);\n"),
            ),
            (
                SECOND,
                text!("b2", "z9", "-- alembic: upgrade\nROLLBACK;\n"),
            ),
            (THIRD, text!("b2", "b2", "-- alembic: upgrad\n")),
        ],
    ),
];

#[test]
fn faults_fail_the_build_until_they_are_mended() {
    let krate = Krate::new("shop");
    let sound = [
        ("migrations/a1.sql", revision("a1", "")),
        (SECOND, revision("b2", "a1")),
    ];
    for (path, text) in &sound {
        krate.write(&format!("shop/{path}"), text);
    }
    krate.build_soundly("before all faults");
    for (name, configuration, files) in FAULTS {
        krate.configure(configuration);
        for (path, text) in *files {
            let path = format!("shop/{path}");
            match text {
                Some(text) => krate.write(&path, text),
                None => krate.remove(&path),
            }
        }
        let broken = krate.build();
        assert!(!broken.success, "{name} passes");
        assert_snapshot!(*name, broken.errors);

        krate.configure("");
        for (path, text) in *files {
            let whole = sound.iter().find(|(sound, _)| sound == path);
            let path = format!("shop/{path}");
            match (whole, text) {
                (Some((_, text)), _) => krate.write(&path, text),
                (None, Some(_)) => krate.remove(&path),
                (None, None) => {}
            }
        }
        krate.build_soundly(&format!("{name}, mended"));
    }
}

#[test]
fn a_crate_may_say_that_it_has_no_revisions() {
    let krate = Krate::new("none_yet");
    krate.configure("migrations = []\n");
    krate.build_soundly("no revisions on purpose");
}

#[test]
fn branches_that_are_merged_pass_where_they_are_allowed() {
    let krate = Krate::new("merged");
    krate.configure("chain = \"merged\"\n");
    for (id, revises) in [("a1", ""), ("b2", "a1"), ("c3", "a1"), ("d4", "b2, c3")] {
        krate.write(&format!("shop/migrations/{id}.sql"), revision(id, revises));
    }
    let build = krate.build_soundly("merged");
    for id in ["a1", "b2", "c3", "d4"] {
        assert!(
            build.embedded.contains(&format!("{id}.sql")),
            "{}",
            build.embedded
        );
    }
}
