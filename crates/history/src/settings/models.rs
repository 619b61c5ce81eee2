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
    /// The entities of sea-orm, which state a part of the schema.
    SeaOrm(EntitySources),
}

/// Where the entities of sea-orm are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntitySources {
    /// In the sources of the crate's targets.
    Crate,
    /// In these files and folders, relative to the crate.
    Paths(Vec<String>),
}

/// The name of the table's only entry.
const SEA_ORM: &str = "sea-orm";

impl EntitySources {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Flag(true) => Ok(Self::Crate),
            Value::Text(_) | Value::List(_) => match Vec::<String>::read(value)? {
                paths if paths.is_empty() => Err("the list is empty".to_owned()),
                paths => Ok(Self::Paths(paths)),
            },
            Value::Flag(false) | Value::Number(_) | Value::Table(_) | Value::Other => {
                Err("it is neither true, nor a path or a list of paths".to_owned())
            }
        }
    }
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
            Value::Table(entries) => match entries.as_slice() {
                [(name, value)] if name == SEA_ORM => match EntitySources::read(value) {
                    Ok(sources) => Ok(Self::SeaOrm(sources)),
                    Err(why) => Err(format!("`{SEA_ORM}`: {why}")),
                },
                _ => Err(format!("as a table, it is `{{ {SEA_ORM} = true }}`")),
            },
            Value::Number(_) | Value::Other => {
                Err("it is neither true nor false, nor a path or a list of paths".to_owned())
            }
        }
    }

    #[inline]
    fn description() -> String {
        "`true` or `false`, a path or a list of paths, or `{ sea-orm = true }` with `true`, a path or a list \
         of paths"
            .to_owned()
    }

    #[inline]
    fn in_manifest(&self) -> String {
        match self {
            Self::None => "false".to_owned(),
            Self::Crate => "true".to_owned(),
            Self::Paths(paths) => paths.in_manifest(),
            Self::SeaOrm(EntitySources::Crate) => format!("{{ {SEA_ORM} = true }}"),
            Self::SeaOrm(EntitySources::Paths(paths)) => {
                format!("{{ {SEA_ORM} = {} }}", paths.in_manifest())
            }
        }
    }
}
