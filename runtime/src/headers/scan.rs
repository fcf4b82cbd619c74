//! The sieve: which of a response's field names are worth a second look. It sees every field of
//! every response, so it reads about every fifth byte.

/// Every name that we know holds one of these words.
const WORDS: [&[u8; LEN]; 3] = [b"limit", b"retry", b"quota"];
/// None is shorter than `ratelimit`.
const SHORTEST: usize = 9;
/// Binance's counters hold none of them.
const BINANCE: &[u8] = b"x-mbx-";
const LEN: usize = 5;

/// For each byte, at which places of the words it occurs, as bits.
static PLACES: [u8; 256] = places();

/// Whether a name, in lower case, may be about limits or retries.
pub(super) fn may_matter(name: &[u8]) -> bool {
    if name.len() < SHORTEST {
        return false;
    }
    // A word of five letters covers exactly one of these positions.
    let mut at = LEN - 1;
    while at < name.len() {
        let mut places = PLACES[usize::from(name[at])];
        while places != 0 {
            let place = places.trailing_zeros() as usize;
            if is_word(name, at - place) {
                return true;
            }
            places &= places - 1;
        }
        at += LEN;
    }
    name.starts_with(BINANCE)
}

fn is_word(name: &[u8], start: usize) -> bool {
    let Some(word) = name[start..].first_chunk() else {
        return false;
    };
    WORDS.contains(&word)
}

const fn places() -> [u8; 256] {
    let mut places = [0; 256];
    let mut word = 0;
    while word < WORDS.len() {
        let mut place = 0;
        while place < LEN {
            places[WORDS[word][place] as usize] |= 1 << place;
            place += 1;
        }
        word += 1;
    }
    places
}
