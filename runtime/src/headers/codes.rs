//! Fields with the name of the error, as AWS sends them. AWS refuses calls that come too soon with a status of 400.

/// Names of the fields: of AWS's JSON protocols, of services that had another protocol before, and of S3.
const FIELDS: [&[u8]; 3] = [
    b"x-amzn-errortype",
    b"x-amzn-query-error",
    b"x-amz-error-code",
];

/// Common prefix of the names.
pub(super) const START: &[u8; 4] = b"x-am";

/// Error codes for calls that come too soon: the throttling codes of the AWS SDKs ("Retry behavior", AWS SDKs and Tools
/// Reference Guide). `LimitExceededException` is left out, because it mostly refuses to create one more resource.
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

/// Returns whether a field has the name of the error.
pub(super) fn is_field(name: &[u8]) -> bool {
    FIELDS.contains(&name)
}

/// Returns whether the value has one of the codes. The namespace of the service may stand before it, ending in `#`; a
/// URL or the party at fault may follow it, after `:` or `;`.
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
