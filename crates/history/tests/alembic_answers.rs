//! Compares plans with the answers that Alembic itself gave for the same graphs and rows.

#![expect(
    clippy::unwrap_used,
    reason = "what fails to unwrap fails the test, with the place"
)]

use std::collections::BTreeSet;
use std::path::Path;

use alembic_history::{
    BranchLabel, Expression, Graph, Node, PlanError, ResolveError, Revision, RevisionId, RowChange,
    Step,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    project: Option<String>,
    graph: Vec<Declared>,
    heads: Vec<String>,
    bases: Vec<String>,
    branch_points: Vec<String>,
    merge_points: Vec<String>,
    history: Vec<String>,
    queries: Vec<Query>,
}

#[derive(Deserialize)]
struct Declared {
    revision: String,
    down_revision: Vec<String>,
    branch_labels: Vec<String>,
    depends_on: Vec<String>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Upgrade,
    Downgrade,
    Stamp,
}

#[derive(Deserialize, Debug)]
struct Query {
    op: Operation,
    from: Vec<String>,
    to: String,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    rows: Vec<String>,
    error: Option<String>,
    /// What differs from run to run in Alembic itself.
    varies: Option<String>,
}

struct Answer {
    steps: Vec<String>,
    rows: Vec<String>,
}

fn graph(declared: &[Declared]) -> Graph {
    let revisions = declared
        .iter()
        .map(|declared| Revision {
            id: RevisionId::new(&declared.revision).unwrap(),
            down_revisions: declared
                .down_revision
                .iter()
                .map(|id| RevisionId::new(id).unwrap())
                .collect(),
            branch_labels: declared
                .branch_labels
                .iter()
                .map(|label| BranchLabel::new(label).unwrap())
                .collect(),
            depends_on: declared.depends_on.clone(),
            message: String::new(),
        })
        .collect();
    Graph::new(revisions).unwrap()
}

fn ids(graph: &Graph, nodes: impl IntoIterator<Item = Node>) -> Vec<String> {
    let mut ids: Vec<String> = nodes
        .into_iter()
        .map(|node| graph[node].id.to_string())
        .collect();
    ids.sort();
    ids
}

/// Applies the row changes one by one, as a version table would, refusing what it would refuse.
fn apply(
    from: &[Node],
    graph: &Graph,
    changes: impl IntoIterator<Item = RowChange>,
) -> Vec<String> {
    let mut rows: BTreeSet<String> = ids(graph, from.iter().copied()).into_iter().collect();
    let id = |node: Node| graph[node].id.to_string();
    for change in changes {
        let (removed, added) = match change {
            RowChange::Insert(node) => (None, Some(node)),
            RowChange::Delete(node) => (Some(node), None),
            RowChange::Update { from, to } => (Some(from), Some(to)),
        };
        if let Some(node) = removed {
            assert!(rows.remove(&id(node)), "{} is not a row", id(node));
        }
        if let Some(node) = added {
            assert!(rows.insert(id(node)), "{} is a row already", id(node));
        }
    }
    rows.into_iter().collect()
}

fn answer(graph: &Graph, query: &Query) -> Result<Answer, PlanError> {
    let from = graph.rows(&query.from)?;
    let to: Expression = query.to.parse().map_err(ResolveError::Syntax)?;
    let steps = |steps: Vec<Step>, rows: Vec<Node>| {
        let changes: Vec<RowChange> = steps.iter().flat_map(|step| step.rows.clone()).collect();
        assert_eq!(apply(&from, graph, changes), ids(graph, rows), "{query:?}");
        steps
            .into_iter()
            .map(|step| step.revision)
            .collect::<Vec<_>>()
    };
    let (steps, rows) = match query.op {
        Operation::Upgrade => {
            let plan = graph.plan_upgrade(&from, &to)?;
            let order = steps(plan.steps, plan.rows.clone());
            check_order(graph, &order);
            (order, plan.rows)
        }
        Operation::Downgrade => {
            let plan = graph.plan_downgrade(&from, &to)?;
            let mut order = steps(plan.steps, plan.rows.clone());
            order.reverse();
            check_order(graph, &order);
            (order, plan.rows)
        }
        Operation::Stamp => {
            let plan = graph.plan_stamp(&from, &[to])?;
            assert_eq!(
                apply(&from, graph, plan.changes),
                ids(graph, plan.rows.clone())
            );
            (Vec::new(), plan.rows)
        }
    };
    Ok(Answer {
        steps: ids(graph, steps),
        rows: ids(graph, rows),
    })
}

/// Asserts that everything comes after its parents and dependencies.
fn check_order(graph: &Graph, order: &[Node]) {
    for (place, node) in order.iter().enumerate() {
        for required in graph.parents(*node).iter().chain(graph.dependencies(*node)) {
            let found = order.iter().position(|other| other == required);
            assert!(found.is_none_or(|found| found < place));
        }
    }
}

