//! Providers beside what their documentation says.

use core::time::Duration;

use http::HeaderMap;

use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).map(|value| value.to_str());
    value.expect(name).expect("text")
}

#[test]
fn openai_charges_the_bound_on_arrival_and_tells_when_it_is_full() {
    let mut service = openai(5_000, 160_000);
    let answer = service.ask(ms(0), &Request::prompt(8, 24, 10));
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("x-ratelimit-limit-requests", "5000"),
        ("x-ratelimit-reset-requests", "12ms"),
        ("x-ratelimit-remaining-tokens", "159976"),
        ("x-ratelimit-reset-tokens", "9ms"),
        ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
    ] {
        assert_eq!(header(&answer.headers, name), value, "{name}");
    }
    let refused = service.ask(ms(0), &Request::prompt(1, 160_000, 1));
    assert_eq!((refused.status, refused.refused_by), (429, Some("tokens")));
    assert_eq!(header(&refused.headers, "retry-after-ms"), "9");
    assert_eq!(header(&refused.headers, "retry-after"), "1");
    // The refused request counts as a request, and the charge is never corrected.
    let usage = service.usage();
    assert_eq!((usage[0].total(), usage[1].total()), (2, 24));
}

#[test]
fn openai_enforces_requests_below_the_minute() {
    let mut service = openai(60, 1_000_000);
    let passed = |service: &mut Service, at| {
        let answer = service.ask(ms(at), &Request::prompt(1, 1, 1));
        answer.refused_by.is_none()
    };
    let first: Vec<_> = (0..11).map(|_| passed(&mut service, 0)).collect();
    assert_eq!(first.iter().filter(|passed| **passed).count(), 10);
    assert!(passed(&mut service, 1_000));
}

#[test]
fn azure_reserves_until_the_end_and_does_not_know_its_requests() {
    let mut service = azure(600, 1_000);
    let answer = service.ask(ms(0), &Request::prompt(100, 500, 100));
    assert_eq!(answer.takes, ms(1_600));
    assert_eq!(
        header(&answer.headers, "x-ratelimit-remaining-requests"),
        "-1"
    );
    assert_eq!(
        header(&answer.headers, "x-ratelimit-remaining-tokens"),
        "400"
    );
    assert_eq!(header(&answer.headers, "x-ratelimit-reset-tokens"), "36");
    let early = service.ask(ms(1_000), &Request::prompt(100, 500, 100));
    assert_eq!(early.refused_by, Some("tokens"));
    let late = service.ask(ms(1_600), &Request::prompt(100, 500, 100));
    assert_eq!(late.refused_by, None);
    assert_eq!(service.usage()[1].total(), 400);
}

#[test]
fn anthropic_counts_answers_as_they_are_produced() {
    let mut service = anthropic(600, 10_000, 1_000);
    let answer = service.ask(ms(0), &Request::prompt(100, 4_000, 800));
    let reset = "anthropic-ratelimit-output-tokens-reset";
    assert_eq!(header(&answer.headers, reset), "2026-11-23T12:00:00Z");
    let reset = "anthropic-ratelimit-input-tokens-reset";
    assert_eq!(header(&answer.headers, reset), "2026-11-23T12:00:01Z");
    assert_eq!(answer.takes, ms(10_000));
    let total = |service: &mut Service, at| service.usage_until(ms(at))[2].total();
    assert_eq!(total(&mut service, 1_249), 0);
    assert_eq!(total(&mut service, 1_250), 100);
    assert_eq!(total(&mut service, 10_000), 800);
}

#[test]
fn charges_can_be_put_off_to_the_end() {
    let mut service = openai(600, 1_000).charging(Charge::End);
    let request = Request::prompt(500, 500, 300);
    let passed = (0..3).filter(|_| service.ask(ms(0), &request).refused_by.is_none());
    assert_eq!(passed.count(), 3, "nothing is charged yet");
    let refused = service.ask(ms(5_000), &request);
    assert_eq!(refused.refused_by, Some("tokens"));
    assert_eq!(service.usage()[1].total(), 2_400);
    assert_eq!(service.refused(), 1);
}

