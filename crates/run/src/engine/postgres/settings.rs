//! Settings of a PostgreSQL session: those that a run sets for its own work, and those that a
//! revision changes, which end with it.

use std::collections::BTreeMap;

use alembic_sql::SettingChanges;

use super::quote::text;
use crate::request::Row;
use crate::session_changes::SessionChanges;

/// How long a setting lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SettingLifetime {
    /// Until the transaction ends.
    Transaction,
    /// Until the connection is closed.
    Connection,
}

/// A setting for the run's own work.
pub(super) struct WorkSetting {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) lifetime: SettingLifetime,
    /// When it is set, as SQL.
    pub(super) condition: &'static str,
}

impl WorkSetting {
    /// A setting of the transaction, on every server that knows it.
    pub(super) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
            lifetime: SettingLifetime::Transaction,
            condition: "true",
        }
    }

    pub(super) fn lasting(self, lifetime: SettingLifetime) -> Self {
        Self { lifetime, ..self }
    }

    pub(super) fn on(self, condition: &'static str) -> Self {
        Self { condition, ..self }
    }
}

/// Whether no one has limited how long a transaction may be idle.
pub(super) const NO_IDLE_TIMEOUT: &str = "pg_catalog.current_setting('idle_in_transaction_session_timeout') \
     OPERATOR(pg_catalog.=) '0'";

/// Whether the server can watch idle connections, which only some systems do: elsewhere the settings
/// are refused, or logged each time.
const ON_LINUX: &str = "pg_catalog.version() OPERATOR(pg_catalog.~) 'linux'";

/// Whether the server can check its connection during a statement: before version 15 only on Linux,
/// and never on Windows.
const CHECKS_CONNECTION: &str = "(pg_catalog.version() OPERATOR(pg_catalog.~) 'linux' \
     OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4 \
     OPERATOR(pg_catalog.>=) 150000 \
     AND pg_catalog.current_setting('dynamic_shared_memory_type') \
     OPERATOR(pg_catalog.<>) 'windows')";

/// Returns the settings by which the server notices that the program, or the network between them, is
/// gone, and so releases the locks.
pub(super) fn watch_connection() -> Vec<WorkSetting> {
    vec![
        WorkSetting::new("client_connection_check_interval", "1000").on(CHECKS_CONNECTION),
        WorkSetting::new("tcp_keepalives_idle", "15").on(ON_LINUX),
        WorkSetting::new("tcp_keepalives_interval", "5").on(ON_LINUX),
        WorkSetting::new("tcp_keepalives_count", "3").on(ON_LINUX),
        WorkSetting::new("tcp_user_timeout", "30000").on(ON_LINUX),
    ]
}

/// Returns the query that makes settings, except those that the server does not know; its rows are
/// the name of a setting, its value before, and its value now.
pub(super) fn set(settings: &[WorkSetting]) -> String {
    let settings = settings.iter().map(|setting| {
        let WorkSetting {
            name,
            value,
            lifetime,
            condition,
        } = setting;
        let is_local = *lifetime == SettingLifetime::Transaction;
        format!("('{name}', '{value}', {is_local}, {condition})")
    });
    let settings = settings.collect::<Vec<_>>().join(", ");
    // The columns are computed in this order.
    format!(
        "SELECT s.name, pg_catalog.current_setting(s.name, true), \
         pg_catalog.set_config(s.name, s.value, s.is_local) \
         FROM (VALUES {settings}) AS s (name, value, is_local, applies) \
         WHERE s.applies AND pg_catalog.current_setting(s.name, true) IS NOT NULL"
    )
}

/// The value of a setting; `None` if it has none.
type Value = Option<String>;

/// A setting that is in force for the run's own work.
#[derive(Debug)]
struct InForce {
    /// Its value outside of the run's work.
    before: Value,
    now: Value,
    is_local: bool,
}

/// The settings of a session, to restore what revisions change.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The run's own.
    own: BTreeMap<String, InForce>,
    /// The values of the others before any revision, once one may change them.
    kept: BTreeMap<String, Value>,
    /// The settings that the current revision may change.
    changes: SessionChanges,
    /// Whether the session may have settings that did not exist when they were kept, since a revision
    /// may have loaded a library.
    may_have_more: bool,
}

/// A setting, and the value to restore.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Restored<'s> {
    name: &'s str,
    value: Option<&'s str>,
    is_local: bool,
    /// The value that shows that nothing is to be done.
    expected: Option<&'s str>,
}

impl Settings {
    /// Records the settings of a transaction from the answer to [`set`].
    pub(super) fn enter(&mut self, settings: &[WorkSetting], rows: &[Row]) {
        for setting in settings {
            let mut rows = rows.iter();
            let Some(row) = rows.find(|row| row.cell(0) == Some(setting.name)) else {
                continue;
            };
            let cell = |column| row.cell(column).map(ToOwned::to_owned);
            let is_local = setting.lifetime == SettingLifetime::Transaction;
            let in_force = InForce {
                before: cell(1),
                now: cell(2),
                is_local,
            };
            self.own.insert(setting.name.to_owned(), in_force);
        }
    }

