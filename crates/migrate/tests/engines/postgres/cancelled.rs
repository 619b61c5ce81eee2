//! Futures of runs that are dropped before they are ready.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::scene::scenes;
use super::{
    Open, POSTGRES, Scratch, Via, block_on, chain, in_transaction, locks, wait_until_alone,
};
use alembic_suite::{Database, Handle, check_log};

/// When a future is dropped.
#[derive(Clone, Copy, Debug)]
enum Drop {
    /// Having been polled so often: what it has asked for is on its way.
    Polled(usize),
    /// When it would be polled once more: what it has asked for is answered.
    Woken(usize),
    After(Duration),
}

/// Returns the outcome, unless the future is dropped before.
async fn dropped<T>(future: impl Future<Output = T>, when: Drop) -> Option<T> {
    let mut future = pin!(future);
    let limited = |polls: usize, at_once: bool| {
        let mut left = polls;
        poll_fn(move |context| {
            if left > 0 {
                left -= 1;
                if let Poll::Ready(outcome) = future.as_mut().poll(context) {
                    return Poll::Ready(Some(outcome));
                }
                if left > 0 || !at_once {
                    return Poll::Pending;
                }
            }
            Poll::Ready(None)
        })
    };
    match when {
        Drop::Polled(polls) => limited(polls, true).await,
        Drop::Woken(polls) => limited(polls, false).await,
        Drop::After(time) => tokio::time::timeout(time, limited(usize::MAX, false))
            .await
            .ok()
            .flatten(),
    }
}

/// Counts how often a future is polled, and takes its time.
fn measure<T>(future: impl Future<Output = T>) -> (usize, Duration, T) {
    let mut future = pin!(future);
    let mut polls = 0;
    let begin = Instant::now();
    let outcome = block_on(poll_fn(|context| {
        polls += 1;
        future.as_mut().poll(context)
    }));
    (polls, begin.elapsed(), outcome)
}

/// How many moments of each kind are tried in each scene.
const MOMENTS: usize = 3;

/// Returns moments all over a run, others for each `seed`.
fn moments(polls: usize, took: Duration, seed: usize) -> Vec<Drop> {
    let polls = u32::try_from(polls).unwrap();
    let parts = u32::try_from(MOMENTS * 8).unwrap();
    let all = (0..parts).skip(seed % 8).step_by(8);
    let moments = all.flat_map(|part| {
        let polled = (polls * part / parts + 1) as usize;
        let woken = (polls * (part + 4) / parts) as usize;
        [
            Drop::Polled(polled),
            Drop::Woken(woken),
            Drop::After(took * part / parts),
        ]
    });
    moments.collect()
}

fn check(via: Via) {
    let mut scratch = Scratch::new(via, "");
    for (seed, scene) in scenes(via).into_iter().enumerate() {
        let migrations = scene.migrations();
        let states = scene.states(&mut scratch);
        let last = states.last().unwrap();
        scratch.refill(scene.before());
        let mut database = scratch.open();
        let (polls, took, undisturbed) = measure(scene.begin(&migrations, &mut database));
        undisturbed.unwrap();
        assert_eq!(scratch.dump(), *last, "{via:?} {scene:?}");
        drop(database);
        let mut dropped_runs = 0;
        for when in moments(polls, took, seed) {
            let context = format!("{via:?}, {scene:?}, dropped {when:?}");
            scratch.refill(scene.before());
            let mut database = scratch.open();
            let outcome = block_on(dropped(scene.begin(&migrations, &mut database), when));
            dropped_runs += usize::from(outcome.is_none());
            if let Open::Connection(connection) = &mut database {
                // Its next use rolls back.
                assert!(!block_on(in_transaction(connection)), "{context}");
            } else {
                wait_until_alone(&scratch, &database);
            }
            assert_eq!(locks(&scratch), "", "{context}");
            let found = scratch.dump();
            assert!(states.contains(&found), "{context}: {found}");
            check_log(&*scratch, &context);
            scene.finish(&scratch, &mut database, last, &context);
        }
        assert!(dropped_runs >= MOMENTS, "{via:?} {scene:?}");
    }
}

#[test]
fn a_run_that_is_dropped_leaves_what_it_has_committed() {
    for via in POSTGRES {
        check(via);
    }
}

#[test]
fn a_run_may_be_dropped_while_it_waits() {
    let before = "CREATE TABLE a (x int); CREATE TABLE done (x int)";
    let insert = "-- alembic: upgrade\nINSERT INTO done VALUES (1);";
    for via in POSTGRES {
        for (waits, second) in [
            // For somebody else's lock; it would fail after three seconds.
            ("LOCK TABLE a", "LOCK TABLE a"),
            // For a statement that is going to fail.
            ("SELECT 1 / length(pg_sleep(0.3)::text)", "SELECT 1"),
        ] {
            let scratch = Scratch::new(via, before);
            let mut other = scratch.client();
            other.batch_execute("BEGIN; LOCK TABLE a").unwrap();
            let migrations =
                |second: &str| chain(&[insert, &format!("-- alembic: upgrade\n{second};")]);
            let mut database = scratch.open();
            let waiting = migrations(waits);
            let run = database.begin_upgrade(&waiting);
            let when = Drop::After(Duration::from_millis(200));
            assert!(block_on(dropped(run, when)).is_none(), "{via:?}: {waits}");
            drop(other);
            let report = database.upgrade(&migrations(second), "heads");
            let report = report.unwrap_or_else(|error| panic!("{via:?}: {waits}: {error}"));
            assert_eq!(report.steps.len(), 2, "{via:?}: {waits}");
            assert_eq!(scratch.rows("SELECT * FROM done"), "1\n", "{via:?}");
        }
    }
}
