//! Maps many items on all processors.

use std::panic::resume_unwind;
use std::thread::{available_parallelism, scope};

/// The minimum number of items for a thread: starting a thread takes about as long as reading so
/// many files.
const SHARE: usize = 128;

/// Returns the results of `work` for `items`, in their order.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = match items.len() / SHARE {
        0 | 1 => 1,
        most => available_parallelism().map_or(1, |threads| threads.get().min(most)),
    };
    let share = items.len().div_ceil(threads);
    let mut items = items.into_iter();
    if threads == 1 {
        return items.map(work).collect();
    }
    let work = &work;
    scope(|scope| {
        let own: Vec<T> = items.by_ref().take(share).collect();
        let mut others = Vec::new();
        while items.len() > 0 {
            let part: Vec<T> = items.by_ref().take(share).collect();
            others.push(scope.spawn(move || part.into_iter().map(work).collect::<Vec<R>>()));
        }
        let mut results = Vec::with_capacity(own.len() * threads);
        results.extend(own.into_iter().map(work));
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_what_they_are_made_of() {
        for count in [0, 1, SHARE, 2 * SHARE, 10 * SHARE + 7] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(items, |item| item * 2), doubled);
        }
    }
}
