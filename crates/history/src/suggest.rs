//! Finds the word that somebody probably meant.

/// Returns those of `candidates` that resemble `word`, the nearest first, three at the most.
///
/// ```
/// let near = alembic_history::nearest("upgrad", ["upgrade", "downgrade", "heads"]);
/// assert_eq!(near, ["upgrade"]);
/// ```
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = word.chars().count() / 3;
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(word.chars().count()) <= limit)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Counts the insertions, deletions, substitutions and swaps of neighbours between two words.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().flat_map(char::to_lowercase).collect();
    let to: Vec<char> = to.chars().flat_map(char::to_lowercase).collect();
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
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
