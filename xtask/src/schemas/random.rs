//! Pairs of random schemas with rows: the second one is the first after some changes.

mod column;
mod render;

use alembic_migrate::Dialect;
use alembic_tests::Numbers;

use self::column::{Column, column};
use super::case::Case;

/// A schema.
#[derive(Clone, Debug, Default)]
pub(super) struct RandomSchema {
    tables: Vec<Table>,
    /// The names of views, and the tables that they read.
    views: Vec<(String, usize, usize)>,
}

#[derive(Clone, Debug)]
struct Table {
    name: String,
    columns: Vec<Column>,
    constraints: Vec<Constraint>,
    indexes: Vec<Index>,
    /// Choices that each engine reads in its own way.
    options: usize,
    has_trigger: bool,
}

#[derive(Clone, Debug)]
struct Constraint {
    name: Option<String>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// The numbers of the columns.
    Unique(Vec<usize>),
    /// The number of a column, and a choice.
    Check(usize, usize),
    /// The number of a column, that of a table, and a choice.
    ForeignKey(usize, usize, usize),
}

#[derive(Clone, Debug)]
struct Index {
    name: String,
    columns: Vec<usize>,
    unique: bool,
    /// Choices: partial, expression, descending.
    options: usize,
}

const TABLES: &[&str] = &[
    "users",
    "order",
    "Two Words",
    "it's",
    "naïve",
    "Upper",
    "items",
    "a_rather_long_name_of_a_table_that_a_person_would_hardly_choose",
];

/// Returns the pair of a seed.
pub(super) fn case(engine: Dialect, seed: u64) -> Case {
    let numbers = &mut Numbers::new(seed);
    let from = RandomSchema::new(numbers);
    let mut to = from.clone();
    for _ in 0..=numbers.below(6) {
        to.change(numbers);
    }
    Case {
        id: format!("seed {seed}"),
        engine,
        source: "random".to_owned(),
        from: from.sql(engine),
        to: to.sql(engine),
        rows: from.rows(engine, numbers),
        rows_of_to: to.rows(engine, numbers),
        tier: 1,
        roles: Vec::new(),
        has_all: false,
    }
}

impl RandomSchema {
    fn new(numbers: &mut Numbers) -> Self {
        let mut schema = Self::default();
        for _ in 0..=numbers.below(4) {
            schema.add_table(numbers);
        }
        for _ in 0..numbers.below(3) {
            schema.add_view(numbers);
        }
        schema
    }

    fn add_table(&mut self, numbers: &mut Numbers) {
        let name = numbers.one_of(TABLES);
        if self.tables.iter().any(|table| table.name == name) {
            return;
        }
        let mut table = Table {
            name: name.to_owned(),
            columns: vec![Column::key(numbers)],
            constraints: Vec::new(),
            indexes: Vec::new(),
            options: numbers.below(12),
            has_trigger: numbers.below(5) == 0,
        };
        for _ in 0..=numbers.below(5) {
            table.add_column(numbers);
        }
        self.tables.push(table);
        let at = self.tables.len() - 1;
        for _ in 0..numbers.below(4) {
            self.add_constraint(at, numbers);
        }
        for _ in 0..numbers.below(3) {
            self.add_index(at, numbers);
        }
    }

    /// Returns whether no constraint or index is called so.
    fn is_free(&self, name: &str) -> bool {
        let constraints = self.tables.iter().flat_map(|table| &table.constraints);
        let constraints = constraints.filter_map(|constraint| constraint.name.as_deref());
        let indexes = self.tables.iter().flat_map(|table| &table.indexes);
        let mut names = constraints.chain(indexes.map(|index| index.name.as_str()));
        names.all(|known| known != name)
    }

    fn add_constraint(&mut self, at: usize, numbers: &mut Numbers) {
        let others = self.tables.len();
        let table = &mut self.tables[at];
        let columns = table.columns.len();
        let kind = match numbers.below(4) {
            0 if columns > 2 => {
                Kind::Unique(vec![1 + numbers.below(columns - 1), numbers.below(columns)])
            }
            0 | 1 => Kind::Unique(vec![numbers.below(columns)]),
            2 => Kind::Check(numbers.below(columns), numbers.below(3)),
            _ => Kind::ForeignKey(
                numbers.below(columns),
                numbers.below(others),
                numbers.below(6),
            ),
        };
        let is_twice = matches!(&kind, Kind::Unique(columns) if columns.len() == 2 && columns[0] == columns[1]);
        let is_known = |known: &Constraint| match (&known.kind, &kind) {
            (Kind::ForeignKey(a, ..), Kind::ForeignKey(b, ..)) => a == b,
            (known, kind) => known == kind,
        };
        if is_twice || table.constraints.iter().any(is_known) {
            return;
        }
        let number = numbers.below(1000);
        let name = (numbers.below(2) == 0).then(|| format!("constraint_{number}"));
        if name.as_ref().is_none_or(|name| self.is_free(name)) {
            self.tables[at].constraints.push(Constraint { name, kind });
        }
    }

