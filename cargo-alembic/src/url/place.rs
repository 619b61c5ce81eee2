//! Where a URL is written.

use std::fmt;
use std::path::PathBuf;

/// Where a URL is written, which decides what a relative path in it is relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UrlPlace {
    /// The argument `--url`.
    Argument,
    /// This environment variable.
    Environment(String),
    /// This variable in a file `.env`, which is named as it is displayed.
    Dotenv { variable: String, path: String },
    /// A manifest in this folder.
    Manifest(PathBuf),
}

impl UrlPlace {
    /// Returns the folder that relative paths are relative to.
    pub(super) fn base(&self) -> PathBuf {
        match self {
            // Where an application that is started here looks for the file, too.
            UrlPlace::Argument | UrlPlace::Environment(_) | UrlPlace::Dotenv { .. } => {
                std::env::current_dir().unwrap_or_default()
            }
            UrlPlace::Manifest(folder) => folder.clone(),
        }
    }
}

impl fmt::Display for UrlPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlPlace::Argument => f.write_str("`--url`"),
            UrlPlace::Environment(variable) => write!(f, "the environment variable {variable}"),
            UrlPlace::Dotenv { variable, path } => write!(f, "{variable} in {path}"),
            UrlPlace::Manifest(_) => f.write_str("`url` in its configuration"),
        }
    }
}
