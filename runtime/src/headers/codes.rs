//! Fields that name the error, as AWS sends them: a refusal that its status, a 400, does not show.

/// The fields: of its JSON protocols, of services that had another protocol before, and of S3.
const FIELDS: [&[u8]; 3] = [
    b"x-amzn-errortype",
    b"x-amzn-query-error",
    b"x-amz-error-code",
];

/// The start of all of them.
pub(super) const START: &[u8; 4] = b"x-am";

/// Codes for calls that came too soon, as AWS's own clients know them. Without `LimitExceededException`,
/// which more often is about how many things there may be.
const CODES: [&str; 12] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Whether the field names the error.
pub(super) fn is_field(name: &[u8]) -> bool {
    FIELDS.contains(&name)
}

/// Whether the value names one of the codes: with the namespace of its service before a `#`, or with a URL
/// or the one at fault behind it.
pub(super) fn is_throttle(value: &[u8]) -> bool {
    let end = value.iter().position(|byte| matches!(byte, b':' | b';'));
    let mut parts = value[..end.unwrap_or(value.len())].split(|&byte| byte == b'#');
    parts.any(|part| {
        CODES
            .iter()
            .any(|code| code.as_bytes() == part.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_start_alike() {
        assert!(FIELDS.iter().all(|name| name.starts_with(START)));
    }
}
