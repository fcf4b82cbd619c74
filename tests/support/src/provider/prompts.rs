//! Prompts for language models.

use super::request::Request;

/// Most tokens that each answer may have.
const MAX_OUTPUT: u64 = 400;

/// Endless prompts, the same ones in each run: of 100 to 500 tokens, with answers of 20 to 400, 130 on average.
#[derive(Clone, Debug)]
pub struct Prompts(u64);

impl Prompts {
    /// Returns the prompts of a series.
    pub const fn new(series: u64) -> Self {
        Self(series.wrapping_mul(2).wrapping_add(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

impl Iterator for Prompts {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let input = 100 + self.below(401);
        // Short answers are common, and some are cut off at the bound.
        let of_three = [self.below(450), self.below(450), self.below(450)];
        let output = 20 + of_three.into_iter().min().unwrap_or(0);
        Some(Request::prompt(input, MAX_OUTPUT, output.min(MAX_OUTPUT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_and_answers_keep_to_their_bounds() {
        let all: Vec<_> = Prompts::new(7).take(10_000).collect();
        assert!(all.iter().all(|one| (100..=500).contains(&one.input)));
        assert!(all.iter().all(|one| (20..=400).contains(&one.output)));
        let mean = |of: fn(&Request) -> u64| all.iter().map(of).sum::<u64>() / 10_000;
        assert!((295..306).contains(&mean(|one| one.input)));
        let output = mean(|one| one.output);
        assert!((120..140).contains(&output), "{output}");
        assert_ne!(Prompts::new(1).next(), Prompts::new(2).next());
    }
}