#[test]
fn github_has_windows_for_each_resource_and_limits_that_it_does_not_tell_of() {
    let mut service = github(2, 1, 12, 100);
    let ask = |service: &mut Service, resource, points| {
        service.ask(ms(0), &Request::for_resource(resource, points))
    };
    let answer = ask(&mut service, "core", 5);
    assert_eq!(header(&answer.headers, "x-ratelimit-resource"), "core");
    assert_eq!(header(&answer.headers, "x-ratelimit-reset"), "1795438800");
    assert_eq!(ask(&mut service, "search", 1).status, 200);
    let primary = ask(&mut service, "search", 1);
    assert_eq!((primary.status, primary.refused_by), (403, Some("search")));
    assert_eq!(header(&primary.headers, "x-ratelimit-remaining"), "0");
    assert!(!primary.headers.contains_key("retry-after"));
    assert_eq!(ask(&mut service, "core", 5).status, 200);
    let secondary = ask(&mut service, "other", 5);
    assert_eq!(
        (secondary.status, secondary.refused_by),
        (403, Some("points"))
    );
    assert_eq!(header(&secondary.headers, "retry-after"), "60");
}

#[test]
fn github_counts_requests_in_flight() {
    let mut service = github(100, 100, 100, 1);
    let request = Request::for_resource("core", 1);
    assert_eq!(service.ask(ms(0), &request).takes, ms(60));
    assert_eq!(service.ask(ms(59), &request).refused_by, Some("in flight"));
    assert_eq!(service.ask(ms(60), &request).refused_by, None);
}

#[test]
fn shopify_says_how_full_its_bucket_is() {
    let mut service = shopify();
    let request = Request::for_resource("", 0);
    let answers: Vec<_> = (0..41).map(|_| service.ask(ms(0), &request)).collect();
    let name = "x-shopify-shop-api-call-limit";
    assert_eq!(header(&answers[38].headers, name), "39/40");
    assert_eq!(answers[40].status, 429);
    assert_eq!(header(&answers[40].headers, "retry-after"), "1");
}

#[test]
fn shopify_refuses_points_in_the_body_and_gives_the_difference_back() {
    let mut service = shopify_graphql(50, 1_000);
    let query = Request::prompt(0, 600, 46);
    let answer = service.ask(ms(0), &query);
    assert!(
        answer.body.contains(r#""currentlyAvailable":400"#),
        "{answer:?}"
    );
    let throttled = service.ask(ms(0), &query);
    assert_eq!(throttled.status, 200);
    assert!(throttled.body.contains("THROTTLED"), "{throttled:?}");
    assert_eq!(service.ask(ms(60), &query).refused_by, None);
}

#[test]
fn groq_tells_of_the_day_and_mistral_of_the_minute() {
    let mut service = groq(30, 14_400, 6_000);
    let answer = service.ask(ms(0), &Request::prompt(10, 20, 5));
    assert_eq!(header(&answer.headers, "x-ratelimit-reset-requests"), "6s");
    assert!(
        !answer
            .headers
            .contains_key("x-ratelimit-limit-requests-minute")
    );
    let mut service = mistral(1, 50_000);
    let answer = service.ask(ms(0), &Request::prompt(10, 20, 5));
    for (name, value) in [
        ("x-ratelimit-limit-req-minute", "60"),
        ("x-ratelimit-remaining-req-minute", "0"),
        ("x-ratelimit-remaining-tokens-minute", "50000"),
    ] {
        assert_eq!(header(&answer.headers, name), value, "{name}");
    }
}

#[test]
fn faster_time_is_said_as_much_more_exactly() {
    let mut service = azure(600, 6_000).faster(50);
    let answer = service.ask(ms(0), &Request::prompt(100, 500, 100));
    assert_eq!(header(&answer.headers, "x-ratelimit-reset-tokens"), "0.120");
    service.ask(ms(1_000), &Request::prompt(1, 1, 1));
    let usage = service.usage();
    assert!((usage[1].offered - 11_000.0).abs() < 1e-6, "{usage:?}");
}