/// The deviations that docs/alembic.md lists; each is checked to be what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deviation {
    /// `-N` with several rows: Alembic takes whichever row the database returns first.
    RelativeDowngradeFromSeveralRows,
    /// `label@base` of a branch that shares its root: Alembic takes the other branches down too.
    BaseOfABranchThatSharesItsRoot,
    /// `stamp -N`: Alembic counts from the heads and, past the base, empties the table.
    RelativeStamp,
    /// `downgrade label@head`: Alembic looks for the head of the whole history.
    DowngradeToTheHeadOfABranch,
    /// `downgrade label@X` with a label that does not exist, or is not X's: Alembic ignores it.
    DowngradeOffTheBranch,
    /// `upgrade label@heads` where one of the heads depends on another.
    HeadsThatImplyEachOther,
    /// `stamp heads`: Alembic loses a row that is one of the heads already, or is on a branch that
    /// has several.
    StampOfSeveralHeads,
    /// A downgrade after which Alembic's rows contradict each other, and it can go no further.
    OverlappingRowsAfterDowngrade,
    /// `stamp label@heads` where one of the heads implies another: Alembic writes both rows.
    StampOfHeadsThatImplyEachOther,
    /// Rows that contradict each other, as Alembic's own commands leave them.
    FromOverlappingRows,
}

fn deviation(graph: &Graph, query: &Query, ours: &Result<Answer, PlanError>) -> Option<Deviation> {
    let expression: Option<Expression> = query.to.parse().ok();
    let branch = expression
        .as_ref()
        .and_then(|expression| expression.branch.as_ref());
    if let Ok(rows) = graph.rows(&query.from) {
        let implies = |row: &Node| {
            let below = graph.required_by(graph.requirements(*row));
            rows.iter().any(|other| below.contains(*other))
        };
        if rows.iter().any(implies) {
            return Some(Deviation::FromOverlappingRows);
        }
    }
    match (ours, &query.op) {
        (Err(PlanError::Resolve(error)), Operation::Downgrade) => match error {
            ResolveError::AmbiguousStart { .. }
                if query.from.len() > 1 && query.to.starts_with('-') =>
            {
                Some(Deviation::RelativeDowngradeFromSeveralRows)
            }
            ResolveError::NotOnBranch { .. } | ResolveError::UnknownRevision { .. } => {
                branch.map(|_| Deviation::DowngradeOffTheBranch)
            }
            ResolveError::MultipleHeads { .. } if query.to.contains("@head") => {
                Some(Deviation::DowngradeToTheHeadOfABranch)
            }
            _ => None,
        },
        (Err(PlanError::SharedRoot { others, .. }), Operation::Downgrade) => {
            assert!(query.to.ends_with("@base"));
            assert!(
                others
                    .iter()
                    .all(|id| query.steps.iter().any(|step| step == id.as_str()))
            );
            Some(Deviation::BaseOfABranchThatSharesItsRoot)
        }
        (Ok(_) | Err(_), Operation::Downgrade) if query.to.contains("@head") => {
            branch.map(|_| Deviation::DowngradeToTheHeadOfABranch)
        }
        (Ok(ours), Operation::Downgrade) => {
            // Theirs are ours, and rows that ours imply.
            let rows = graph.rows(&ours.rows).ok()?;
            let implied = graph.required_by(&rows);
            let theirs = graph.rows(&query.rows).ok()?;
            (theirs.len() > rows.len()
                && theirs.iter().all(|row| implied.contains(*row))
                && rows.iter().all(|row| theirs.contains(row)))
            .then_some(Deviation::OverlappingRowsAfterDowngrade)
        }
        (Err(PlanError::Resolve(ResolveError::NotAllowed { .. })), Operation::Stamp) => {
            let relative = expression.is_some_and(|expression| expression.offset.is_some());
            relative.then_some(Deviation::RelativeStamp)
        }
        (Err(PlanError::OverlappingTargets { .. }), Operation::Stamp) => {
            Some(Deviation::StampOfHeadsThatImplyEachOther)
        }
        (Ok(_), Operation::Stamp) if query.to.ends_with("heads") => {
            Some(Deviation::StampOfSeveralHeads)
        }
        (Ok(_), Operation::Upgrade) if query.error.is_some() && query.to.ends_with("@heads") => {
            Some(Deviation::HeadsThatImplyEachOther)
        }
        _ => None,
    }
}

