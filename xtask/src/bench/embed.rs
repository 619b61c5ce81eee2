//! What a build script that embeds revisions adds to a build from nothing.

use super::crates::Crate;
use super::place::Place;
use super::rounds::interleaved;
use super::table::{Row, Table};
use super::user_time;
use crate::Result;

const ROUNDS: usize = 5;

pub(super) fn measure(place: &Place) -> Result<Table> {
    let folder = place.folder("embed")?;
    let empty = Crate::empty_script(&folder)?;
    let ours = Crate::embedding_script(&folder)?;
    for one in [&empty, &ours] {
        one.fetch()?;
    }
    let build = |one: &Crate| {
        one.forget()?;
        user_time::of(|| one.build_all())
    };
    let [empty_times, times] = interleaved(ROUNDS, [&mut || build(&empty), &mut || build(&ours)])?;
    Ok(Table {
        title: "build a crate and all that its build script needs from nothing, dev, user time"
            .to_owned(),
        rows: vec![
            Row::ratio("an empty build script", &empty_times, &empty_times),
            Row::ratio("alembic-build, with one revision", &times, &empty_times),
            Row::difference("  what it adds", &times, &empty_times),
        ],
    })
}
