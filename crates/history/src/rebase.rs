//! Plans how revisions are put on top of others.

use std::fmt;

use crate::graph::Edges;
use crate::id::join;
use crate::settings::Chain;
use crate::{Graph, HistoryFile, Node, NodeSet, RevisionId};

/// The revisions that are put on top of others, and what they follow then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebase {
    /// The revision that they are put on.
    pub onto: Node,
    /// Each revision with its new parents, in an order in which parents come first.
    pub moved: Vec<(Node, Vec<RevisionId>)>,
}

/// Why revisions cannot be put on top of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RebaseError {
    /// There are no others.
    NoOthers,
    /// The others have several heads.
    SeveralHeads(Vec<RevisionId>),
    /// The revision to put them on is one of them.
    OntoItself(RevisionId),
    /// The revision to put them on is followed by these.
    NotAHead(RevisionId, Vec<RevisionId>),
}

impl Graph {
    /// Returns `revisions`, and everything that follows them.
    #[must_use]
    pub fn with_followers(&self, revisions: &[Node]) -> NodeSet {
        self.descendants(revisions, Edges::Lineage)
    }

    /// Plans how to put revisions on top of `onto`, or of the one head of all others; `own` holds
    /// everything that follows its members.
    ///
    /// In a linear chain, each of them then follows the one before; else they keep their shape.
    ///
    /// # Errors
    ///
    /// When there is no such head, or several of them.
    pub fn plan_rebase(
        &self,
        own: &NodeSet,
        onto: Option<Node>,
        chain: Chain,
    ) -> Result<Rebase, RebaseError> {
        let is_other = |node: &Node| !own.contains(*node);
        let followers = |node: Node| -> Vec<Node> {
            let children = self.children(node).iter();
            children.filter(|child| is_other(child)).copied().collect()
        };
        let others = self.nodes().filter(is_other);
        let heads: Vec<Node> = others.filter(|node| followers(*node).is_empty()).collect();
        let id = |node: Node| self[node].id.clone();
        let onto = match (onto, heads.as_slice()) {
            (Some(onto), _) if own.contains(onto) => {
                return Err(RebaseError::OntoItself(id(onto)));
            }
            (Some(onto), _) if !heads.contains(&onto) => {
                return Err(RebaseError::NotAHead(id(onto), self.ids(&followers(onto))));
            }
            (Some(onto), _) => onto,
            (None, [head]) => *head,
            (None, []) => return Err(RebaseError::NoOthers),
            (None, heads) => return Err(RebaseError::SeveralHeads(self.ids(heads))),
        };
        let mut moved: Vec<(Node, Vec<RevisionId>)> = Vec::new();
        for node in self.in_order(own) {
            let inside: Vec<Node> = match chain {
                Chain::Linear => moved.last().map(|(last, _)| *last).into_iter().collect(),
                Chain::Merged => {
                    let parents = self.parents(node).iter().copied();
                    parents.filter(|parent| own.contains(*parent)).collect()
                }
            };
            let parents = match inside.as_slice() {
                [] => vec![id(onto)],
                inside => self.ids(inside),
            };
            moved.push((node, parents));
        }
        Ok(Rebase { onto, moved })
    }
}

impl fmt::Display for RebaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOthers => f.write_str("there are no other revisions to put these on"),
            Self::SeveralHeads(heads) => {
                write!(
                    f,
                    "the other revisions have several heads: {}",
                    join(heads, ", ")
                )
            }
            Self::OntoItself(id) => write!(f, "revision {id} cannot be put on itself"),
            Self::NotAHead(id, followers) => {
                write!(f, "revision {id} is followed by {}", join(followers, ", "))
            }
        }
    }
}

impl std::error::Error for RebaseError {}

