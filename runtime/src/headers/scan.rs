//! The sieve: which of a response's field names are worth a second look. It sees every field of
//! every response, so it looks at every second pair of letters and no more.

/// Every name that we know holds one of these words, or a part of one.
const WORDS: [&[u8; LEN]; 5] = [b"limit", b"retry", b"quota", b"remai", b"token"];
const LEN: usize = 5;
const STRIDE: usize = LEN - 1;
/// None is shorter than `ratelimit`.
const SHORTEST: usize = 9;
/// Binance's counters hold none of them.
const BINANCE: &[u8] = b"x-mbx-";

/// For each pair of letters, at which places of the words it occurs, as bits.
static PLACES: [u8; 1024] = places();

/// Whether a name, in lower case, may be about limits or retries.
pub(super) fn may_matter(name: &[u8]) -> bool {
    if name.len() < SHORTEST {
        return false;
    }
    // Five letters in a row hold exactly one pair that begins at a multiple of four.
    let mut rest = name;
    while let [first, second, ..] = *rest {
        let places = PLACES[index(first, second)];
        if places != 0 && is_word(name, name.len() - rest.len(), places) {
            return true;
        }
        rest = rest.get(STRIDE..).unwrap_or_default();
    }
    name.starts_with(BINANCE)
}

/// Whether one of the words has the pair at one of these places.
#[cold]
fn is_word(name: &[u8], pair: usize, places: u8) -> bool {
    let word = |place: usize| name.get(pair.checked_sub(place)?..)?.first_chunk();
    let here = |place: &usize| places >> *place & 1 == 1;
    (0..STRIDE)
        .filter(here)
        .filter_map(word)
        .any(|word| WORDS.contains(&word))
}

/// The last five bits are enough to tell letters apart.
const fn index(first: u8, second: u8) -> usize {
    (first as usize & 31) << 5 | (second as usize & 31)
}

const fn places() -> [u8; 1024] {
    let mut places = [0; 1024];
    let mut word = 0;
    while word < WORDS.len() {
        let mut place = 0;
        while place < STRIDE {
            places[index(WORDS[word][place], WORDS[word][place + 1])] |= 1 << place;
            place += 1;
        }
        word += 1;
    }
    places
}
