//! A second look at what was refused.

use alembic_schema::sqlite::{AlterError, Dependent, Loss, ObjectKind};

use crate::Case;
use crate::changes::{Asked, Change, place};
use crate::execute::Outcome;
use crate::picture::{Picture, query, quote};
use crate::random::Random;
use crate::tables::Table;

impl Case {
    /// Checks why a change was not taken back.
    pub(crate) fn check_no_way_back(
        &mut self,
        table: &Table,
        change: &Change,
        before: &Picture,
        outcome: &Outcome,
    ) {
        // What was there before may break what is asked for again.
        let (asked, texts) = (&change.asked, &before.texts[&place(table)]);
        self.log.push(format!("{asked:?}"));
        match outcome {
            Outcome::Rows(loss, _) => {
                let is_right = match loss {
                    Loss::Changed { .. } => {
                        asked.iter().any(|asked| matches!(asked, Asked::Type(_)))
                    }
                    Loss::Null { .. } => {
                        asked.iter().any(|asked| matches!(asked, Asked::PrimaryKey))
                    }
                    // SQLite had overlooked them.
                    Loss::Dangling { .. } => before.checks.iter().any(|line| line != "'ok'"),
                    Loss::Duplicate { .. } | Loss::Check { .. } => false,
                };
                assert!(is_right, "not taken back: {outcome:?}\n{texts}");
                self.count(format!("not taken back: {}", name_of(loss)));
            }
            Outcome::Refused(AlterError::NoTable { .. } | AlterError::NoKey { .. }) => {
                assert!(!change.is_exact);
                self.count("not taken back: a foreign key that nothing enforced");
            }
            // It numbers the rows since.
            Outcome::Refused(AlterError::NumbersRows { column, .. }) => {
                assert!(table.key.contains(column));
                self.count("not taken back: NumbersRows");
            }
            Outcome::Refused(AlterError::InPrimaryKey { column, .. }) => {
                let columns = &before.columns[&place(table)];
                assert!(
                    columns
                        .iter()
                        .any(|(name, info)| name == column && info.3 > 0)
                );
                self.count("not taken back: InPrimaryKey");
            }
            _ => panic!("not taken back: {outcome:?}\n{texts}"),
        }
    }

