//! The order in which tables can be created.

use std::collections::BTreeMap;

use crate::link::{LinkedRule, LinkedTable};

/// A table's schema and name.
pub(crate) type Address<'k> = (Option<&'k str>, &'k str);

pub(crate) fn address<'k>(table: &LinkedTable<'k>) -> Address<'k> {
    (table.model.schema.as_deref(), &table.model.name)
}

/// Returns the tables that a table's foreign keys lead to.
fn targets<'t, 'k>(table: &'t LinkedTable<'k>) -> impl Iterator<Item = Address<'k>> + 't {
    table.constraints.iter().filter_map(|one| match &one.rule {
        LinkedRule::ForeignKey { target, .. } => Some((target.schema, target.table)),
        LinkedRule::PrimaryKey(_) | LinkedRule::Unique { .. } | LinkedRule::Check { .. } => None,
    })
}

/// Returns the places of the tables in the order of their creation: each after those that it refers
/// to, as far as they do not refer to each other, and otherwise by name.
pub(crate) fn creation_order(tables: &[LinkedTable<'_>]) -> Vec<usize> {
    let mut places: BTreeMap<Address<'_>, usize> = BTreeMap::new();
    for (place, table) in tables.iter().enumerate() {
        places.insert(address(table), place);
    }
    let mut order = Order {
        tables,
        places: &places,
        visited: vec![false; tables.len()],
        found: Vec::new(),
    };
    for place in places.values() {
        if !order.visited[*place] {
            order.visit(*place);
        }
    }
    order.found
}

struct Order<'t, 'k> {
    tables: &'t [LinkedTable<'k>],
    places: &'t BTreeMap<Address<'k>, usize>,
    visited: Vec<bool>,
    found: Vec<usize>,
}

impl Order<'_, '_> {
    /// Adds the tables that a table refers to, and then the table. The stack holds the tables on
    /// the way with those that are left to visit of each.
    fn visit(&mut self, place: usize) {
        let mut stack = vec![(place, self.next(place))];
        self.visited[place] = true;
        while let Some((place, left)) = stack.last_mut() {
            match left.pop() {
                Some(next) if !self.visited[next] => {
                    self.visited[next] = true;
                    let left = self.next(next);
                    stack.push((next, left));
                }
                Some(_) => {}
                None => {
                    self.found.push(*place);
                    stack.pop();
                }
            }
        }
    }

    /// Returns the tables that a table refers to, the last by name first.
    fn next(&self, place: usize) -> Vec<usize> {
        let mut targets: Vec<Address<'_>> = targets(&self.tables[place]).collect();
        targets.sort_unstable();
        targets.dedup();
        let known = targets.iter().rev();
        known
            .filter_map(|target| self.places.get(target).copied())
            .collect()
    }
}
