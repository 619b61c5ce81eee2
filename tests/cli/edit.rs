//! `cargo alembic edit`
#![cfg(unix)]

use insta::assert_snapshot;

use crate::{branched, chain, workspace};

/// An editor that adds a line to the file, by way of a script with an argument.
const SCRIPT: &str = "#!/bin/sh\necho \"-- edited $1\" >> \"$2\"\n";

#[test]
fn opens_the_file() {
    let project = chain();
    project.write("edit.sh", SCRIPT);
    let place = project.here().env("EDITOR", "sh edit.sh twice");
    project.run("upgrade bb02").success();
    for (revision, path) in [
        ("aa01", "migrations/aa01.sql"),
        ("current", "migrations/bb02.sql"),
        ("head", "migrations/cc03.sql"),
    ] {
        place.run(&format!("edit {revision}")).success();
        assert!(
            project.read(path).ends_with("-- edited twice\n"),
            "{revision}"
        );
    }
    place.run("edit -1").success();
    assert!(
        project
            .read("migrations/bb02.sql")
            .ends_with("-- edited twice\n-- edited twice\n")
    );
    let visual = place.env("VISUAL", "true");
    let before = project.tree();
    visual.run("edit aa01").success();
    assert_eq!(before.changes(&project.tree()), Vec::<String>::new());
}

#[test]
fn what_cannot_be_edited() {
    let project = branched();
    let here = project.here();
    let shown = here.clone().env("EDITOR", "true").transcript(&[
        "edit base",
        "edit heads",
        "edit head",
        "edit zz99",
        "edit current",
    ]);
    let fails = here
        .clone()
        .env("EDITOR", "false")
        .transcript(&["edit aa01"]);
    let missing = here
        .env("EDITOR", "no-such-editor -w")
        .transcript(&["edit aa01"]);
    assert_snapshot!(format!(
        "{shown}\n# EDITOR=false\n{fails}\n# no such editor\n{missing}"
    ));
}

#[test]
fn a_workspace() {
    let project = workspace();
    let place = project.here().env("EDITOR", "true");
    assert_snapshot!(place.transcript(&["edit cc03", "edit head", "edit head -p app"]));
}