    /// Enters what the next statements may change, and returns the query for the values to keep, if
    /// some are not known yet; [`keep`](Self::keep) reads its rows.
    pub(super) fn expect(&mut self, changes: SessionChanges) -> Option<String> {
        self.may_have_more |= changes.may_add();
        self.changes = changes;
        let names = self.changes.names();
        let unknown = |name: &&str| !self.kept.contains_key(*name) && !self.own.contains_key(*name);
        let is_any_known = !self.changes.may_be_any() || !self.kept.is_empty();
        let is_known = is_any_known && !names.iter().any(unknown);
        (!is_known).then(|| keep(&names))
    }

    /// Keeps the values that the query of [`expect`](Self::expect) has read.
    pub(super) fn keep(&mut self, rows: &[Row]) {
        for row in rows {
            if let Some(name) = row.cell(0) {
                let value = row.cell(1).map(ToOwned::to_owned);
                self.kept.entry(name.to_owned()).or_insert(value);
            }
        }
    }

    /// Forgets what the statements before may have changed, once it is restored and committed.
    pub(super) fn forget_changes(&mut self) {
        self.changes = SessionChanges::default();
    }

    /// Returns the settings to restore, as name and value; `is_open` says whether a transaction of
    /// the run is open.
    fn restored(&self, is_open: bool) -> Vec<Restored<'_>> {
        // Setting the session's user resets the role.
        let changed = |name: &str| {
            self.changes.include(name)
                || name == "role" && self.changes.include("session_authorization")
        };
        // Who may set the others depends on the role, and the role on the session's user.
        let roles = SESSION_ROLES.iter().copied();
        let others = self.kept.keys().map(String::as_str);
        let others = others.filter(|name| !SESSION_ROLES.contains(name));
        let others = others.filter(|name| !self.own.contains_key(*name));
        let mut restored = Vec::new();
        for name in roles.chain(others).filter(|name| changed(name)) {
            if let Some(value) = self.kept.get(name) {
                // One resets the other, so both are set, whatever they are now.
                let is_role = SESSION_ROLES.contains(&name);
                restored.push(Restored {
                    name,
                    value: value.as_deref(),
                    is_local: false,
                    expected: value.as_deref().filter(|_| !is_role),
                });
            }
        }
        for (name, own) in self.own.iter().filter(|(name, _)| changed(name)) {
            let (before, now) = (own.before.as_deref(), own.now.as_deref());
            // Whatever the value now, it may be that of the session and not of the transaction.
            let setting = |value, is_local| Restored {
                name,
                value,
                is_local,
                expected: None,
            };
            match (own.is_local, is_open) {
                (true, true) => {
                    restored.push(setting(before, false));
                    restored.push(setting(now, true));
                }
                (true, false) => restored.push(setting(before, false)),
                (false, _) => restored.push(setting(now, false)),
            }
        }
        restored
    }

    /// Returns the query that restores the settings that the statements since
    /// [`expect`](Self::expect) may have changed.
    pub(super) fn restore(&self, is_open: bool) -> Option<String> {
        let restored = self.restored(is_open);
        if self.may_have_more && self.changes.may_be_any() {
            let known = self.kept.keys().chain(self.own.keys());
            let known: Vec<&str> = known.map(String::as_str).collect();
            return Some(restore_and_reset(&restored, &known));
        }
        restore(&restored)
    }

    /// Returns the query that restores the same until the transaction ends.
    pub(super) fn restore_for_work(&self) -> Option<String> {
        let mut restored = self.restored(false);
        restored.retain(|setting| !self.own.contains_key(setting.name));
        for setting in &mut restored {
            setting.is_local = true;
        }
        restore(&restored)
    }

    /// Returns the query for the values that the settings have now.
    pub(super) fn find_changes(&self) -> String {
        keep(&self.changes.names())
    }

    /// Returns the values that [`find_changes`](Self::find_changes) has found, and the query that
    /// sets them again.
    pub(super) fn set_again(&self, rows: &[Row]) -> (Vec<(String, Value)>, Option<String>) {
        let mut found: Vec<(String, Value)> = Vec::new();
        // The roles are first, and must be set last.
        for row in rows.iter().rev() {
            let (name, value) = (row.cell(0).unwrap_or_default(), row.cell(1));
            let is_changed = self
                .kept
                .get(name)
                .is_some_and(|kept| kept.as_deref() != value);
            if is_changed && !self.own.contains_key(name) {
                found.push((name.to_owned(), value.map(ToOwned::to_owned)));
            }
        }
        if let Some(role) = found.iter().position(|(name, _)| name == "role") {
            let role = found.remove(role);
            found.push(role);
        }
        let set: Vec<Restored<'_>> = found
            .iter()
            .map(|(name, value)| Restored {
                name,
                value: value.as_deref(),
                is_local: false,
                expected: value.as_deref(),
            })
            .collect();
        let query = restore(&set);
        (found, query)
    }

    /// Returns the query that lets the server read the next statements as the splitter did, if the
    /// statements so far may have changed that.
    pub(super) fn restore_reading(
        &self,
        changes: &SettingChanges,
        is_open: bool,
    ) -> Option<String> {
        let may_change = match changes {
            SettingChanges::None | SettingChanges::Constraints => false,
            SettingChanges::One(name) => READING.contains(&name.as_str()),
            SettingChanges::Any | SettingChanges::AnyAnd(_) | SettingChanges::AnyAndMore => true,
        };
        let mut restored = match may_change {
            true => self.restored(is_open),
            false => return None,
        };
        restored.retain(|setting| READING.contains(&setting.name));
        restore(&restored)
    }

    /// Returns the settings to restore, for the test database.
    pub(super) fn values(&self, is_open: bool) -> Vec<(String, Value)> {
        let restored = self.restored(is_open);
        let pair = |setting: Restored<'_>| {
            let value = setting.value.map(ToOwned::to_owned);
            (setting.name.to_owned(), value)
        };
        restored.into_iter().map(pair).collect()
    }
}

