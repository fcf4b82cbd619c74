//! Filter for field names. It is run on every field of every response, so it reads only one pair of letters in four.

use super::codes;

/// Words of which every known name contains at least one. No two words have a pair of letters in common.
const WORDS: [&[u8; LEN]; 4] = [b"limit", b"retry", b"quota", b"maini"];
const LEN: usize = 5;
/// Distance of the pairs that are read. A word of five letters contains exactly one of them.
const STRIDE: usize = LEN - 1;
/// Length of the shortest known name, `ratelimit`.
const SHORTEST: usize = 9;
/// Beginnings of names without such a word: Binance's counters, and some of Anthropic's fields.
const BEGINNINGS: [[u8; STRIDE]; 2] = [*b"x-mb", *b"anth"];

/// Table from the index of a pair to the word and the position in it, counted from 1. 0: in no word.
static PLACES: [u8; 1024] = places();

/// Returns whether a name, in lower case, may be about limits or retries.
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

/// Returns whether the name contains the whole word at the position of the pair.
#[inline]
fn is_word(name: &[u8], pair: usize, place: u8) -> bool {
    let place = usize::from(place - 1);
    let start = pair.wrapping_sub(place % STRIDE);
    name.get(start..).and_then(<[u8]>::first_chunk) == Some(WORDS[place / STRIDE])
}

/// Returns the index of a pair of lower-case letters or hyphens. Few other pairs share the index of a pair in a word.
const fn index(first: u8, second: u8) -> usize {
    (first as usize & 31) << 5 | (second as usize & 31)
}

/// Computes the table.
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
