//! Git repositories of projects, as people share them.

use std::process::{Command, Output};

use tempfile::TempDir;

use crate::Project;

/// A repository that several people have cloned.
#[derive(Debug)]
pub struct Origin(TempDir);

impl Origin {
    /// Makes a bare repository, and pushes a project into it as its first commit.
    ///
    /// # Panics
    ///
    /// When git fails, as all that concerns repositories here.
    #[must_use]
    pub fn of(project: &Project) -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let origin = Self(folder);
        let url = origin.url();
        project.git(&format!("init -q --bare -b main {url}"));
        project.write(".gitignore", "*.db\n*.db-*\nCargo.lock\ntarget\n");
        project.git("init -q -b main");
        project.git(&format!("remote add origin {url}"));
        project.commit("First");
        project.git("push -q -u origin main");
        origin
    }

    /// Makes the folder of a project a clone, with the files of the repository in place of its own.
    pub fn clone_into(&self, project: &Project) {
        project.git("init -q -b main");
        project.git(&format!("remote add origin {}", self.url()));
        project.git("fetch -q origin");
        project.git("reset -q --hard origin/main");
        project.git("branch -q --set-upstream-to origin/main");
    }

    fn url(&self) -> String {
        self.0.path().join("origin.git").display().to_string()
    }
}

impl Project {
    /// Runs git with the arguments in `line`.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[track_caller]
    pub fn git(&self, line: &str) -> String {
        let output = self.try_git(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {line}: {stderr}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git with the arguments in `line`, which may fail.
    ///
    /// # Panics
    ///
    /// When there is no git.
    #[track_caller]
    pub fn try_git(&self, line: &str) -> Output {
        let mut command = Command::new("git");
        self.here().prepare(&mut command);
        let nothing = if cfg!(windows) { "NUL" } else { "/dev/null" };
        for name in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
            command.env(name, nothing);
        }
        let command = command
            .env("GIT_EDITOR", "true")
            .args(["-c", "user.name=A", "-c", "user.email=a@b.c"])
            .args(crate::words::words(line));
        command.output().expect("git runs")
    }

    /// Commits everything.
    #[track_caller]
    pub fn commit(&self, message: &str) {
        self.git("add -A");
        self.git(&format!("commit -q -m '{message}'"));
    }
}
