//! Explains how to get a privilege that a user of a server lacks.

use alembic_history::VersionTable;
use alembic_migrate::report::Action;

use super::outline::{Outline, Verb};
use super::{Evidence, SchemaPrivileges};
use crate::output::quote_for_sql;

/// The operation that the server refused.
pub(super) enum RefusedOperation<'r> {
    /// A statement of a revision.
    Statement(Outline),
    /// The file that creates the target schema.
    Schema,
    /// A statement of the run itself, on its own tables.
    Action(Action, &'r VersionTable),
}

/// Explains how to get the missing privilege.
pub(super) fn hint(refused: &RefusedOperation<'_>, evidence: &Evidence) -> String {
    if let Evidence::SchemaPrivileges(privileges) = evidence
        && lacks(refused, privileges)
    {
        let needed = match refused {
            RefusedOperation::Action(action, _) if is_read_only(*action) => "USAGE",
            _ => "USAGE, CREATE",
        };
        return format!(
            "connect as its owner, or have the privilege granted: `GRANT {needed} ON SCHEMA {} TO \
             <user>`",
            quote_for_sql(&privileges.schema)
        );
    }
    match refused {
        RefusedOperation::Action(action, versions) => match own_table(*action, versions) {
            Some(table) if is_read_only(*action) => format!(
                "connect as its owner, or have the privilege granted: `GRANT SELECT ON {} TO \
                 <user>`; to migrate, also INSERT, UPDATE and DELETE",
                table.quoted()
            ),
            Some(table) => format!(
                "connect as its owner, or have the privileges granted: `GRANT SELECT, INSERT, \
                 UPDATE, DELETE ON {} TO <user>`",
                table.quoted()
            ),
            None => "connect as a role that has the privilege".to_owned(),
        },
        RefusedOperation::Statement(Outline {
            verb, kind, name, ..
        }) => match verb {
            Verb::Alter | Verb::Drop if !name.is_empty() => {
                format!("connect as the owner of {kind} {name}, or as a member of that role")
            }
            Verb::Create if !["table", "index", "view", "trigger"].contains(&kind.as_str()) => {
                "connect as a role that has the privilege".to_owned()
            }
            Verb::Create | Verb::Rows => {
                "connect as the owner of the table, or as a role that has the privilege".to_owned()
            }
            Verb::Alter | Verb::Drop | Verb::Other => {
                "connect as a role that has the privilege".to_owned()
            }
        },
        RefusedOperation::Schema => "connect as a role that has the privilege".to_owned(),
    }
}

/// Returns whether the missing privilege is one on the schema.
fn lacks(refused: &RefusedOperation<'_>, privileges: &SchemaPrivileges) -> bool {
    let creates = match refused {
        RefusedOperation::Statement(outline) => outline.verb == Verb::Create,
        RefusedOperation::Schema => true,
        RefusedOperation::Action(action, _) => !is_read_only(*action) && !privileges.has_table,
    };
    !privileges.usage || creates && !privileges.create
}

/// Returns the table of its own that a run was about to read or write.
pub(super) fn own_table(action: Action, versions: &VersionTable) -> Option<VersionTable> {
    match action {
        Action::FindVersionTable
        | Action::ReadVersionTable
        | Action::CreateVersionTable
        | Action::WriteVersionTable => Some(versions.clone()),
        Action::ReadLog | Action::WriteLog => Some(versions.log()),
        Action::ReadProgress | Action::WriteProgress => Some(versions.progress()),
        Action::Connect
        | Action::SetLockTimeout
        | Action::Lock
        | Action::LockTool
        | Action::ReadToolTable
        | Action::ListTables
        | Action::DescribeSchema
        | Action::KeepSettings
        | Action::FindInvalidIndexes
        | Action::SwitchForeignKeys
        | Action::CheckForeignKeys
        | Action::ReadCatalog
        | Action::AlterTable
        | Action::FindBroken
        | Action::CountChanges
        | Action::RunStatement
        | Action::Begin
        | Action::Commit
        | Action::Rollback => None,
    }
}

/// Returns whether an action only reads the run's tables.
fn is_read_only(action: Action) -> bool {
    match action {
        Action::ListTables
        | Action::DescribeSchema
        | Action::FindVersionTable
        | Action::ReadVersionTable
        | Action::ReadToolTable
        | Action::ReadLog
        | Action::ReadProgress => true,
        Action::Connect
        | Action::SetLockTimeout
        | Action::Lock
        | Action::LockTool
        | Action::CreateVersionTable
        | Action::WriteVersionTable
        | Action::WriteLog
        | Action::WriteProgress
        | Action::KeepSettings
        | Action::FindInvalidIndexes
        | Action::SwitchForeignKeys
        | Action::CheckForeignKeys
        | Action::ReadCatalog
        | Action::AlterTable
        | Action::FindBroken
        | Action::CountChanges
        | Action::RunStatement
        | Action::Begin
        | Action::Commit
        | Action::Rollback => false,
    }
}

#[cfg(test)]
mod tests {
    use alembic_migrate::Dialect;

    use super::*;

    #[test]
    fn the_missing_right_is_named() {
        let privileges = |usage, create, has_table| {
            Evidence::SchemaPrivileges(SchemaPrivileges {
                schema: "app".to_owned(),
                usage,
                create,
                has_table,
            })
        };
        let versions = VersionTable::default();
        let statement = |sql| RefusedOperation::Statement(Outline::of(sql, Dialect::Postgres));
        let action = |action| RefusedOperation::Action(action, &versions);
        let all = || privileges(true, true, true);
        for (refused, evidence, expected) in [
            (
                statement("CREATE TABLE t (a int)"),
                privileges(true, false, false),
                "GRANT USAGE, CREATE ON SCHEMA \"app\"",
            ),
            (
                statement("CREATE INDEX i ON t (a)"),
                all(),
                "the owner of the table",
            ),
            (
                statement("CREATE EXTENSION e"),
                all(),
                "as a role that has the privilege",
            ),
            (
                statement("INSERT INTO t VALUES (1)"),
                all(),
                "the owner of the table",
            ),
            (
                statement("INSERT INTO app.t VALUES (1)"),
                privileges(false, false, false),
                "ON SCHEMA \"app\"",
            ),
            (
                statement("DROP VIEW app.v"),
                privileges(true, false, false),
                "the owner of view v",
            ),
            (
                action(Action::CreateVersionTable),
                privileges(true, false, false),
                "GRANT USAGE, CREATE ON SCHEMA \"app\"",
            ),
            (
                action(Action::ReadVersionTable),
                privileges(false, false, false),
                "GRANT USAGE ON SCHEMA",
            ),
            (
                action(Action::ReadVersionTable),
                privileges(true, false, true),
                "GRANT SELECT ON alembic_version TO",
            ),
            (
                action(Action::WriteProgress),
                privileges(true, false, true),
                "INSERT, UPDATE, DELETE ON alembic_version_progress",
            ),
            (
                action(Action::WriteProgress),
                privileges(true, false, false),
                "CREATE ON SCHEMA",
            ),
            (action(Action::Lock), Evidence::Nothing, "has the privilege"),
        ] {
            let hint = hint(&refused, &evidence);
            assert!(hint.contains(expected), "{hint}\nlacks {expected}");
        }
    }
}
