//! Which failures are worth another attempt.

use crate::failure::Failure;

/// What is worth another attempt.
#[derive(Clone, Copy, Debug)]
pub struct RetryOn {
    /// Bit `n` of word `w` stands for status `400 + 64 * w + n`.
    statuses: [u64; 4],
    connect: bool,
    timeout: bool,
    reset: bool,
}

impl RetryOn {
    /// Nothing.
    pub const fn none() -> Self {
        Self {
            statuses: [0; 4],
            connect: false,
            timeout: false,
            reset: false,
        }
    }

    /// 429, 503 and failures to connect.
    pub const fn standard() -> Self {
        Self::none().status(429).status(503).connect()
    }

    /// Also this status; anything outside 400 to 599 is no failure and is left out.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        if let Some((word, bit)) = position(status) {
            self.statuses[word] |= bit;
        }
        self
    }

    /// Also every status of this hundred: 5 for 500 to 599.
    #[must_use]
    pub const fn class(mut self, class: u16) -> Self {
        let mut status = class * 100;
        while status < class * 100 + 100 {
            self = self.status(status);
            status += 1;
        }
        self
    }

    /// Also failures to connect: nothing was sent.
    #[must_use]
    pub const fn connect(self) -> Self {
        Self {
            connect: true,
            ..self
        }
    }

    /// Also timeouts: the request may have been carried out.
    #[must_use]
    pub const fn timeout(self) -> Self {
        Self {
            timeout: true,
            ..self
        }
    }

    /// Also connections that broke: the request may have been carried out.
    #[must_use]
    pub const fn reset(self) -> Self {
        Self {
            reset: true,
            ..self
        }
    }

    /// Also what may have been carried out, for requests that may be carried out twice: 408, 425, 500, 502,
    /// 504, a proxy's 520 to 524, timeouts and broken connections.
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

const fn position(status: u16) -> Option<(usize, u64)> {
    if status < 400 || status > 599 {
        return None;
    }
    let index = status as usize - 400;
    Some((index / 64, 1 << (index % 64)))
}
