//! The steps of a rebuild.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, TableOutline, Tokens, literal, quote};

use super::{Rebuild, Step, StepTask};
use crate::sqlite::catalog::{Catalog, Object, ObjectKind, TEMP};
use crate::sqlite::draft::{Draft, Source};
use crate::sqlite::keys::{has_sequence, rowid_alias};
use crate::sqlite::mention::{object_mentions, qualifies};
use crate::sqlite::rows::parenthesized;

/// What a rebuild is planned from.
pub(super) struct Planner<'p> {
    pub(super) catalog: &'p Catalog,
    pub(super) table: &'p Object,
    pub(super) before: &'p TableOutline,
    pub(super) draft: &'p Draft<'p>,
}

/// Where the rows are while the table is created anew.
pub(super) struct Aside {
    /// The table.
    pub(super) name: String,
    /// Its column that holds the rowid, if there is one.
    pub(super) rowid: Option<String>,
    /// Whether it is the old table itself, under another name.
    pub(super) is_moved: bool,
}

impl Planner<'_> {
    pub(super) fn plan(&self) -> Rebuild {
        let aside = self.aside();
        let mut steps = vec![Step::Expect(self.own_objects())];
        self.put_away(&aside, &mut steps);
        let required = self.requirements(&aside);
        steps.extend(required.before.into_iter().map(Step::Require));
        let create = self.create(&self.draft.sql);
        steps.push(execute(StepTask::Create, create));
        steps.push(execute(StepTask::Copy, self.copy(&aside)));
        steps.push(Step::Count {
            from: self.qualified(&aside.name),
            into: self.qualified(&self.table.name),
        });
        steps.extend(required.after.into_iter().map(Step::Require));
        self.restore_sequence(&aside, &mut steps);
        let drop = format!("DROP TABLE {}", self.qualified(&aside.name));
        steps.push(execute(StepTask::Drop, drop));
        self.restore_objects(&mut steps);
        self.restore_statistics(&aside, &mut steps);
        let mut explanations = vec![self.explain_copy(&aside)];
        explanations.extend(
            self.kept_indexes()
                .filter_map(|index| self.explain_index(index)),
        );
        Rebuild {
            database: self.table.database.clone(),
            table: self.table.name.clone(),
            steps,
            portions: self.portions(&aside),
            explanations,
            expected: self.expected(),
        }
    }

    /// Returns the table, its indexes and its triggers.
    fn own_objects(&self) -> Vec<Object> {
        let table = std::iter::once(self.table);
        let indexes = self.catalog.indexes(self.table);
        let triggers = self.catalog.triggers(self.table);
        table.chain(indexes).chain(triggers).cloned().collect()
    }

    pub(super) fn qualified(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.table.database), quote(name))
    }

    /// Chooses where the rows are meanwhile.
    ///
    /// A table that qualifies its own columns cannot have another name, so its rows are moved. The same
    /// holds while a temporary table hides another one: SQLite takes one for the other when it renames.
    fn aside(&self) -> Aside {
        let table = &self.table.name;
        let own = [self.table]
            .into_iter()
            .chain(self.catalog.indexes(self.table));
        let mut texts = own.filter_map(|object| object.sql.as_deref());
        let is_moved = !texts.any(|sql| qualifies(sql, table)) && !self.is_shadowed();
        let name = self.unused(match is_moved {
            true => "alembic_old",
            false => "alembic_rows",
        });
        let rowid = match is_moved {
            true => rowid(self.before).map(ToOwned::to_owned),
            false => rowid(self.before).map(|_| {
                let has = |name: &str| self.before.column(name).is_some();
                numbered("alembic_rowid", has)
            }),
        };
        Aside {
            name,
            rowid,
            is_moved,
        }
    }

    /// Returns whether a temporary table has the name of another one, whichever it is: SQLite reads all
    /// definitions when it renames.
    fn is_shadowed(&self) -> bool {
        let mut objects = self.catalog.objects.iter();
        objects.any(|object| {
            let others = self.catalog.databases.iter();
            let mut others = others.filter(|database| *database != TEMP);
            object.database == TEMP
                && matches!(object.kind, ObjectKind::Table | ObjectKind::View)
                && others.any(|other| self.catalog.relation(other, &object.name).is_some())
        })
    }

    /// Returns a name that no object has.
    pub(super) fn unused(&self, name: &str) -> String {
        numbered(name, |name| {
            let database = &self.table.database;
            self.catalog.has(database, name) || self.catalog.has(TEMP, name)
        })
    }

    fn put_away(&self, aside: &Aside, steps: &mut Vec<Step>) {
        let (table, name) = (self.qualified(&self.table.name), quote(&aside.name));
        if aside.is_moved {
            let legacy = |on| {
                let value = if on { "ON" } else { "OFF" };
                let sql = format!("PRAGMA legacy_alter_table = {value}");
                execute(StepTask::Legacy { on }, sql)
            };
            steps.push(legacy(true));
            let rename = format!("ALTER TABLE {table} RENAME TO {name}");
            steps.push(execute(StepTask::PutAway, rename));
            steps.push(legacy(false));
            return;
        }
        let columns = self.before.columns.iter();
        let columns: Vec<String> = columns.map(|column| quote(&column.name)).collect();
        let (mut into, mut from) = (columns.clone(), columns);
        if let (Some(kept), Some(rowid)) = (&aside.rowid, rowid(self.before)) {
            into.insert(0, quote(kept));
            from.insert(0, rowid.to_owned());
        }
        let aside = self.qualified(&aside.name);
        let (into, from) = (into.join(", "), from.join(", "));
        for statement in [
            // Without types, values stay as they are.
            format!("CREATE TABLE {aside} ({into})"),
            format!("INSERT INTO {aside} SELECT {from} FROM {table}"),
        ] {
            steps.push(execute(StepTask::PutAway, statement));
        }
        steps.push(Step::Count {
            from: table.clone(),
            into: aside.clone(),
        });
        let literal_name = literal(&self.table.name);
        let database = quote(&self.table.database);
        if has_sequence(self.before) {
            let keep = format!(
                "CREATE TABLE temp.alembic_sequence AS SELECT seq FROM {database}.sqlite_sequence \
                 WHERE name = {literal_name}"
            );
            steps.push(execute(StepTask::Keep, keep));
        }
        for statistics in self.statistics() {
            let keep = format!(
                "CREATE TABLE temp.alembic_{statistics} AS SELECT * FROM {database}.{statistics} \
                 WHERE tbl = {literal_name}"
            );
            steps.push(execute(StepTask::Keep, keep));
        }
        steps.push(execute(StepTask::Drop, format!("DROP TABLE {table}")));
    }

    /// Returns the statement that creates an object from the text that is stored of it.
    fn create(&self, sql: &str) -> String {
        let database = &self.table.database;
        create_in(database, sql)
    }

    fn copy(&self, aside: &Aside) -> String {
        let (table, aside_name) = (
            self.qualified(&self.table.name),
            self.qualified(&aside.name),
        );
        let outline = &self.draft.outline;
        let (mut into, mut from) = self.copied();
        let before = self.before.columns.iter();
        let before: Vec<String> = before.map(|column| quote(&column.name)).collect();
        let is_whole =
            into.len() == outline.columns.len() && from == before && into == from && aside.is_moved;
        let numbers_itself = rowid_alias(&self.draft.sql, outline)
            .is_some_and(|alias| into.contains(&quote(&alias.name)));
        if let (false, Some(new), Some(old)) = (numbers_itself, rowid(outline), &aside.rowid) {
            into.insert(0, new.to_owned());
            from.insert(0, quote(old));
        } else if is_whole {
            // In this form, SQLite copies rows without taking them apart, where it can.
            return format!("INSERT OR ABORT INTO {table} SELECT * FROM {aside_name}");
        }
        // An expression may qualify columns with the name of the table.
        let name = quote(&self.table.name);
        format!(
            "INSERT OR ABORT INTO {table} ({}) SELECT {} FROM {aside_name} AS {name}",
            into.join(", "),
            from.join(", ")
        )
    }

    /// Returns the columns that get values of the table before, and these values.
    pub(super) fn copied(&self) -> (Vec<String>, Vec<String>) {
        let columns = self.draft.outline.columns.iter().zip(&self.draft.sources);
        let copied = columns.filter_map(|(column, source)| {
            let value = match source {
                Source::Column(name) => quote(name),
                Source::Expression(expression) => parenthesized(expression),
                Source::Default => return None,
            };
            Some((quote(&column.name), value))
        });
        copied.unzip()
    }

    fn restore_sequence(&self, aside: &Aside, steps: &mut Vec<Step>) {
        let kept = has_sequence(self.before);
        if kept && has_sequence(&self.draft.outline) {
            let sequence = format!("{}.sqlite_sequence", quote(&self.table.database));
            let (name, old) = (literal(&self.table.name), literal(&aside.name));
            let found = match aside.is_moved {
                true => format!("SELECT {name}, seq FROM {sequence} WHERE name = {old}"),
                false => format!("SELECT {name}, seq FROM temp.alembic_sequence"),
            };
            for statement in [
                format!("DELETE FROM {sequence} WHERE name = {name}"),
                format!("INSERT INTO {sequence} (name, seq) {found}"),
            ] {
                steps.push(execute(StepTask::Keep, statement));
            }
        }
        if kept && !aside.is_moved {
            let drop = "DROP TABLE temp.alembic_sequence".to_owned();
            steps.push(execute(StepTask::Keep, drop));
        }
    }

    /// Returns the tables that hold statistics.
    fn statistics(&self) -> impl Iterator<Item = &'static str> {
        ["sqlite_stat1", "sqlite_stat4"]
            .into_iter()
            .filter(|name| self.catalog.has(&self.table.database, name))
    }

    /// Keeps the statistics of the indexes that stay.
    fn restore_statistics(&self, aside: &Aside, steps: &mut Vec<Step>) {
        let database = quote(&self.table.database);
        let name = literal(&self.table.name);
        for statistics in self.statistics() {
            let table = format!("{database}.{statistics}");
            if !aside.is_moved {
                for statement in [
                    format!("INSERT INTO {table} SELECT * FROM temp.alembic_{statistics}"),
                    format!("DROP TABLE temp.alembic_{statistics}"),
                ] {
                    steps.push(execute(StepTask::Keep, statement));
                }
            }
            let mut gone: Vec<String> = self
                .dropped_indexes()
                .map(|index| format!("idx = {}", literal(&index.name)))
                .collect();
            if self.draft.moves_indexes {
                gone.push("idx LIKE 'sqlite\\_autoindex\\_%' ESCAPE '\\'".to_owned());
            }
            if !gone.is_empty() {
                let delete = format!(
                    "DELETE FROM {table} WHERE tbl = {name} AND ({})",
                    gone.join(" OR ")
                );
                steps.push(execute(StepTask::Keep, delete));
            }
        }
    }

    /// Returns the indexes that go with the columns that are dropped.
    fn dropped_indexes(&self) -> impl Iterator<Item = &Object> {
        self.catalog.indexes(self.table).filter(|index| {
            let mut dropped = self.draft.dropped.iter();
            dropped.any(|column| object_mentions(index, column))
        })
    }

    /// Returns the other indexes.
    fn kept_indexes(&self) -> impl Iterator<Item = &Object> {
        let gone: BTreeSet<&Object> = self.dropped_indexes().collect();
        let indexes = self.catalog.indexes(self.table);
        indexes.filter(move |index| !gone.contains(index))
    }

    fn restore_objects(&self, steps: &mut Vec<Step>) {
        for object in self.kept_indexes().chain(self.catalog.triggers(self.table)) {
            let sql = object.sql.as_deref().unwrap_or_default();
            let restore = StepTask::restore(object);
            steps.push(execute(restore, create_in(&object.database, sql)));
        }
    }

    fn expected(&self) -> Vec<Object> {
        let gone: BTreeSet<&Object> = self.dropped_indexes().collect();
        let mut expected = self.catalog.comparable();
        expected.retain(|object| !gone.contains(object));
        for object in &mut expected {
            if object == self.table {
                object.sql = Some(self.draft.sql.clone());
            }
        }
        expected.sort();
        expected
    }
}

