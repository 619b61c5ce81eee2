//! PostgreSQL, whose versions nothing is checked for.

use super::Rules;

pub(super) static RULES: Rules = Rules {
    find: |_, _, _| Vec::new(),
};
