//! Crates in a folder of this test, and builds of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The folder of everything that this test builds; cargo keeps it for the next run.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/build");

/// The build script of every crate. It counts its runs in a file that cargo does not watch.
const BUILD_SCRIPT: &str = "//! Checks the migrations, and counts how often.

use std::io::Write;

fn main() {
    alembic_build::embed_migrations();
    let runs = std::fs::File::options().create(true).append(true).open(\"../runs\");
    runs.unwrap().write_all(b\".\").unwrap();
}
";

/// A workspace with a crate in the folder `shop`, whose build script embeds its migrations.
pub(crate) struct Krate {
    root: PathBuf,
    /// The crate's name. To cargo, crates of one name in one folder of their workspaces are the
    /// same.
    name: &'static str,
}

/// What a build came to.
pub(crate) struct Build {
    pub(crate) success: bool,
    /// The lines that cargo wrote to stderr, without those about its progress.
    pub(crate) errors: String,
    /// How often the build script ran.
    pub(crate) runs: u64,
    /// What the build script wrote for the compiler.
    pub(crate) embedded: String,
}

impl Krate {
    /// Makes a crate of this name, in place of what the last run of the tests has left.
    pub(crate) fn new(name: &'static str) -> Self {
        let root = Path::new(FOLDER).join("crates").join(name);
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        let krate = Self { root, name };
        krate.configure_workspace("");
        krate.configure("");
        krate.write("shop/build.rs", BUILD_SCRIPT);
        krate.write("shop/src/lib.rs", "");
        fs::create_dir(krate.path("shop/migrations")).unwrap();
        krate
    }

    /// Writes the crate's manifest, with these lines under `[package.metadata.alembic]`.
    pub(crate) fn configure(&self, lines: &str) {
        let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("../build-support");
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [build-dependencies]\nalembic-build = {{ version = \"0.1\", path = {support:?} }}\n\n\
             [package.metadata.alembic]\nurl = \"sqlite://shop.db\"\n{lines}",
            self.name
        );
        self.write("shop/Cargo.toml", manifest);
    }

    /// Writes the workspace's manifest, with these lines at its end.
    pub(crate) fn configure_workspace(&self, lines: &str) {
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\"shop\"]\n\n{lines}");
        self.write("Cargo.toml", manifest);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// Builds the crate.
    pub(crate) fn build(&self) -> Build {
        // Otherwise cargo would tell of waiting for itself.
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.runs();
        let output = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--color", "never"])
            .args([
                "--message-format",
                "json-render-diagnostics",
                "--target-dir",
            ])
            .arg(Path::new(FOLDER).join("target"))
            .current_dir(&self.root)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let errors = stderr.lines().filter(|line| !is_progress(line));
        let errors: Vec<String> = errors.map(|line| self.redacted(line)).collect();
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut messages = messages.lines().filter_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            Some(PathBuf::from(message["out_dir"].as_str()?))
        });
        let embedded = messages.next().map(|folder| {
            let path = folder.join("alembic_migrations.rs");
            fs::read_to_string(path).unwrap_or_default()
        });
        Build {
            success: output.status.success(),
            errors: errors.join("\n"),
            runs: self.runs() - before,
            embedded: embedded.unwrap_or_default(),
        }
    }

    /// Builds the crate, which must be possible.
    #[track_caller]
    pub(crate) fn build_soundly(&self, context: &str) -> Build {
        let build = self.build();
        assert!(build.success, "{context}:\n{}", build.errors);
        assert_eq!(build.errors, "", "{context}");
        build
    }

    /// Returns how often the build script has run so far.
    fn runs(&self) -> u64 {
        fs::metadata(self.path("runs")).map_or(0, |runs| runs.len())
    }

    fn redacted(&self, line: &str) -> String {
        let line = line.replace(&self.root.display().to_string(), "[ROOT]");
        if cfg!(windows) {
            line.replace('\\', "/")
        } else {
            line
        }
    }
}

/// Tells whether a line is one of cargo's status lines, such as `   Compiling shop v0.1.0`.
fn is_progress(line: &str) -> bool {
    let verb = line.trim_start();
    let indented = line.len() - verb.len();
    let word = verb.split(' ').next().unwrap_or_default();
    verb.starts_with(char::is_uppercase) && indented + word.len() == 12
}
