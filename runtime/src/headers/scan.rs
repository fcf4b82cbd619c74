//! The sieve: which of a response's field names are worth a second look. It sees every field of
//! every response, so it looks at every second pair of letters and no more.

use super::codes;

/// Every name that we know holds one of these words, or a part of one. No two of them have a pair of
/// letters in common.
const WORDS: [&[u8; LEN]; 4] = [b"limit", b"retry", b"quota", b"maini"];
const LEN: usize = 5;
const STRIDE: usize = LEN - 1;
/// None is shorter than `ratelimit`.
const SHORTEST: usize = 9;
/// Binance's counters hold none of them, and neither do all of Anthropic's fields.
const BEGINNINGS: [[u8; STRIDE]; 2] = [*b"x-mb", *b"anth"];

/// For each pair of letters, the word that it occurs in and its place there, counted from 1.
static PLACES: [u8; 1024] = places();

/// Whether a name, in lower case, may be about limits or retries.
#[inline]
pub(super) fn may_matter(name: &[u8]) -> bool {
    if name.len() < SHORTEST {
        return false;
    }
    // Five letters in a row hold exactly one pair that begins at a multiple of four.
    let mut chunks = name.chunks_exact(STRIDE);
    let mut at = 0;
    for chunk in &mut chunks {
        let place = PLACES[index(chunk[0], chunk[1])];
        if place != 0 && is_word(name, at, place) {
            return true;
        }
        at += STRIDE;
    }
    if let [first, second, ..] = *chunks.remainder() {
        let place = PLACES[index(first, second)];
        if place != 0 && is_word(name, at, place) {
            return true;
        }
    }
    name.first_chunk().is_some_and(|start| {
        BEGINNINGS.contains(start) || (start == codes::START && codes::is_field(name))
    })
}

/// Whether the word that has the pair is there.
#[inline]
fn is_word(name: &[u8], pair: usize, place: u8) -> bool {
    let place = usize::from(place - 1);
    let start = pair.wrapping_sub(place % STRIDE);
    name.get(start..).and_then(<[u8]>::first_chunk) == Some(WORDS[place / STRIDE])
}

/// Spreads pairs of small letters and hyphens so that those of the words are met by few others.
const fn index(first: u8, second: u8) -> usize {
    (first as usize & 31) << 5 | (second as usize & 31)
}

const fn places() -> [u8; 1024] {
    let mut places = [0; 1024];
    let mut word = 0;
    while word < WORDS.len() {
        let mut place = 0;
        while place < STRIDE {
            let index = index(WORDS[word][place], WORDS[word][place + 1]);
            assert!(places[index] == 0, "a pair stands for one word");
            #[expect(clippy::cast_possible_truncation, reason = "16 at most")]
            {
                places[index] = (word * STRIDE + place + 1) as u8;
            }
            place += 1;
        }
        word += 1;
    }
    places
}
