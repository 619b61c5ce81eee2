//! How often SQL is split.

use alembic_history::TransactionMode::Run as PerRun;
use alembic_history::{Dialect, Direction, History};
use alembic_sql::splits;

use super::ensure::{SCHEMA, with_schema};
use super::fake::{Command, Fake};
use super::revisions::{OUTSIDE, history, source_files};
use crate::{Runner, Scenario};

#[test]
fn sections_are_split_once_for_each_dialect() {
    let start = splits();
    let history = History::read(source_files(OUTSIDE), Dialect::ALL).unwrap();
    assert_eq!(splits(), start, "nothing is split before it is checked");
    for direction in [Direction::Upgrade, Direction::Downgrade] {
        history.check_sql(direction).unwrap();
    }
    let mut sections = 0;
    for node in history.graph().nodes() {
        for dialect in Dialect::ALL {
            for direction in [Direction::Upgrade, Direction::Downgrade] {
                let file = &history.file(node).file;
                sections += file.sections(direction, *dialect).count();
            }
        }
    }
    assert_eq!(sections, 10 * Dialect::ALL.len());
    assert_eq!(splits(), start + sections);

    for dialect in Dialect::ALL {
        let mut fake = Fake::of(*dialect, None);
        for command in [Command::Upgrade("heads"), Command::Downgrade("base")] {
            fake.run(&history, PerRun, command).unwrap();
        }
        let runner = Runner::new(&history, *dialect);
        runner.upgrade_script("heads").unwrap();
        runner.downgrade_script("heads:base").unwrap();
    }
    assert_eq!(splits(), start + sections);
}

#[test]
fn a_target_schema_is_split_once() {
    let history = history(OUTSIDE);
    for dialect in Dialect::ALL {
        let target = with_schema(SCHEMA);
        let start = splits();
        let mut fake = Fake::of(*dialect, None);
        let reports = fake.ensure(&[(&history, target)], PerRun).unwrap();
        assert_eq!(reports[0].scenario, Scenario::Fresh);
        assert_eq!(splits(), start + 1, "{dialect}");
    }
}
