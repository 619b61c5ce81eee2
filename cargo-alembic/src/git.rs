//! Asks git which revisions are one's own.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use alembic_history::{RevisionFile, RevisionId, is_revision_file};

use crate::output::{Cause, Diagnostic, Result};

/// The repository that a crate is in.
pub(crate) struct Git {
    folder: PathBuf,
}

/// The commit whose revisions are those of others.
#[derive(Debug)]
pub(crate) struct Base {
    /// Its hash.
    commit: String,
    /// What names it.
    pub(crate) name: String,
}

impl Git {
    pub(crate) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Finds the commit that holds the revisions of others.
    ///
    /// That is the one `asked` for; or what an unfinished rebase puts the own commits on; or the
    /// upstream of the current branch, unless that is its own copy; or the other side of an unfinished
    /// merge; or the main branch.
    pub(crate) fn base(&self, asked: Option<&str>) -> Result<Base> {
        if let Some(name) = asked {
            return self.commit(name)?.ok_or_else(|| {
                let title = format!("git knows no commit `{name}`");
                Diagnostic::new(Cause::Arguments, title)
                    .help("name a branch, a tag or a commit with `--base`")
                    .into()
            });
        }
        if let Some(commit) = self.rebased_onto()? {
            let name = "the base of the unfinished rebase".to_owned();
            return Ok(Base { commit, name });
        }
        let branch = self.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        let branch = branch.unwrap_or_default();
        let is_main = MAIN.contains(&branch.as_str());
        let upstream = [
            "rev-parse",
            "--abbrev-ref",
            "--symbolic-full-name",
            "@{upstream}",
        ];
        let upstream = self.ask(&upstream)?;
        // A branch that was pushed has its own revisions upstream, too.
        let upstream = upstream.filter(|upstream| is_main || !is_copy_of(upstream, &branch));
        let main = || {
            let remote = MAIN.iter().map(|name| format!("origin/{name}"));
            let local = MAIN.iter().map(|name| (*name).to_owned());
            let names = std::iter::once("origin/HEAD".to_owned())
                .chain(remote)
                .chain(local);
            names.filter(|name| *name != branch).collect::<Vec<_>>()
        };
        let merged = upstream.into_iter().chain(["MERGE_HEAD".to_owned()]);
        for name in merged.chain(main()) {
            if let Some(base) = self.commit(&name)? {
                return Ok(base);
            }
        }
        let title = "git knows no other branch, so it cannot tell which revisions are yours";
        Err(Diagnostic::new(Cause::Arguments, title)
            .help("name the branch of the others with `--base`, or your revisions")
            .into())
    }

    /// Returns the commit that an unfinished rebase puts others on.
    fn rebased_onto(&self) -> Result<Option<String>> {
        for state in ["rebase-merge", "rebase-apply"] {
            let path = self.ask(&["rev-parse", "--git-path", &format!("{state}/onto")])?;
            let path = path.map(|path| self.folder.join(path));
            let onto = path.and_then(|path| std::fs::read_to_string(path).ok());
            let onto = onto.map(|text| text.trim().to_owned());
            if let Some(onto) = onto.filter(|onto| is_hash(onto)) {
                return Ok(Some(onto));
            }
        }
        Ok(None)
    }