    /// Has a second look at what was refused.
    pub(crate) fn check_refusal(
        &mut self,
        table: &Table,
        change: &Change,
        outcome: &Outcome,
        random: &mut Random,
    ) {
        match outcome {
            Outcome::Refused(error) => {
                let is_right = self.is_right(table, change, error, random);
                let text = &Picture::take(&self.connection).texts[&place(table)];
                assert!(
                    is_right,
                    "refused: {error}: {change:?}\n{text}",
                    change = change.actions
                );
                let error = format!("{error:?}");
                let kind = error
                    .split([' ', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                self.count(format!("refused: {kind}"));
            }
            Outcome::Rows(loss, count) => {
                self.check_rows(table, loss, *count);
                self.count(format!("rows: {}", name_of(loss)));
            }
            Outcome::Failed(message) => {
                let message = message.to_owned();
                let by_sqlite = [
                    "generated columns cannot be part of the PRIMARY KEY",
                    // A comment before GENERATED is a part of the type.
                    "unknown datatype for",
                ];
                // Values that differ may be the same number.
                let is_same = change.types() && message.starts_with("UNIQUE constraint failed");
                let is_computed = message.starts_with("cannot store")
                    && table.columns.iter().any(|column| column.is_generated);
                if is_same || is_computed || by_sqlite.iter().any(|known| message.contains(known))
                    // What is added mentions what is dropped.
                    || change.drops() && message.starts_with("no such column")
                {
                    return self.count("refused by SQLite");
                }
                panic!("failed: {message}: {:?}", change.actions);
            }
            Outcome::Nothing | Outcome::Native | Outcome::Rebuilt => {}
        }
    }

    fn is_right(
        &mut self,
        table: &Table,
        change: &Change,
        error: &AlterError,
        random: &mut Random,
    ) -> bool {
        let place = place(table);
        let picture = Picture::take(&self.connection);
        let columns = &picture.columns[&place];
        let drops = |name: &str| {
            change.asked.iter().any(
                |asked| matches!(asked, Asked::Drop(dropped) if dropped.eq_ignore_ascii_case(name)),
            )
        };
        match error {
            AlterError::LastColumn { .. } => {
                let dropped = columns.iter().filter(|(name, _)| drops(name)).count();
                dropped == columns.len()
            }
            AlterError::NeedsPrimaryKey { .. } => {
                table.without_rowid
                    && (columns.iter().any(|(name, info)| info.3 > 0 && drops(name))
                        || change.moves_key())
            }
            AlterError::HasPrimaryKey { .. } => {
                change.moves_key() || columns.iter().any(|(_, info)| info.3 > 0)
            }
            AlterError::InPrimaryKey { column, .. } => columns
                .iter()
                .any(|(name, info)| name == column && (info.3 > 0 || change.moves_key())),
            AlterError::NumbersRows { column, .. } => columns.iter().any(|(name, info)| {
                name == column
                    && (info.3 > 0 || change.moves_key())
                    && info.0.eq_ignore_ascii_case("INTEGER")
            }),
            AlterError::Generated { column, .. } => columns
                .iter()
                .any(|(name, info)| name == column && info.4 > 1),
            // It went with a column.
            AlterError::NoConstraint { .. } | AlterError::NoColumn { .. } => change.drops(),
            AlterError::NoKey { .. } => {
                change.drops() || change.moves_key() || !columns.iter().any(|(_, info)| info.3 > 0)
            }
            AlterError::KeyLength { parent_columns, .. } => parent_columns.len() > 1,
            AlterError::Needed { by, .. } => {
                let mut dropped = 0;
                for dependent in by {
                    dropped += usize::from(self.drop_dependent(table, dependent));
                }
                if dropped < by.len() {
                    return true;
                }
                let again = self.alter(table, &change.actions, random);
                match again {
                    Outcome::Refused(AlterError::Needed { by: others, .. }) => others != *by,
                    _ => true,
                }
            }
            _ => false,
        }
    }

    fn drop_dependent(&mut self, table: &Table, dependent: &Dependent) -> bool {
        let sql = match dependent {
            Dependent::Object { kind, name } => {
                let kind = match kind {
                    ObjectKind::Trigger => "TRIGGER",
                    ObjectKind::View => "VIEW",
                    ObjectKind::Index => "INDEX",
                    ObjectKind::Table => return false,
                };
                let temp = format!("DROP {kind} temp.{}", quote(name));
                if self.try_out(&temp) {
                    return true;
                }
                format!("DROP {kind} {}.{}", table.schema, quote(name))
            }
            Dependent::ForeignKey { table: child, .. } if *child == table.name => return false,
            Dependent::ForeignKey {
                table: child,
                columns,
            } => {
                assert!(!columns.is_empty());
                format!(
                    "PRAGMA foreign_keys = OFF; DROP TABLE {}.{}",
                    table.schema,
                    quote(child)
                )
            }
            Dependent::GeneratedColumn { .. } => return false,
        };
        self.try_out(&sql)
    }

    /// Counts the rows that are to blame in another way.
    fn check_rows(&mut self, table: &Table, loss: &Loss, count: u64) {
        let name = format!("{}.{}", table.schema, quote(&table.name));
        match loss {
            Loss::Null { columns } if columns.iter().all(|column| !column.starts_with("new ")) => {
                let condition: Vec<String> = columns
                    .iter()
                    .map(|column| format!("{} IS NULL", quote(column)))
                    .collect();
                let sql = format!(
                    "SELECT count(*) FROM {name} WHERE {}",
                    condition.join(" OR ")
                );
                assert_eq!(
                    query(&self.connection, &sql).unwrap()[0][0],
                    count.to_string()
                );
            }
            Loss::Null { .. } | Loss::Check { .. } | Loss::Changed { .. } => assert!(count > 0),
            Loss::Duplicate { .. } | Loss::Dangling { .. } => assert!(count > 0),
        }
    }
}

fn name_of(loss: &Loss) -> &'static str {
    match loss {
        Loss::Null { .. } => "NULL",
        Loss::Duplicate { .. } => "duplicates",
        Loss::Check { .. } => "a check",
        Loss::Dangling { .. } => "dangling",
        Loss::Changed { .. } => "other values",
    }
}
