//! Measures contenders in turns, and compares them round by round.

use std::time::{Duration, Instant};

use crate::Result;

/// Something to measure: runs once, and returns how long what counts of it took.
pub(super) type Contender<'c> = &'c mut dyn FnMut() -> Result<Duration>;

/// The times of one contender, one per round.
pub(super) struct Times(Vec<Duration>);

/// Measures `contenders` in turns, after a round that warms up and does not count.
pub(super) fn interleaved<const N: usize>(
    rounds: usize,
    contenders: [Contender<'_>; N],
) -> Result<[Times; N]> {
    let times = interleave(rounds, contenders.into())?;
    times
        .try_into()
        .map_err(|_| "there are other times than contenders".into())
}

/// Does the same for contenders whose number depends on the machine.
pub(super) fn interleave(rounds: usize, mut contenders: Vec<Contender<'_>>) -> Result<Vec<Times>> {
    let mut times: Vec<Times> = contenders.iter().map(|_| Times(Vec::new())).collect();
    for round in 0..=rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let took = contender()?;
            if round > 0 {
                times.0.push(took);
            }
        }
    }
    Ok(times)
}

/// Measures `work`, but not how long it takes to drop what it returns.
pub(super) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let start = Instant::now();
    let value = work()?;
    let took = start.elapsed();
    drop(std::hint::black_box(value));
    Ok(took)
}

impl Times {
    /// Returns the median time.
    pub(super) fn median(&self) -> Duration {
        Duration::from_secs_f64(median(self.0.iter().map(Duration::as_secs_f64)))
    }

    /// Returns the median of how many times as long as `other` this took in the same round.
    pub(super) fn ratio_to(&self, other: &Times) -> f64 {
        let rounds = self.0.iter().zip(&other.0);
        median(rounds.map(|(ours, other)| ours.as_secs_f64() / other.as_secs_f64()))
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_rounds() {
        let times =
            |times: &[u64]| Times(times.iter().map(|ms| Duration::from_millis(*ms)).collect());
        // The machine was busy during the second round.
        let bound = times(&[10, 100, 10]);
        let ours = times(&[20, 200, 30]);
        assert_eq!(ours.median(), Duration::from_millis(30));
        assert!((ours.ratio_to(&bound) - 2.0).abs() < 1e-9);
        assert!((times(&[10, 20]).ratio_to(&times(&[10, 10])) - 1.5).abs() < 1e-9);
    }
}
