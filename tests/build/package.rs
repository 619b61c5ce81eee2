//! A crate is the same however it is obtained.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::krate::Krate;
use crate::revision;

/// Keys that decide what a database is, as one crate has them.
const KEYS: &str = "version-table = \"shop_version\"\ndialects = [\"sqlite\", \"postgres\"]\n\
                    transaction = \"revision\"\nbaseline = \"a1\"\n";

/// The same keys for a whole workspace, which must not have them.
const OTHER_KEYS: &str = "[workspace.metadata.alembic]\nversion-table = \"other_version\"\n\
                          dialects = \"postgres\"\ntransaction = \"run\"\nbaseline = \"b2\"\n";

fn package(krate: &Krate) {
    let status = Command::new(env!("CARGO"))
        .args(["package", "--quiet", "--offline", "--allow-dirty"])
        .args(["--no-verify", "--exclude-lockfile", "--target-dir"])
        .arg(krate.path("packaged"))
        .current_dir(krate.path("shop"))
        .status();
    assert!(status.unwrap().success());
    let status = Command::new("tar")
        .args(["-xzf", "package/packaged-0.1.0.crate"])
        .current_dir(krate.path("packaged"))
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_packaged_crate_embeds_what_it_embedded_in_its_workspace() {
    let krate = Krate::new("packaged");
    let workspace = "[workspace.metadata.alembic]\ntimezone = \"UTC\"\nurl-env = \"SHOP_URL\"\n";
    krate.configure_workspace(workspace);
    krate.configure(KEYS);
    krate.write("shop/migrations/a1.sql", revision("a1", ""));
    krate.write("shop/migrations/b2.sql", revision("b2", "a1"));
    let own = krate.build_soundly("in its workspace").embedded;
    assert!(own.contains("\"shop_version\""), "{own}");

    package(&krate);
    // In a folder of another workspace, as a vendored crate is.
    let other = Krate::new("packaged_other");
    let unpacked = krate.path("packaged/packaged-0.1.0");
    copy(&unpacked, &other.path("shop"));
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("../build-support");
    let patch = format!("[patch.crates-io]\nalembic-build.path = {support:?}\n\n{OTHER_KEYS}");
    other.configure_workspace(&patch);
    let copied = other.build_soundly("in another workspace").embedded;
    assert_eq!(copied, own);
}

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_workspace_cannot_decide_what_the_database_of_a_crate_is() {
    let krate = Krate::new("workspace");
    krate.write("shop/migrations/a1.sql", revision("a1", ""));
    krate.configure_workspace(OTHER_KEYS);
    krate.configure(KEYS);
    let build = krate.build();
    assert!(!build.success);
    for (line, key) in [
        (6, "version-table"),
        (7, "dialects"),
        (8, "transaction"),
        (9, "baseline"),
    ] {
        let title =
            format!("[workspace-configuration] `{key}` cannot be set for a whole workspace");
        assert!(build.errors.contains(&title), "{}", build.errors);
        let place = format!("[ROOT]/Cargo.toml:{line}");
        assert!(build.errors.contains(&place), "{}", build.errors);
    }
    assert!(build.errors.contains("[package.metadata.alembic]"));
}
