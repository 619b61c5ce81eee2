//! Reads many files at once, with and without a look into their SQL.

use alembic_history::{Dialect, Direction, History, HistoryError, SourceFile};

/// So many that they are read by several threads.
const FILES: usize = 1_000;

fn file(index: usize, sql: &str) -> SourceFile {
    let parent = index.checked_sub(1).map(|parent| format!("r{parent}"));
    let text = format!(
        "-- Revision {index}\n-- Revision ID: r{index}\n-- Revises: {}\n\n-- alembic: upgrade\n{sql}\n",
        parent.unwrap_or_default()
    );
    SourceFile {
        path: format!("{index:04}.sql").into(),
        content: Ok(text.into_bytes()),
    }
}

/// Returns files of which every seventh has SQL that cannot be split.
fn files() -> Vec<SourceFile> {
    let sql = |index: usize| {
        if index.is_multiple_of(7) {
            "'"
        } else {
            "SELECT 1;"
        }
    };
    (0..FILES).map(|index| file(index, sql(index))).collect()
}

fn faults(error: HistoryError) -> Vec<String> {
    error.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn faults_are_in_the_order_of_the_files() {
    let faults = faults(History::new(files(), Dialect::ALL).unwrap_err());
    let expected = (0..FILES)
        .step_by(7)
        .map(|index| format!("{index:04}.sql:6:1: string literal is never closed"));
    assert_eq!(faults, expected.collect::<Vec<_>>());
}

#[test]
fn sql_is_checked_when_that_is_asked_for() {
    let history = History::read(files(), Dialect::ALL).unwrap();
    let graph = history.graph();
    let order: Vec<&str> = graph.nodes().map(|node| graph[node].id.as_str()).collect();
    let expected: Vec<String> = (0..FILES).map(|index| format!("r{index}")).collect();
    assert_eq!(order, expected);
    let now = faults(History::new(files(), Dialect::ALL).unwrap_err());
    for _ in 0..2 {
        assert_eq!(
            faults(history.check_sql(Direction::Upgrade).unwrap_err()),
            now
        );
    }
}

#[test]
fn one_more_file_is_checked_as_the_others_are() {
    let sound = || (0..3).map(|index| file(index, "SELECT 1;"));
    let broken = || file(3, "COMMIT;");
    let checked = History::new(sound(), &[Dialect::Sqlite]).unwrap();
    assert_eq!(checked.with(broken()).unwrap_err().faults.len(), 1);
    let read = History::read(sound(), &[Dialect::Sqlite]).unwrap();
    let more = read.with(broken()).unwrap();
    assert_eq!(
        more.check_sql(Direction::Upgrade).unwrap_err().faults.len(),
        1
    );
    assert_eq!(more.graph().len(), 4);
}
