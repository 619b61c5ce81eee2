//! Building a crate that embeds many revisions, and what it takes with other libraries.
//!
//! Only the crate itself is built: its dependencies are there already. What is compared with comes
//! from crates.io, so this needs the network.

use super::crates::{Crate, Profile, State};
use super::place::Place;
use super::rounds::interleaved;
use super::table::{Row, Table};
use crate::Result;

const REVISIONS: usize = 1_000;
const ROUNDS: usize = 3;

/// What others take, as times what we take: we are faster than each of them.
const GOAL: f64 = 1.0;

const FLOOR: &str = "an empty crate, without a build script";
const OURS: &str = "alembic-build and `include_migrations!`";
const SQLX: &str = "sqlx: `migrate!`";
const REFINERY: &str = "refinery: `embed_migrations!`";

pub(super) fn measure(place: &Place, mut show: impl FnMut(Table)) -> Result<()> {
    let folder = place.folder("build")?;
    let floor = Crate::floor(&folder)?;
    let ours = Crate::ours(&folder, REVISIONS)?;
    let sqlx = Crate::sqlx(&folder, REVISIONS)?;
    let refinery = Crate::refinery(&folder, REVISIONS)?;
    let crates = [&floor, &ours, &sqlx, &refinery];
    for one in crates {
        one.fetch()?;
    }

    for state in [State::Clean, State::Edited, State::Unchanged] {
        show(all(state, [&floor, &ours, &sqlx, &refinery])?);
    }
    for state in [State::Clean, State::Edited] {
        show(optimized(state, [&floor, &ours, &sqlx])?);
    }

    // The folder has another name next time: what was built in it would stay for good.
    for one in crates {
        one.clean(Profile::Dev)?;
        one.clean(Profile::Release)?;
    }
    Ok(())
}

/// Measures all of them, in development builds.
fn all(state: State, [floor, ours, sqlx, refinery]: [&Crate; 4]) -> Result<Table> {
    let build = |one: &Crate| one.build(Profile::Dev, state);
    let [floor, ours, sqlx, refinery] = interleaved(
        ROUNDS,
        [
            &mut || build(floor),
            &mut || build(ours),
            &mut || build(sqlx),
            &mut || build(refinery),
        ],
    )?;
    Ok(Table {
        title: format!("build a crate with {REVISIONS} revisions, dev, {state}"),
        rows: vec![
            Row::ratio(FLOOR, &floor, &ours),
            Row::ratio(OURS, &ours, &ours),
            Row::ratio(SQLX, &sqlx, &ours).more_than(GOAL),
            Row::ratio(REFINERY, &refinery, &ours).more_than(GOAL),
        ],
    })
}

/// Measures builds with optimizations, without refinery: one of those takes more than a minute.
fn optimized(state: State, [floor, ours, sqlx]: [&Crate; 3]) -> Result<Table> {
    let build = |one: &Crate| one.build(Profile::Release, state);
    let [floor, ours, sqlx] = interleaved(
        ROUNDS,
        [&mut || build(floor), &mut || build(ours), &mut || {
            build(sqlx)
        }],
    )?;
    Ok(Table {
        title: format!(
            "build a crate with {REVISIONS} revisions, release, {state} \
             (without refinery: too slow)"
        ),
        rows: vec![
            Row::ratio(FLOOR, &floor, &ours),
            Row::ratio(OURS, &ours, &ours),
            Row::ratio(SQLX, &sqlx, &ours).more_than(GOAL),
        ],
    })
}
