//! Copying the rows in portions, which shows how far it is.

use alembic_sql::{Dialect, Tokens};

use super::planner::{Aside, Planner};
use crate::sqlite::draft::Source;

/// How many rowids a table must span so that its rows are copied in portions.
const MANY: i128 = 100_000;

/// How many portions there are then.
const PORTIONS: i128 = 100;

/// How the rows are copied in portions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portions {
    /// The table that they are in, qualified.
    from: String,
    /// The name of its rowid.
    rowid: String,
}

impl Portions {
    /// Returns the query for the lowest and the highest rowid; both are NULL if there are no rows.
    #[must_use]
    pub fn bounds(&self) -> String {
        let Self { from, rowid } = self;
        // Together in one aggregate, they would not be looked up but searched for.
        format!("SELECT (SELECT min({rowid}) FROM {from}), (SELECT max({rowid}) FROM {from})")
    }

    /// Returns the statements that copy the rows one portion after the other, from the statement that
    /// copies all of them; nothing if there are too few rowids between these bounds.
    #[must_use]
    pub fn statements(&self, copy: &str, (lowest, highest): (i64, i64)) -> Vec<String> {
        let rowid = &self.rowid;
        let (lowest, span) = (i128::from(lowest), i128::from(highest) - i128::from(lowest));
        if span < MANY {
            return Vec::new();
        }
        // The first and the last portion are open, so that no row can be outside of all of them.
        let portions = (1..=PORTIONS).map(|number| {
            let end = |number| lowest + span * number / PORTIONS;
            let after = (number > 1).then(|| format!("{rowid} > {}", end(number - 1)));
            let up_to = (number < PORTIONS).then(|| format!("{rowid} <= {}", end(number)));
            let conditions: Vec<String> = after.into_iter().chain(up_to).collect();
            format!("{copy} WHERE {}", conditions.join(" AND "))
        });
        portions.collect()
    }
}

impl Planner<'_> {
    /// Returns how the rows can be copied in portions, if they can.
    pub(super) fn portions(&self, aside: &Aside) -> Option<Portions> {
        let rowid = aside.rowid.as_ref().filter(|_| aside.is_moved)?;
        // A query could see the rows of the portions before.
        let is_of_row = |source: &Source| match source {
            Source::Expression(expression) => !has_query(expression),
            Source::Column(_) | Source::Default => true,
        };
        self.draft.sources.iter().all(is_of_row).then(|| Portions {
            from: self.qualified(&aside.name),
            rowid: rowid.clone(),
        })
    }
}

fn has_query(expression: &str) -> bool {
    let mut tokens = Tokens::new(expression, Dialect::Sqlite).without_trivia();
    tokens.any(|token| {
        let word = token.span.text(expression);
        ["SELECT", "VALUES", "WITH"]
            .iter()
            .any(|first| word.eq_ignore_ascii_case(first))
    })
}