    /// Returns the commit with a name.
    fn commit(&self, name: &str) -> Result<Option<Base>> {
        if name.starts_with('-') {
            return Ok(None);
        }
        let commit = format!("{name}^{{commit}}");
        let found = self.ask(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ])?;
        Ok(found.map(|commit| Base {
            commit,
            name: name.to_owned(),
        }))
    }

    /// Returns the revisions that the files of a commit declare in `folders`.
    pub(crate) fn revisions(
        &self,
        base: &Base,
        folders: &[PathBuf],
    ) -> Result<HashSet<RevisionId>> {
        let mut blobs = Vec::new();
        for folder in folders {
            let arguments = ["ls-tree", "-r", "-z", base.commit.as_str()];
            let listing = Self::at(folder).output(&arguments)?;
            if !listing.status.success() {
                return Err(failed(&listing).into());
            }
            // `MODE blob HASH<TAB>PATH`, each up to a NUL.
            let entries = listing.stdout.split(|byte| *byte == 0);
            blobs.extend(entries.filter_map(|entry| {
                let entry = String::from_utf8_lossy(entry).into_owned();
                let (object, path) = entry.split_once('\t')?;
                let is_revision = is_revision_file(Path::new(path));
                let hash = object.rsplit(' ').next().filter(|hash| is_hash(hash))?;
                is_revision.then(|| hash.to_owned())
            }));
        }
        let texts = self.blobs(blobs)?;
        let files = texts
            .into_iter()
            .filter_map(|text| RevisionFile::parse(text, &[]).0);
        Ok(files.map(|file| file.header.id.name).collect())
    }

    /// Reads objects by their hashes.
    fn blobs(&self, hashes: Vec<String>) -> Result<Vec<String>> {
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(not_run)?;
        let stdin = child.stdin.take();
        let count = hashes.len();
        // Both pipes would fill up if one of them waited for the other.
        let writer = std::thread::spawn(move || {
            let mut stdin = stdin?;
            stdin.write_all((hashes.join("\n") + "\n").as_bytes()).ok()
        });
        let mut texts = Vec::new();
        let mut stdout = child.stdout.take().map(BufReader::new);
        for _ in 0..count {
            texts.extend(stdout.as_mut().and_then(|stdout| read_blob(stdout).ok()));
        }
        let _ = writer.join();
        let output = child.wait_with_output().map_err(not_run)?;
        match texts.len() == count {
            true => Ok(texts),
            false => Err(failed(&output).into()),
        }
    }

    /// Returns the only line of the output, or `None` if git says no.
    fn ask(&self, arguments: &[&str]) -> Result<Option<String>> {
        let output = self.output(arguments)?;
        match output.status.code() {
            Some(0) => {
                let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                Ok(Some(line).filter(|line| !line.is_empty()))
            }
            // It is not in a repository, or something else is wrong with it.
            _ if !self.is_repository()? => Err(failed(&output).into()),
            _ => Ok(None),
        }
    }

    fn is_repository(&self) -> Result<bool> {
        let output = self.output(&["rev-parse", "--git-dir"])?;
        Ok(output.status.success())
    }

    fn output(&self, arguments: &[&str]) -> Result<Output> {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        Ok(output.map_err(not_run)?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.folder)
            .args(arguments)
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// The names that main branches have.
const MAIN: [&str; 2] = ["main", "master"];

/// Returns whether an upstream is what a branch was pushed to.
fn is_copy_of(upstream: &str, branch: &str) -> bool {
    upstream
        .split_once('/')
        .is_some_and(|(_, name)| name == branch)
}

fn is_hash(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads an object: `HASH blob LENGTH`, and its content on the next lines.
fn read_blob(stdout: &mut impl BufRead) -> std::io::Result<String> {
    let mut heading = String::new();
    stdout.read_line(&mut heading)?;
    let length = heading.trim_end().rsplit(' ').next().unwrap_or_default();
    let length: usize = length.parse().map_err(std::io::Error::other)?;
    let mut content = vec![0; length + 1];
    stdout.read_exact(&mut content)?;
    content.pop();
    Ok(String::from_utf8_lossy(&content).into_owned())
}

fn not_run(error: std::io::Error) -> Diagnostic {
    Diagnostic::new(Cause::Program, format!("cannot run git: {error}"))
        .help("install git, or name your revisions")
}

fn failed(output: &Output) -> Diagnostic {
    let why = String::from_utf8_lossy(&output.stderr);
    let why = why.lines().next().unwrap_or_default();
    let why = why.strip_prefix("fatal: ").unwrap_or(why);
    Diagnostic::new(Cause::Program, format!("git failed: {why}")).help("or name your revisions")
}
