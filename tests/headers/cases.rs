//! Every case in `data/header-cases.jsonl` and `data/more-header-cases.jsonl`: real responses, and the right answers with their sources.
//!
//! A character of a header's value is one byte. Where reasonable people differ, a case is marked
//! `debatable`, as a whole or in `debatable_fields`; `CHOSEN` lists where ours is another answer.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use paced::Hint;
use paced::headers::{Parser, ResetKind};
use paced::hint::Window;
use serde_json::Value;

const CASES: [&str; 2] = [
    include_str!("../data/header-cases.jsonl"),
    include_str!("../data/more-header-cases.jsonl"),
];

/// Case, field and our answer where it is another one.
const CHOSEN: &[(&str, &str, &str)] = &[
    // Base64 with stray bits at its end is read, as the RFC advises; they are not part of the key.
    (
        "draft-08-policy-pk-nonzero-pad",
        "policies",
        r#"[{"name": "peruser", "unit": "requests", "limit": 100, "remaining": null,
            "window_ms": 60000, "reset_after_ms": null, "partition": "cHsdsRa89w=="}]"#,
    ),
    (
        "draft-08-policy-content-bytes",
        "policies",
        r#"[{"name": "peruser", "unit": "content-bytes", "limit": 65535, "remaining": null,
            "window_ms": 10000, "reset_after_ms": null, "partition": "sdfjLJUOUA=="}]"#,
    ),
    // The window with the smallest share left governs: 9 of 10 before 97 of 100.
    ("hubspot", "limit", "10"),
    ("hubspot", "remaining", "9"),
    // 233 of 250 before 4975 of 5000.
    ("salesforce-per-app", "limit", "250"),
    ("salesforce-per-app", "remaining", "233"),
];

/// Cases whose server has to be known, and what is to be said about it.
const TOLD: &[(&str, ResetKind)] = &[("prisjakt", ResetKind::Millis)];

#[test]
fn every_case_has_the_right_answer() {
    let mut wrong = Vec::new();
    for case in cases() {
        let hint = read(&case);
        for (field, wanted) in case["expect"].as_object().expect("an object") {
            let chosen = CHOSEN
                .iter()
                .find(|(id, name, _)| case["id"] == *id && field == name);
            let wanted = match chosen {
                Some((_, _, answer)) => &serde_json::from_str(answer).expect("JSON"),
                None => wanted,
            };
            if let Some(found) = differs(&hint, field, wanted) {
                wrong.push(format!(
                    "{} {field}: wanted {wanted}, found {found}",
                    case["id"]
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// An answer of ours that is no longer needed, or not allowed, should not stay.
#[test]
fn only_debatable_answers_are_our_own() {
    for (id, field, _) in CHOSEN {
        let case = cases().find(|case| case["id"] == *id).expect("a case");
        assert_eq!(case["debatable"], true, "{id}");
        let open = case["debatable_fields"].as_array();
        assert!(
            open.is_none_or(|fields| fields.contains(&Value::from(*field))),
            "{id} {field}"
        );
    }
    for (id, _) in TOLD {
        let case = cases().find(|case| case["id"] == *id).expect("a case");
        assert_eq!(case["tier"], "vendor", "{id}");
    }
}

fn cases() -> impl Iterator<Item = Value> {
    CASES
        .into_iter()
        .flat_map(str::lines)
        .map(|line| serde_json::from_str(line).expect("JSON"))
}

fn read(case: &Value) -> Hint {
    let status = case["status"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .expect("a status");
    let status = StatusCode::from_u16(status).expect("a status");
    let mut map = HeaderMap::new();
    for pair in case["headers"].as_array().expect("headers") {
        let bytes: Vec<u8> = text(&pair[1])
            .chars()
            .map(|byte| u8::try_from(byte).expect("a byte"))
            .collect();
        let name: HeaderName = text(&pair[0]).parse().expect("a name");
        map.append(name, HeaderValue::from_bytes(&bytes).expect("a value"));
    }
    let told = TOLD.iter().find(|(id, _)| case["id"] == *id);
    let kind = told.map_or(ResetKind::Guess, |(_, kind)| *kind);
    let parser = Parser::new().reset_kind(kind);
    parser.parse(status, &map, instant(text(&case["now"])))
}

fn instant(text: &str) -> SystemTime {
    let time: jiff::Timestamp = text.parse().expect("a time");
    SystemTime::UNIX_EPOCH + time.as_duration().unsigned_abs()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn differs(hint: &Hint, field: &str, wanted: &Value) -> Option<Value> {
    let found = match field {
        "retry_after_ms" => millis(hint.retry_after()),
        "limit" => hint.limit().into(),
        "remaining" => hint.remaining().into(),
        "reset_after_ms" => millis(hint.reset_after()),
        "limited" => hint.limited().into(),
        "server_says_retry" => hint.server_says_retry().into(),
        "policies" => return policies_differ(hint.windows(), wanted),
        // What a body says is for the caller to read.
        "body_retry_after_ms" => return None,
        unknown => panic!("nothing compares {unknown}"),
    };
    (!same(&found, wanted)).then_some(found)
}

/// Their order carries no meaning.
fn policies_differ(found: &[Window], wanted: &Value) -> Option<Value> {
    let found: Vec<Value> = found.iter().map(policy).collect();
    let mut left = found.clone();
    for one in wanted.as_array().expect("policies") {
        let Some(position) = left.iter().position(|policy| policies_same(policy, one)) else {
            return Some(found.into());
        };
        left.remove(position);
    }
    (!left.is_empty()).then(|| found.into())
}

fn policies_same(found: &Value, wanted: &Value) -> bool {
    let wanted = wanted.as_object().expect("a policy");
    wanted
        .iter()
        .all(|(field, value)| same(&found[field], value))
}

fn policy(policy: &Window) -> Value {
    use base64::Engine as _;

    serde_json::json!({
        "name": policy.name(),
        "unit": policy.unit(),
        "limit": policy.limit(),
        "remaining": policy.remaining(),
        "used": policy.used(),
        "window_ms": millis(policy.length()),
        "reset_after_ms": millis(policy.reset_after()),
        "partition": policy.partition().map(|key| base64::engine::general_purpose::STANDARD.encode(key)),
    })
}

fn millis(time: Option<Duration>) -> Value {
    time.map(|time| u64::try_from(time.as_millis()).expect("in range"))
        .into()
}

/// `60` and `60.0` are the same number.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => found.total_cmp(&wanted).is_eq(),
        _ => found == wanted,
    }
}
