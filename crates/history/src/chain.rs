//! Checks that a history has the shape that a build requires.

use crate::settings::Chain;
use crate::{Fault, Finding, FindingKind, History, Node, RevisionId};

impl History {
    /// Checks that the history has one head and, where it must be linear, no branches.
    ///
    /// `package` is the crate's name, for the commands in help texts.
    #[must_use]
    pub fn check_chain(&self, chain: Chain, package: &str) -> Vec<Fault> {
        let graph = self.graph();
        let mut faults = Vec::new();
        let heads: Vec<Node> = graph.heads().collect();
        if let [.., last] = heads.as_slice()
            && heads.len() > 1
        {
            let kind = FindingKind::MultipleHeads {
                heads: graph.ids(&heads),
                package: package.to_owned(),
                chain,
            };
            faults.push(self.fault_at_id(*last, kind));
        }
        if chain == Chain::Merged {
            return faults;
        }
        let bases: Vec<Node> = graph.bases().collect();
        if let [.., last] = bases.as_slice()
            && bases.len() > 1
        {
            let bases = graph.ids(&bases);
            faults.push(self.fault_at_id(*last, FindingKind::MultipleBases { bases }));
        }
        for node in graph.nodes().filter(|node| graph.is_branch_point(*node)) {
            let into: Vec<RevisionId> = graph.ids(graph.children(node));
            let id = graph[node].id.clone();
            faults.push(self.fault_at_id(node, FindingKind::Branch { id, into }));
        }
        faults
    }

    fn fault_at_id(&self, node: Node, kind: FindingKind) -> Fault {
        let file = self.file(node);
        Fault {
            path: file.path.clone(),
            text: file.text.clone(),
            finding: Finding {
                span: file.file.header.id.span,
                kind,
            },
            related: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFile;

    /// Checks the codes for a history written as `id<parent,parent` words.
    fn check(history: &str, linear: &[&str], merged: &[&str]) {
        let files = history.split_whitespace().map(|revision| {
            let (id, parents) = revision.split_once('<').unwrap();
            let text = format!(
                "-- {id}\n-- Revision ID: {id}\n-- Revises: {parents}\n-- alembic: upgrade empty\n"
            );
            SourceFile {
                path: id.into(),
                content: Ok(text.into_bytes()),
            }
        });
        let history = History::new(files, &[]).unwrap();
        let codes = |chain| -> Vec<&str> {
            let faults = history.check_chain(chain, "shop");
            faults
                .iter()
                .map(|fault| fault.finding.kind.code().as_str())
                .collect()
        };
        assert_eq!(codes(Chain::Linear), linear);
        assert_eq!(codes(Chain::Merged), merged);
    }

    #[test]
    fn chains_are_checked() {
        check("", &[], &[]);
        check("a< b<a c<b", &[], &[]);
        check(
            "a< b<a c<a",
            &["multiple-heads", "branch"],
            &["multiple-heads"],
        );
        check("a< b<a c<a m<b,c", &["branch"], &[]);
        check(
            "a< b<",
            &["multiple-heads", "multiple-bases"],
            &["multiple-heads"],
        );
        check("a< b< m<a,b", &["multiple-bases"], &[]);
    }
}
