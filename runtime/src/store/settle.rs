//! Settlements: what calls have drawn is corrected by what they have used.

use super::Headroom;
use super::Limit;
use super::Limits;
use super::MAX_LIMITS;
use super::RowState;
use super::State;
use super::Ticks;
use super::headroom::Refund;

/// Largest correction that a script can follow.
pub(super) const MOST: u64 = u32::MAX as u64;

const TICK: Ticks = Ticks::new(1);

impl State {
    /// Corrects all limits. Returns the number of tokens that were forgiven.
    pub(super) fn settle(
        &mut self,
        deltas: &[i64; MAX_LIMITS],
        drawn: &[u32; MAX_LIMITS],
        drawn_at: Ticks,
        (declared, in_force): (&Limits, &Limits),
        now: Ticks,
    ) -> u32 {
        let limits = self.slowed(in_force, now);
        let from = now.max(self.paused_until);
        let usual = in_force.as_slice().iter().zip(declared.as_slice());
        let pairs = usual.zip(limits.as_slice());
        let mut forgiven = 0_u64;
        let amounts = deltas.iter().zip(drawn);
        for ((row, (delta, drawn)), ((usual, declared), limit)) in
            self.rows.iter_mut().zip(amounts).zip(pairs)
        {
            if *delta == 0 {
                continue;
            }
            let brim = if limit == usual {
                Ticks::ZERO
            } else {
                limit.capacity() - limit.interval()
            };
            let tokens = delta.unsigned_abs().min(MOST);
            if *delta < 0 {
                // At the price at which they were drawn, if another one holds by now.
                let every = usual.interval().min(declared.interval());
                let refund = Refund {
                    price: every * tokens,
                    // Slowed, the bucket saves less up than calls have drawn.
                    drawn: if limit == usual {
                        (every * u64::from(*drawn)).min(usual.most())
                    } else {
                        Ticks::ZERO
                    },
                    drawn_at,
                };
                row.give_back(refund, now + brim, now);
            } else {
                row.find_full(now + brim, now);
                let room = row.full_at - (now + brim);
                // It may be that the calls have drawn nothing of this limit.
                Headroom::add(&mut row.headroom, now, room, row.spilt_at);
                forgiven += row.charge(tokens, *limit, from);
            }
        }
        u32::try_from(forgiven).unwrap_or(u32::MAX)
    }
}

impl RowState {
    /// Records that the bucket is full, if it is: at `full`.
    fn find_full(&mut self, full: Ticks, now: Ticks) {
        if self.full_at <= full {
            self.full_at = full;
            self.spilt_at = self.spilt_at.max(now);
        }
    }

    /// Gives back what was drawn and not used, unless the bucket was full since.
    fn give_back(&mut self, refund: Refund, full: Ticks, now: Ticks) {
        // A call can be given up before it is due; but none is due after the bucket is full.
        let drawn_at = refund.drawn_at.min(self.full_at);
        if self.spilt_at > drawn_at || self.full_at <= full {
            return;
        }
        let price = refund.price.min(self.full_at - full);
        let refund = Refund {
            price,
            drawn_at,
            ..refund
        };
        let given = Headroom::give_back(&mut self.headroom, refund);
        self.full_at = self.full_at - given;
        if self.full_at <= full {
            self.full_at = full;
            // Full from now on, so that what was drawn by now is given back no more.
            self.spilt_at = self.spilt_at.max(now + TICK);
        }
    }

    /// Charges tokens that were used beyond what was drawn. Returns how many were forgiven.
    fn charge(&mut self, tokens: u64, limit: Limit, from: Ticks) -> u64 {
        let price = (limit.interval() * tokens).min(limit.most());
        let last = self.full_at.max(from + limit.most());
        let charged = (self.full_at + price).min(last) - self.full_at;
        self.full_at = self.full_at + charged;
        tokens - tokens.min(charged / limit.interval())
    }
}