fn category(error: &PlanError) -> &'static str {
    match error {
        PlanError::Resolve(error) => match error {
            // Alembic cannot locate what is not on the branch, nor what it cannot read.
            ResolveError::UnknownRevision { .. }
            | ResolveError::AmbiguousPrefix { .. }
            | ResolveError::NotOnBranch { .. }
            | ResolveError::NotAllowed { .. } => "unknown-revision",
            ResolveError::MultipleHeads { .. } => "multiple-heads",
            ResolveError::AmbiguousWalk { .. } | ResolveError::AmbiguousStart { .. } => {
                "ambiguous-revision"
            }
            ResolveError::OutOfRange { .. } | ResolveError::WrongWay { .. } => {
                "relative-out-of-range"
            }
            ResolveError::Syntax(_)
            | ResolveError::NotStarted { .. }
            | ResolveError::NotARange { .. } => "other",
        },
        PlanError::NotADowngradeTarget { .. } => "not-downgrade-target",
        PlanError::UnknownRows { .. }
        | PlanError::OverlappingRows { .. }
        | PlanError::SharedRoot { .. }
        | PlanError::OverlappingTargets { .. } => "other",
    }
}

fn sorted(list: &[String]) -> Vec<String> {
    let mut list = list.to_vec();
    list.sort();
    list
}

/// Compares our answers with those in `file` of the fixtures, and how often they deviate.
fn check(file: &str, deviations: &[(Deviation, usize)]) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/alembic");
    assert_eq!(deviations_in(&fixtures.join(file)), deviations);
}

/// Compares our answers with those in a file, and counts where they deviate on purpose.
fn deviations_in(path: &Path) -> Vec<(Deviation, usize)> {
    let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut failures = Vec::new();
    let mut seen: Vec<Deviation> = Vec::new();
    for case in &cases {
        let name = match (&case.project, case.seed) {
            (Some(project), _) => project.clone(),
            (None, seed) => format!("seed {}", seed.unwrap_or_default()),
        };
        let graph = graph(&case.graph);
        let facts = [
            ("heads", ids(&graph, graph.heads()), &case.heads),
            ("bases", ids(&graph, graph.bases()), &case.bases),
            (
                "branch points",
                ids(
                    &graph,
                    graph.nodes().filter(|node| graph.is_branch_point(*node)),
                ),
                &case.branch_points,
            ),
            (
                "merge points",
                ids(
                    &graph,
                    graph.nodes().filter(|node| graph.is_merge_point(*node)),
                ),
                &case.merge_points,
            ),
        ];
        for (fact, ours, alembic) in facts {
            assert_eq!(ours, sorted(alembic), "{name}: {fact}");
        }
        let whole = "base:heads".parse().unwrap();
        let history = graph.range(&whole, None).unwrap();
        assert_eq!(
            ids(&graph, history),
            sorted(&case.history),
            "{name}: history"
        );

        for query in &case.queries {
            let rows_vary = query.varies.as_deref() == Some("rows");
            let ours = answer(&graph, query);
            let agrees = match (&ours, query.error.as_deref()) {
                (Ok(ours), None) => {
                    let steps =
                        matches!(query.op, Operation::Stamp) || ours.steps == sorted(&query.steps);
                    steps && (rows_vary || ours.rows == sorted(&query.rows))
                }
                // The real projects' answers tell no more than the class of Alembic's exception.
                (Err(_), Some(class)) if class.ends_with("Error") => true,
                (Err(error), Some(expected)) => category(error) == expected,
                (Ok(_), Some(_)) | (Err(_), None) => false,
            };
            if agrees {
                continue;
            }
            match deviation(&graph, query, &ours) {
                Some(deviation) => seen.push(deviation),
                None => failures.push(format!(
                    "{name}: {query:?}\n  ours: {}",
                    match ours {
                        Ok(ours) => format!("{:?} -> {:?}", ours.steps, ours.rows),
                        Err(error) => error.to_string(),
                    }
                )),
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
    seen.sort();
    seen.chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len()))
        .collect()
}

#[test]
fn random_graphs() {
    check(
        "traversal.json",
        &[
            (Deviation::RelativeDowngradeFromSeveralRows, 32),
            (Deviation::BaseOfABranchThatSharesItsRoot, 5),
        ],
    );
}

#[test]
fn real_projects() {
    check(
        "real-graphs.json",
        &[(Deviation::RelativeDowngradeFromSeveralRows, 1)],
    );
}

#[test]
fn more_random_graphs() {
    check(
        "more-graphs.json",
        &[
            (Deviation::RelativeDowngradeFromSeveralRows, 13),
            (Deviation::BaseOfABranchThatSharesItsRoot, 9),
            (Deviation::RelativeStamp, 51),
            (Deviation::DowngradeToTheHeadOfABranch, 75),
            (Deviation::DowngradeOffTheBranch, 57),
            (Deviation::HeadsThatImplyEachOther, 4),
            (Deviation::StampOfSeveralHeads, 2),
            (Deviation::OverlappingRowsAfterDowngrade, 2),
            (Deviation::FromOverlappingRows, 1),
        ],
    );
}

/// `cargo xtask plans` has Alembic answer for more graphs; otherwise there is nothing to compare.
#[test]
fn graphs_of_the_environment() {
    let Some(path) = std::env::var_os("ALEMBIC_ANSWERS") else {
        return;
    };
    for (deviation, count) in deviations_in(Path::new(&path)) {
        println!("{count:6} {deviation:?}");
    }
}