impl HistoryFile {
    /// Returns the text with these parents and, if it has one, this creation date; everything else
    /// stays byte by byte.
    #[must_use]
    pub fn moved(&self, revises: &[RevisionId], create_date: Option<&str>) -> String {
        let header = &self.file.header;
        let declared: Vec<&RevisionId> = header.revises.iter().map(|named| &named.name).collect();
        let mut changes = Vec::new();
        if declared != revises.iter().collect::<Vec<_>>() {
            changes.push((header.revises_value, join(revises, ", ")));
        }
        if let (Some(span), Some(date)) = (header.create_date_value, create_date) {
            changes.push((span, date.to_owned()));
        }
        // From the end, so that the earlier place stays where it is.
        changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = self.text.to_string();
        for (span, value) in changes {
            let follows_colon = text[..span.start].ends_with(':');
            let space = if follows_colon { " " } else { "" };
            text.replace_range(span.range(), &format!("{space}{value}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{History, SourceFile};

    /// Returns a history written as `id<parent,parent` words.
    fn history(revisions: &str) -> History {
        let files = revisions.split_whitespace().map(|revision| {
            let (id, parents) = revision.split_once('<').unwrap();
            let text = format!(
                "-- {id}\n-- Revision ID: {id}\n-- Revises: {parents}\n-- alembic: upgrade empty\n"
            );
            SourceFile {
                path: id.into(),
                content: Ok(text.into_bytes()),
            }
        });
        History::new(files, &[]).unwrap()
    }

    /// Checks what the revisions that follow `own` follow when they are put on `onto`.
    fn check(revisions: &str, own: &str, onto: &str, chain: Chain, expected: Result<&str, &str>) {
        let history = history(revisions);
        let graph = history.graph();
        let node = |id: &str| graph.node(id).unwrap();
        let own: Vec<Node> = own.split(' ').map(node).collect();
        let onto = (!onto.is_empty()).then(|| node(onto));
        let plan = graph.plan_rebase(&graph.with_followers(&own), onto, chain);
        let moved = plan.map(|plan| {
            let moved = plan.moved.iter();
            let moved =
                moved.map(|(node, parents)| format!("{}<{}", graph[*node].id, join(parents, ",")));
            moved.collect::<Vec<_>>().join(" ")
        });
        let moved = moved.map_err(|error| error.to_string());
        let expected = expected.map(ToOwned::to_owned).map_err(ToOwned::to_owned);
        assert_eq!(moved, expected, "{revisions}");
    }

    #[test]
    fn revisions_are_put_on_top_of_the_others() {
        use Chain::{Linear, Merged};
        check("a< b<a c<a", "c", "", Linear, Ok("c<b"));
        check("a< b<a c<a d<c", "c", "", Linear, Ok("c<b d<c"));
        check("a< b<", "a", "", Linear, Ok("a<b"));
        check("a< b<a c<a d<a", "c d", "", Linear, Ok("c<b d<c"));
        check("a< b<a c<a d<a", "c d", "", Merged, Ok("c<b d<b"));
        check("a< b<a c<a d<b,c", "c", "", Merged, Ok("c<b d<c"));
        check(
            "a< b<a c<a d<a m<c,d",
            "c d",
            "b",
            Merged,
            Ok("c<b d<b m<c,d"),
        );
        check("a< b<a", "b", "", Linear, Ok("b<a"));
        let several = "the other revisions have several heads: b, c";
        check("a< b<a c<a d<a", "d", "", Linear, Err(several));
        check("a< b<a c<a d<a", "d", "c", Linear, Ok("d<c"));
        check(
            "a< b<a",
            "a",
            "",
            Linear,
            Err("there are no other revisions to put these on"),
        );
        check(
            "a< b<a c<a",
            "c",
            "c",
            Linear,
            Err("revision c cannot be put on itself"),
        );
        check(
            "a< b<a c<a",
            "c",
            "a",
            Linear,
            Err("revision a is followed by b"),
        );
    }

    /// Checks the text of a revision that is moved on top of `b2` and dated anew.
    #[test]
    fn only_the_header_is_rewritten() {
        let id = |id: &str| RevisionId::new(id).unwrap();
        for (text, expected) in [
            (
                "-- A\n-- Revision ID: a1\n-- Revises: b1\n",
                "-- A\n-- Revision ID: a1\n-- Revises: b2\n",
            ),
            (
                "-- Revises:\n-- Revision ID: a1",
                "-- Revises: b2\n-- Revision ID: a1",
            ),
            (
                "-- Revises: \n-- Revision ID: a1",
                "-- Revises: b2\n-- Revision ID: a1",
            ),
            (
                "\u{feff}--revises :b1 ,  'c1'\r\n--Create Date: x\r\n-- Revision ID: a1\r\n\r\n-- ü",
                "\u{feff}--revises : b2\r\n--Create Date: now\r\n-- Revision ID: a1\r\n\r\n-- ü",
            ),
            (
                "-- Create Date: x\n-- Revision ID: a1\n-- Revises: b2\n",
                "-- Create Date: now\n-- Revision ID: a1\n-- Revises: b2\n",
            ),
        ] {
            let sections = "\n-- alembic: upgrade empty\n-- Revises: b1 is in a comment\n";
            let (file, _) = crate::RevisionFile::parse(format!("{text}{sections}"), &[]);
            let file = HistoryFile {
                path: "a1.sql".into(),
                text: format!("{text}{sections}").into(),
                file: file.unwrap(),
            };
            let moved = file.moved(&[id("b2")], Some("now"));
            assert_eq!(moved, format!("{expected}{sections}"));
            assert_eq!(
                file.moved(&file.file.revision().down_revisions, None),
                *file.text
            );
        }
    }
}