    fn add_index(&mut self, at: usize, numbers: &mut Numbers) {
        let table = &self.tables[at];
        let name = format!("index_{}_{}", table.indexes.len(), numbers.below(10_000));
        let mut columns = vec![numbers.below(table.columns.len())];
        if numbers.below(3) == 0 {
            let second = numbers.below(table.columns.len());
            columns.extend((second != columns[0]).then_some(second));
        }
        let index = Index {
            name,
            columns,
            unique: numbers.below(4) == 0,
            options: numbers.below(8),
        };
        if self.is_free(&index.name) {
            self.tables[at].indexes.push(index);
        }
    }

    fn add_view(&mut self, numbers: &mut Numbers) {
        let (name, at) = (numbers.below(100), numbers.below(self.tables.len()));
        let name = format!("view_{name}");
        if self.views.iter().all(|(known, ..)| *known != name) {
            self.views.push((name, at, numbers.below(3)));
        }
    }

    /// Makes one change.
    fn change(&mut self, numbers: &mut Numbers) {
        let at = numbers.below(self.tables.len());
        match numbers.below(12) {
            0 => self.add_table(numbers),
            1 if self.tables.len() > 1 => self.drop_table(at),
            2 | 3 => self.tables[at].add_column(numbers),
            4 => self.drop_column(at, numbers),
            5 | 6 => self.tables[at].alter_column(numbers),
            7 => self.add_constraint(at, numbers),
            8 => {
                let constraints = &mut self.tables[at].constraints;
                if !constraints.is_empty() {
                    constraints.remove(numbers.below(constraints.len()));
                }
            }
            9 => self.add_index(at, numbers),
            10 => {
                let table = &mut self.tables[at];
                match numbers.below(3) {
                    0 => table.options = numbers.below(12),
                    1 => table.has_trigger = !table.has_trigger,
                    _ => drop(table.indexes.pop()),
                }
            }
            _ => match numbers.below(2) {
                0 => self.add_view(numbers),
                _ => drop(self.views.pop()),
            },
        }
    }

    fn drop_table(&mut self, at: usize) {
        self.tables.remove(at);
        self.views.retain(|(_, table, _)| *table != at);
        for (_, table, _) in &mut self.views {
            *table -= usize::from(*table > at);
        }
        for table in &mut self.tables {
            table.constraints.retain(|constraint| {
                !matches!(constraint.kind, Kind::ForeignKey(_, parent, _) if parent == at)
            });
            for constraint in &mut table.constraints {
                if let Kind::ForeignKey(_, parent, _) = &mut constraint.kind {
                    *parent -= usize::from(*parent > at);
                }
            }
        }
    }

    /// Drops a column that is not the key, with what mentions it.
    fn drop_column(&mut self, at: usize, numbers: &mut Numbers) {
        let table = &mut self.tables[at];
        if table.columns.len() < 3 {
            return;
        }
        let dropped = 1 + numbers.below(table.columns.len() - 1);
        let name = table.columns[dropped].name;
        let is_needed = |column: &Column| column.generated_from == Some(name);
        if table.columns.iter().any(is_needed) {
            return;
        }
        table.columns.remove(dropped);
        let moved = |column: &mut usize| *column -= usize::from(*column > dropped);
        table
            .constraints
            .retain(|constraint| match &constraint.kind {
                Kind::Unique(columns) => !columns.contains(&dropped),
                Kind::Check(column, _) | Kind::ForeignKey(column, ..) => *column != dropped,
            });
        for constraint in &mut table.constraints {
            match &mut constraint.kind {
                Kind::Unique(columns) => columns.iter_mut().for_each(moved),
                Kind::Check(column, _) | Kind::ForeignKey(column, ..) => moved(column),
            }
        }
        table
            .indexes
            .retain(|index| !index.columns.contains(&dropped));
        for index in &mut table.indexes {
            index.columns.iter_mut().for_each(moved);
        }
    }
}

impl Table {
    fn add_column(&mut self, numbers: &mut Numbers) {
        let known = self.columns.iter();
        let plain: Vec<&'static str> = known
            .filter(|column| column.generated_from.is_none())
            .map(|column| column.name)
            .collect();
        let new = column(&plain, numbers);
        if self.columns.iter().all(|column| column.name != new.name) {
            self.columns.push(new);
        }
    }

    fn alter_column(&mut self, numbers: &mut Numbers) {
        let at = 1 + numbers.below(self.columns.len().max(2) - 1);
        if let Some(column) = self.columns.get_mut(at) {
            column.alter(numbers);
        }
    }
}