/// The settings that decide what a session may set, in the order in which they are restored.
const SESSION_ROLES: [&str; 2] = ["session_authorization", "role"];

/// The settings that decide how the server reads a statement.
pub(crate) const READING: [&str; 2] = ["client_encoding", "standard_conforming_strings"];

/// Returns the query for the values of all settings that a session can change, and of `names`, some
/// of which the server may not know yet; `place` is the order to restore them in. Those of the
/// transaction end with it.
pub(crate) fn keep(names: &[&str]) -> String {
    let others = names.iter().filter(|name| !SESSION_ROLES.contains(name));
    let roles = SESSION_ROLES.iter().enumerate();
    let named = roles.chain(others.map(|name| (SESSION_ROLES.len(), name)));
    let named: Vec<String> = named
        .map(|(place, name)| format!("({place}, {})", text(name)))
        .collect();
    format!(
        "SELECT s.name, pg_catalog.current_setting(s.name, true) AS value, s.place \
         FROM (VALUES {}) AS s (place, name) UNION ALL \
         SELECT pg_catalog.lower(s.name), pg_catalog.current_setting(s.name), {} \
         FROM pg_catalog.pg_settings AS s \
         WHERE s.context OPERATOR(pg_catalog.=) ANY (ARRAY['user', 'superuser']) \
         AND s.name OPERATOR(pg_catalog.<>) ALL (ARRAY['transaction_isolation', \
         'transaction_read_only', 'transaction_deferrable'])",
        named.join(", "),
        SESSION_ROLES.len()
    )
}

fn restore(restored: &[Restored<'_>]) -> Option<String> {
    (!restored.is_empty()).then(|| set_values(&values(restored)))
}

/// Whether the setting `m` is of a library, and set for the session.
pub(crate) const OF_LIBRARY: &str = "m.source OPERATOR(pg_catalog.=) 'session' \
     AND pg_catalog.strpos(m.name, '.') OPERATOR(pg_catalog.>) 0";

/// Returns the query that also resets the settings of libraries that are not `known`: they did not
/// exist when the others were kept.
fn restore_and_reset(restored: &[Restored<'_>], known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|name| text(name)).collect();
    set_values(&format!(
        "{} UNION ALL SELECT m.name, m.reset_val, false, NULL FROM pg_catalog.pg_settings AS m \
         WHERE {OF_LIBRARY} AND pg_catalog.lower(m.name) OPERATOR(pg_catalog.<>) ALL (ARRAY[{}])",
        values(restored),
        known.join(", ")
    ))
}

/// Returns the rows of settings to restore.
fn values(restored: &[Restored<'_>]) -> String {
    let value = |value: Option<&str>| value.map_or_else(|| "NULL".to_owned(), text);
    let rows = restored.iter().map(|setting| {
        let Restored {
            name,
            value: restored,
            is_local,
            expected,
        } = *setting;
        let name = text(name);
        let (restored, expected) = (value(restored), value(expected));
        format!("({name}, {restored}, {is_local}, {expected})")
    });
    format!("VALUES {}", rows.collect::<Vec<_>>().join(", "))
}

/// Returns the query that makes the settings of rows, unless they have the expected value.
fn set_values(rows: &str) -> String {
    // The rows are taken in this order.
    format!(
        "SELECT pg_catalog.set_config(s.name, s.value, s.is_local) \
         FROM ({rows}) AS s (name, value, is_local, expected) \
         WHERE coalesce(pg_catalog.current_setting(s.name, true) \
         OPERATOR(pg_catalog.<>) s.expected, true)"
    )
}
