//! What states a target schema.

use super::Value;
use super::kind::Kind;

/// What states the target schema of a crate, instead of the files that `schema` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelSources {
    /// Nothing.
    #[default]
    None,
    /// The structs in the sources of the crate's targets, and the files of SQL in its folder
    /// `schema`.
    Crate,
    /// The structs in these files and those that they bring in, and these files of SQL or the ones in
    /// these folders; relative to the crate.
    Paths(Vec<String>),
}

impl Kind for ModelSources {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Flag(false) => Ok(Self::None),
            Value::Flag(true) => Ok(Self::Crate),
            Value::Text(_) | Value::List(_) => match Vec::<String>::read(value)? {
                paths if paths.is_empty() => Err("the list is empty".to_owned()),
                paths => Ok(Self::Paths(paths)),
            },
            Value::Number(_) | Value::Table(_) | Value::Other => {
                Err("it is neither true nor false, nor a path or a list of paths".to_owned())
            }
        }
    }

    #[inline]
    fn description() -> String {
        "`true` or `false`, or a path or a list of paths".to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        match self {
            Self::None => "false".to_owned(),
            Self::Crate => "true".to_owned(),
            Self::Paths(paths) => paths.in_manifest(),
        }
    }
}
