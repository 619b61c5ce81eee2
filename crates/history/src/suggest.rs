//! Finds the word that was probably meant.

/// Returns those of `candidates` that resemble `word`, the nearest first, three at the most.
///
/// ```
/// let near = alembic_history::nearest("upgrad", ["upgrade", "downgrade", "heads"]);
/// assert_eq!(near, ["upgrade"]);
/// ```
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    nearest_of(word, candidates.into_iter().collect())
}

/// Does the work of [`nearest`], compiled once for all kinds of lists.
fn nearest_of<'a>(word: &str, candidates: Vec<&'a str>) -> Vec<&'a str> {
    let limit = word.chars().count() / 3;
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| may_be_near(word, candidate, limit))
        .filter_map(|candidate| Some((distance(word, candidate, limit)?, candidate)))
        .collect();
    near.sort_unstable();
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Returns whether two words may be as near as `limit`, by two cheap measures: their lengths, and
/// how many letters of the candidate the word lacks.
fn may_be_near(word: &str, candidate: &str, limit: usize) -> bool {
    let bit = |byte: u8| 1_u128 << byte.to_ascii_lowercase();
    let is_missing = |letters: u128, byte: u8| byte.is_ascii() && letters & bit(byte) == 0;
    if candidate.chars().count().abs_diff(word.chars().count()) > limit {
        return false;
    }
    let ascii = word.bytes().filter(u8::is_ascii);
    let letters = ascii.fold(0, |letters, byte| letters | bit(byte));
    let missing = candidate.bytes().filter(|byte| is_missing(letters, *byte));
    missing.count() <= limit
}

/// Counts the insertions, deletions, substitutions and swaps of neighbours between two words, up
/// to `limit`.
fn distance(from: &str, to: &str, limit: usize) -> Option<usize> {
    let from: Vec<char> = from.chars().map(|c| c.to_ascii_lowercase()).collect();
    let to: Vec<char> = to.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut row = vec![0; to.len() + 1];
    for (i, a) in from.iter().enumerate() {
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        // The next rows build on these two, and never fall below them.
        if row.iter().chain(&last).all(|distance| *distance > limit) {
            return None;
        }
        // The oldest row becomes the one to fill.
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    Some(last[to.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_words_come_first() {
        for (word, expected) in [
            ("upgrdae", vec!["upgrade"]),
            ("ugrade", vec!["upgrade"]),
            ("UPGRADE", vec!["upgrade"]),
            ("downgrade", vec!["downgrade"]),
            ("xyz", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(
                nearest(word, ["upgrade", "downgrade"]),
                expected,
                "{word:?}"
            );
        }
    }
}
