//! A crate's migrations, as its manifest configures them.

use std::path::{Path, PathBuf};

use alembic_history::{Dialect, Settings, SettingsScope, SettingsTable, SettingsValue};
use alembic_migrate::Migrations;

pub(crate) struct Configured {
    pub(crate) name: String,
    folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) migrations: Migrations,
}

impl Configured {
    /// Reads the crate in `folder`.
    pub(crate) fn read(folder: &Path) -> Self {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let package = &manifest["package"];
        let alembic = package["metadata"]["alembic"].as_table().unwrap();
        let table = alembic.iter().map(|(key, item)| (key.clone(), value(item)));
        let table = SettingsTable {
            scope: SettingsScope::Package,
            entries: table.collect(),
        };
        let settings = Settings::read(&[table]).unwrap();
        let name = package["name"].as_str().unwrap();
        let [migrations] = settings.migrations.as_slice() else {
            panic!("{name} has several folders");
        };
        let mut migrations =
            Migrations::from_folder(folder.join(migrations), &settings.dialects_for(None))
                .unwrap()
                .package(name)
                .version_table(settings.version_table.clone())
                .keep_log(settings.log)
                .edited(settings.edited)
                .transaction(settings.transaction)
                .baseline(settings.baseline.as_str())
                .fresh(settings.fresh);
        for dialect in settings.dialects_for(None) {
            if let Some(schema) = settings.schema.as_ref().and_then(|files| files.of(dialect)) {
                let text = std::fs::read_to_string(folder.join(schema)).unwrap();
                migrations = migrations.schema_for(dialect, schema, text);
            }
            if let Some(base) = settings.base.as_ref().and_then(|files| files.of(dialect)) {
                let text = std::fs::read_to_string(folder.join(base)).unwrap();
                migrations = migrations.base_for(dialect, base, text);
            }
        }
        Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            settings,
            migrations,
        }
    }

    /// Returns what creates the tables that are older than the first revision, if there are any.
    pub(crate) fn base(&self, dialect: Dialect) -> Option<String> {
        let file = self.settings.base.as_ref()?.of(dialect)?;
        Some(std::fs::read_to_string(self.folder.join(file)).unwrap())
    }

    /// Returns the first revision.
    pub(crate) fn first(&self) -> String {
        let graph = self.migrations.history().graph();
        let base = graph.bases().next().unwrap();
        graph[base].id.to_string()
    }

    /// Returns the revision that a legacy database is at.
    pub(crate) fn baseline(&self) -> String {
        match self.settings.baseline.as_str() {
            "base" => self.first(),
            baseline => baseline.to_owned(),
        }
    }
}

fn value(item: &toml::Value) -> SettingsValue {
    match item {
        toml::Value::String(text) => SettingsValue::Text(text.clone()),
        toml::Value::Integer(number) => SettingsValue::Number(*number),
        toml::Value::Boolean(flag) => SettingsValue::Flag(*flag),
        toml::Value::Array(list) => SettingsValue::List(list.iter().map(value).collect()),
        toml::Value::Table(table) => {
            let entries = table.iter();
            SettingsValue::Table(
                entries
                    .map(|(key, item)| (key.clone(), value(item)))
                    .collect(),
            )
        }
        _ => SettingsValue::Other,
    }
}
