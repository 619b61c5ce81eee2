//! PostgreSQL: what its catalogs say, and the statements that change its objects.

mod cast;
mod comment;
mod create;
mod dependents;
mod drop;
mod facts;
mod kept;
mod lasting;
mod moves;
mod name;
mod partial;
mod privileges;
mod queries;
mod reflect;
mod rename;
mod sequence;
#[cfg(test)]
mod tests;
mod transition;
mod unqualified;

use std::borrow::Cow;

use crate::room::Room;

/// What PostgreSQL says to the questions about schemas.
pub(crate) static ROOM: Room = Room {
    queries: queries::QUERIES,
    reflect: reflect::reflect,
    aligned: |_, to| Cow::Borrowed(to),
    folded: str::to_owned,
    fits: partial::fits,
    settled: |_, whole| whole,
    moves: moves::moves,
    lasting: lasting::lasting,
    is_part: |_| false,
    transition: transition::transition,
    must_go: dependents::must_go,
    loses_its_key: |_, _, _, _| true,
    covers: dependents::covers,
    create: create::create,
    drops_with: drop::drops_with,
    drop: drop::drop,
    renamed: rename::renamed,
    polish: |changes, from, to| {
        privileges::say_lost(changes, from);
        unqualified::unqualify(changes, from, to);
    },
    numbered: |_| None,
    how_to_number: transition::how_to_number,
};
