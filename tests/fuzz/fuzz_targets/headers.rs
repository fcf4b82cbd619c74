//! No response makes `paced::headers` panic, and what it says is in range.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz headers`

#![no_main]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use paced::headers;

/// The longest wait that is understood.
const LONGEST: Duration = Duration::from_secs(1_000_000_000_000);

// Two bytes of status, eight of our clock, then lines as on the wire.
fuzz_target!(|input: &[u8]| {
    let Some((head, lines)) = input.split_first_chunk::<10>() else {
        return;
    };
    let [s1, s2, clock @ ..] = *head;
    let status = StatusCode::from_u16(100 + u16::from_le_bytes([s1, s2]) % 900).expect("a status");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from_le_bytes(clock) >> 2);

    let fields: HeaderMap = lines
        .split(|&byte| byte == b'\n')
        .filter_map(field)
        .collect();
    let hint = headers::parse(status, &fields, now);

    for wait in [hint.retry_after(), hint.reset_after()] {
        assert!(wait.is_none_or(|wait| wait <= LONGEST));
    }
    for count in [hint.limit(), hint.remaining()] {
        assert!(count.is_none_or(|count| count.is_finite() && count >= 0.0));
    }
});

fn field(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    Some((name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?))
}