fn execute(task: StepTask, sql: String) -> Step {
    Step::Execute { task, sql }
}

/// Returns the name, or the first with a number after it, that is not `taken`.
pub(super) fn numbered(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let names = (1_usize..).map(|number| match number {
        1 => name.to_owned(),
        number => format!("{name}_{number}"),
    });
    let mut free = names.filter(|name| !taken(name));
    free.next().unwrap_or_default()
}

/// Returns the name by which statements can reach the rowid.
pub(super) fn rowid(outline: &TableOutline) -> Option<&'static str> {
    let mut names = ["rowid", "_rowid_", "oid"].into_iter();
    names.find(|name| !outline.without_rowid && outline.column(name).is_none())
}

/// Returns the statement that creates an object in a database, from the text that is stored of it:
/// it begins with `CREATE`, the kind, and the name without its database.
fn create_in(database: &str, sql: &str) -> String {
    let words: Vec<_> = Tokens::new(sql, Dialect::Sqlite)
        .without_trivia()
        .take(4)
        .collect();
    let kind = words.iter().position(|word| {
        let text = word.span.text(sql).to_ascii_uppercase();
        matches!(text.as_str(), "TABLE" | "INDEX" | "TRIGGER")
    });
    let name = kind.and_then(|kind| words.get(kind + 1));
    let Some(name) = name else {
        return sql.to_owned();
    };
    let (before, after) = sql.split_at(name.span.start);
    format!("{before}{}.{after}", quote(database))
}
