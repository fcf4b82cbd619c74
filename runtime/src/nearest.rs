//! The known name that a misspelt one is nearest to.

/// Letters up to which names are compared: no known name is longer, and texts of strangers can be.
const MOST_LETTERS: usize = 64;

/// Returns the name that differs least from `word`, if it differs by one letter, or in long names by two.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word = letters(word)?;
    names
        .into_iter()
        .filter_map(|name| Some((distance(&word, &letters(name)?), name)))
        .filter(|&(distance, name)| distance <= if name.len() < 5 { 1 } else { 2 })
        .min()
        .map(|(_, name)| name)
}

/// Returns ", did you mean `name`?", or nothing.
pub(crate) fn advice<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let found = nearest(word, names);
    found.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// Returns the beginning of a name, as far as an error has room for it.
pub(crate) fn short(name: &str) -> String {
    if name.chars().nth(MOST_LETTERS).is_none() {
        return name.to_owned();
    }
    name.chars().take(MOST_LETTERS).chain(['…']).collect()
}

fn letters(word: &str) -> Option<Vec<char>> {
    let letters: Vec<_> = word.chars().take(MOST_LETTERS + 1).collect();
    let is_short = letters.len() <= MOST_LETTERS;
    is_short.then(|| {
        letters
            .into_iter()
            .map(|it| it.to_ascii_lowercase())
            .collect()
    })
}

/// Counts the letters to add, drop, change or swap with the next, so that one word becomes the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut above: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.iter().enumerate() {
        let mut row = vec![at + 1];
        for (column, other) in to.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut best = changed.min(last[column + 1] + 1).min(row[column] + 1);
            let swapped =
                at > 0 && column > 0 && from[at - 1] == *other && *letter == to[column - 1];
            if swapped {
                best = best.min(above[column - 1] + 1);
            }
            row.push(best);
        }
        above = core::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["rate", "burst", "limits", "max_concurrency"];

    #[test]
    fn slips_find_their_key() {
        for (word, right) in [
            ("brust", "burst"),
            ("rat", "rate"),
            ("Rate", "rate"),
            ("limit", "limits"),
            ("max_concurency", "max_concurrency"),
        ] {
            assert_eq!(nearest(word, KEYS), Some(right), "{word}");
        }
    }

    #[test]
    fn other_words_find_none() {
        let long = "é".repeat(1_000_000);
        for word in ["", "x", "colour", &long] {
            assert_eq!(nearest(word, KEYS), None);
        }
    }
}
