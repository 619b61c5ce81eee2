//! Histories so long that work for each revision must not grow with their length: a quadratic walk
//! would take minutes.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

use alembic_history::{
    BranchLabel, Dialect, Expression, Graph, History, Node, Range, Revision, RevisionId, SourceFile,
};

const REVISIONS: usize = 50_000;

fn id(index: usize) -> RevisionId {
    RevisionId::new(format!("r{index}")).unwrap()
}

/// Returns a graph in which the revision at each index follows those that `parents` returns.
fn graph(parents: impl Fn(usize) -> Vec<usize>, change: impl Fn(usize, &mut Revision)) -> Graph {
    let revisions = (0..REVISIONS).map(|index| {
        let parents = parents(index).into_iter().map(id).collect();
        let mut revision = Revision::new(id(index), parents);
        change(index, &mut revision);
        revision
    });
    Graph::new(revisions.collect()).unwrap()
}

fn before(index: usize, distance: usize) -> Vec<usize> {
    index.checked_sub(distance).into_iter().collect()
}

/// Plans the ways up and down, and everything that is shown about the database in between.
fn walk(graph: &Graph) {
    let expression = |text: &str| text.parse::<Expression>().unwrap();
    let heads: Vec<Node> = graph.real_heads().collect();
    let up = graph.plan_upgrade(&[], &expression("heads")).unwrap();
    assert_eq!(up.steps.len(), REVISIONS);
    assert_eq!(up.rows, heads);
    assert_eq!(graph.current(&[]), []);
    assert!(!graph.current(&heads).is_empty());
    assert_eq!(graph.pending(&heads), []);
    assert_eq!(graph.pending(&[]).len(), REVISIONS);
    assert_eq!(graph.newest_first().count(), REVISIONS);
    let range: Range = ":".parse().unwrap();
    assert_eq!(graph.range(&range, None).unwrap().len(), REVISIONS);
    let down = graph.plan_downgrade(&heads, &expression("base")).unwrap();
    assert_eq!(down.steps.len(), REVISIONS);
    assert_eq!(down.rows, []);
    assert_eq!(graph.resume(&down, &heads).steps.len(), REVISIONS);
    graph.plan_stamp(&heads, &[expression("base")]).unwrap();
}

#[test]
fn one_line() {
    walk(&graph(|index| before(index, 1), |_, _| {}));
}

#[test]
fn two_lines_side_by_side() {
    walk(&graph(|index| before(index, 2), |_, _| {}));
}

#[test]
fn lines_that_part_and_join() {
    let parents = |index: usize| match index % 3 {
        _ if index == 0 => vec![],
        0 => vec![index - 2, index - 1],
        1 => vec![index - 1],
        _ => vec![index - 2],
    };
    walk(&graph(parents, |_, _| {}));
}

#[test]
fn a_line_that_depends_on_another() {
    let depend = |index: usize, revision: &mut Revision| {
        if index % 2 == 1 {
            revision.depends_on = vec![format!("r{}", index - 1), "r0".to_owned()];
        }
    };
    walk(&graph(|index| before(index, 2), depend));
}

#[test]
fn many_branches_with_labels() {
    let label = |index: usize, revision: &mut Revision| {
        if index > 0 && index % 5 == 1 {
            revision.branch_labels = vec![BranchLabel::new(format!("l{index}")).unwrap()];
        }
    };
    let parents = |index: usize| match index % 5 {
        _ if index == 0 => vec![],
        1 => vec![0],
        _ => vec![index - 1],
    };
    let graph = graph(parents, label);
    assert_eq!(
        graph.children(graph.node("r0").unwrap()).len(),
        REVISIONS / 5
    );
    assert_eq!(graph.labels(graph.node("r9").unwrap()).len(), 1);
    assert_eq!(graph.newest_first().count(), REVISIONS);
    assert_eq!(graph.pending(&[]).len(), REVISIONS);
}

/// Each fault names the file that had its id first.
#[test]
fn every_id_twice() {
    let file = |index: usize, copy: &str| {
        SourceFile {
        path: format!("{copy}/{index:05}.sql").into(),
        content: Ok(format!(
            "-- Revision\n-- Revision ID: r{index}\n-- Revises: {}\n\n-- alembic: upgrade\nSELECT 1;\n",
            index.checked_sub(1).map_or(String::new(), |parent| format!("r{parent}"))
        )
        .into_bytes()),
    }
    };
    let copies = ["a", "b"].into_iter();
    let files = copies.flat_map(|copy| (0..REVISIONS).map(move |index| file(index, copy)));
    let error = History::new(files, &[Dialect::Sqlite]).unwrap_err();
    assert_eq!(error.faults.len(), REVISIONS);
    for (index, fault) in error.faults.iter().enumerate() {
        let related = fault.related.as_ref().unwrap();
        assert_eq!(related.path.to_str().unwrap(), format!("a/{index:05}.sql"));
    }
}
