//! The configuration files of other tools, next to the manifest of a crate.

use std::path::Path;

use alembic_history::Code;
use alembic_import::{Tool, ToolConfig};

use crate::output::{Cause, Diagnostic, Error, Result, display_path};

/// Reads how a tool is configured in the folder of a crate.
pub(super) fn read_config(tool: Tool, crate_folder: &Path) -> Result<ToolConfig> {
    let Some(name) = tool.config_file() else {
        return Ok(ToolConfig::default());
    };
    let path = crate_folder.join(name);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(ToolConfig::default());
        }
        Err(error) => return Err(unreadable(&path, error)),
    };
    ToolConfig::read(tool, &text).map_err(|fault| {
        let title = format!("{}: {fault}", display_path(&path));
        Diagnostic::new(Cause::Configuration, title)
            .code(Code::ToolConfiguration)
            .note(format!(
                "it says where the migrations of {tool} are, and what it records of them"
            ))
            .help("correct the file, or move it away to import by the defaults of the tool")
            .into()
    })
}

/// Returns the error of a file or a folder that cannot be read.
pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let title = format!("cannot read {}: {error}", display_path(path));
    Diagnostic::new(Cause::Unreadable(error), title)
        .code(Code::UnreadableFile)
        .into()
}
