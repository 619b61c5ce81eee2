//! Graphs of revisions in one line.

use crate::{RevisionText, revision};

/// Reads a graph in which revisions are separated by `;`, each written
/// `ID[<-PARENT,PARENT] [[LABEL,LABEL]] [dep NAME,NAME]`, such as
/// `a; b<-a [left]; c<-a; d<-b,c; x dep c`.
///
/// Each revision `a` creates the table `t_a`, and drops it again.
///
/// # Panics
///
/// When the text is not such a graph.
#[must_use]
pub fn graph(text: &str) -> Vec<RevisionText> {
    text.split(';').map(node).collect()
}

fn node(text: &str) -> RevisionText {
    let mut words = text.split_whitespace();
    let first = words.next().expect("a revision has an id");
    let (id, parents) = first.split_once("<-").unwrap_or((first, ""));
    let mut node = revision(id)
        .revises(&parents.replace(',', ", "))
        .upgrade(format!("CREATE TABLE t_{id} (id INTEGER PRIMARY KEY);"))
        .downgrade(format!("DROP TABLE t_{id};"));
    while let Some(word) = words.next() {
        node = match word.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            Some(labels) => node.labels(&labels.replace(',', ", ")),
            None if word == "dep" => {
                let names = words.next().expect("`dep` has names");
                node.depends_on(&names.replace(',', ", "))
            }
            None => panic!("`{word}` is neither a label nor `dep`"),
        };
    }
    node
}
