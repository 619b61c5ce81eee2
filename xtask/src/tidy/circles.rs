//! Finds source files that import each other in a circle.
//!
//! A module and the modules below it belong together: where a file imports one of a module below
//! its own, that does not count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::imports::{Crate, ModulePath};

type Graph = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

/// Returns the shortest circles through each import, such as `a -> b -> a`.
pub(super) fn circles(krate: &Crate) -> Vec<String> {
    let mut graph = krate.imports();
    for (from, to) in &mut graph {
        to.retain(|to| !to.starts_with(from));
    }
    let mut found = BTreeSet::new();
    for (from, imported) in &graph {
        for to in imported {
            if let Some(back) = shortest_path(&graph, to, from) {
                found.insert(rotated(back));
            }
        }
    }
    found.iter().map(|circle| shown(circle)).collect()
}

/// Returns the files on the shortest way from one file to another, both included.
fn shortest_path<'g>(
    graph: &'g Graph,
    from: &'g ModulePath,
    to: &ModulePath,
) -> Option<Vec<&'g ModulePath>> {
    let mut reached_from = BTreeMap::from([(from, from)]);
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            let mut path = vec![at];
            while *path.last()? != from {
                path.push(reached_from[path.last()?]);
            }
            path.reverse();
            return Some(path);
        }
        for next in graph.get(at).into_iter().flatten() {
            if !reached_from.contains_key(next) {
                reached_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// Lets a circle begin with its first name, so that it is found once.
fn rotated(mut circle: Vec<&ModulePath>) -> Vec<&ModulePath> {
    let first = circle.iter().enumerate().min_by_key(|(_, name)| **name);
    if let Some((at, _)) = first {
        circle.rotate_left(at);
    }
    circle
}

fn shown(circle: &[&ModulePath]) -> String {
    let names = circle.iter().chain(circle.first());
    let names = names.map(|module| match module.as_slice() {
        [] => "crate".to_owned(),
        module => module.join("::"),
    });
    names.collect::<Vec<_>>().join(" -> ")
}

#[cfg(test)]
mod tests;
