//! Set of failures on which a call is retried.

use crate::failure::Failure;

/// Set of failures on which a call is retried: the option `retry_on`.
#[derive(Clone, Copy, Debug)]
pub struct RetryOn {
    /// Bit `n` of word `w` stands for status `400 + 64 * w + n`.
    statuses: [u64; 4],
    connect: bool,
    timeout: bool,
    reset: bool,
}

impl RetryOn {
    /// Returns the empty set.
    pub const fn none() -> Self {
        Self {
            statuses: [0; 4],
            connect: false,
            timeout: false,
            reset: false,
        }
    }

    /// Returns the default set: 429, 503 and failures to connect. In these cases the request was not carried out.
    pub const fn standard() -> Self {
        Self::none().status(429).status(503).connect()
    }

    /// Adds a status. A status outside 400 to 599 is no failure and is ignored.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        if let Some((word, bit)) = position(status) {
            self.statuses[word] |= bit;
        }
        self
    }

    /// Adds every status of a class: 5 for 500 to 599.
    #[must_use]
    pub const fn class(mut self, class: u16) -> Self {
        let mut status = class * 100;
        while status < class * 100 + 100 {
            self = self.status(status);
            status += 1;
        }
        self
    }

    /// Adds failures to connect, after which nothing was sent.
    #[must_use]
    pub const fn connect(self) -> Self {
        Self {
            connect: true,
            ..self
        }
    }

    /// Adds timeouts, after which the request may have been carried out.
    #[must_use]
    pub const fn timeout(self) -> Self {
        Self {
            timeout: true,
            ..self
        }
    }

    /// Adds broken connections, after which the request may have been carried out.
    #[must_use]
    pub const fn reset(self) -> Self {
        Self {
            reset: true,
            ..self
        }
    }

    /// Adds the failures after which the request may have been carried out, for idempotent requests: 408, 425, 500,
    /// 502, 504, a proxy's 520 to 524 (Cloudflare), timeouts and broken connections.
    #[must_use]
    pub const fn ambiguous(mut self) -> Self {
        let statuses = [408, 425, 500, 502, 504, 520, 521, 522, 523, 524];
        let mut index = 0;
        while index < statuses.len() {
            self = self.status(statuses[index]);
            index += 1;
        }
        self.timeout().reset()
    }

    /// Returns whether the set contains a failure.
    pub(crate) fn has(&self, failure: Failure) -> bool {
        match failure {
            Failure::Status(status) => {
                position(status).is_some_and(|(word, bit)| self.statuses[word] & bit != 0)
            }
            Failure::Connect => self.connect,
            Failure::Timeout => self.timeout,
            Failure::Reset => self.reset,
            Failure::Other => false,
        }
    }
}

/// Returns the word and the bit of a status.
const fn position(status: u16) -> Option<(usize, u64)> {
    if status < 400 || status > 599 {
        return None;
    }
    let index = status as usize - 400;
    Some((index / 64, 1 << (index % 64)))
}
