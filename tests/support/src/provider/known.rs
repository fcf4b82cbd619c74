//! Providers, as their documentation describes them.

use core::time::Duration;

use super::counter::Pace;
use super::request::Charge;
use super::request::Measure;
use super::row::Row;
use super::service::Service;
use super::words::Dialect;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Time of an answer of a language model, and of each of its tokens.
const MODEL: (Duration, Duration) = (Duration::from_millis(400), Duration::from_millis(12));

/// Time of other answers.
const QUICK: (Duration, Duration) = (Duration::from_millis(60), Duration::ZERO);

/// A bucket that holds the whole limit.
const fn whole(limit: u64, period: Duration) -> Pace {
    Pace::Bucket {
        limit,
        period,
        capacity: limit,
    }
}

/// A limit for a minute that is enforced for each `part` of a minute.
const fn enforced(limit: u64, part: u64) -> Pace {
    let capacity = limit / part;
    Pace::Bucket {
        limit,
        period: MINUTE,
        capacity: if capacity == 0 { 1 } else { capacity },
    }
}

/// `OpenAI`: requests, of which those of 10 seconds are the most at once, and tokens. Charges the larger of `max_tokens`
/// and the prompt when a request arrives. Refused requests count as requests.
pub fn openai(requests: u64, tokens: u64) -> Service {
    let rows = [
        Row::new("requests", enforced(requests, 6), Measure::One).counting_refused(),
        Row::new("tokens", whole(tokens, MINUTE), Measure::Larger),
    ];
    Service::new(Dialect::OpenAi, &rows, MODEL)
}

/// Azure: as `OpenAI`, but reserves prompt and `max_tokens` until the end, and says -1 of its requests.
pub fn azure(requests: u64, tokens: u64) -> Service {
    let rows = [
        Row::new("requests", enforced(requests, 6), Measure::One).counting_refused(),
        Row::new("tokens", whole(tokens, MINUTE), Measure::Total).charging(Charge::Reserve),
    ];
    Service::new(Dialect::Azure, &rows, MODEL)
}

/// Anthropic: requests, tokens of prompts, and tokens of answers, which count as they are produced.
pub fn anthropic(requests: u64, input: u64, output: u64) -> Service {
    let rows = [
        Row::new("requests", enforced(requests, 6), Measure::One),
        Row::new("input-tokens", whole(input, MINUTE), Measure::Input),
        Row::new("output-tokens", whole(output, MINUTE), Measure::Output)
            .charging(Charge::Produced),
    ];
    Service::new(Dialect::Anthropic, &rows, MODEL)
}

/// Groq: requests in a minute, which the headers leave out, requests in a day, and tokens in a minute.
pub fn groq(per_minute: u64, per_day: u64, tokens: u64) -> Service {
    let rows = [
        Row::new("requests-minute", whole(per_minute, MINUTE), Measure::One).unspoken(),
        Row::new("requests", whole(per_day, DAY), Measure::One),
        Row::new("tokens", whole(tokens, MINUTE), Measure::Total).charging(Charge::Reserve),
    ];
    Service::new(Dialect::OpenAi, &rows, MODEL)
}

/// Mistral: requests in a second, which the headers state for a minute, and tokens in a minute, counted at the end.
pub fn mistral(per_second: u64, tokens: u64) -> Service {
    let rows = [
        Row::new("req-minute", whole(per_second, SECOND), Measure::One),
        Row::new("tokens-minute", whole(tokens, MINUTE), Measure::Total).charging(Charge::End),
    ];
    Service::new(Dialect::Mistral, &rows, MODEL)
}

/// GitHub: resources with windows of their own; points in a minute and requests in flight, which no header tells of.
pub fn github(core: u64, search: u64, points: u64, in_flight: u64) -> Service {
    let window = |limit, period| Pace::Window { limit, period };
    let rows = [
        Row::new("core", window(core, HOUR), Measure::One).of("core"),
        Row::new("search", window(search, MINUTE), Measure::One).of("search"),
        Row::new("points", whole(points, MINUTE), Measure::Points).unspoken(),
        Row::new("in flight", Pace::Places { limit: in_flight }, Measure::One)
            .charging(Charge::Hold)
            .unspoken(),
    ];
    Service::new(Dialect::GitHub, &rows, QUICK)
}

/// Shopify's REST API: a bucket of 40 requests that leaks 2 in a second.
pub fn shopify() -> Service {
    let bucket = Pace::Bucket {
        limit: 2,
        period: SECOND,
        capacity: 40,
    };
    let rows = [Row::new("requests", bucket, Measure::One)];
    Service::new(Dialect::Shopify, &rows, QUICK)
}

/// Shopify's GraphQL API: a bucket of points. It has to hold the requested cost; the difference to the actual one is
/// given back.
pub fn shopify_graphql(restored: u64, capacity: u64) -> Service {
    let bucket = Pace::Bucket {
        limit: restored,
        period: SECOND,
        capacity,
    };
    let rows = [Row::new("points", bucket, Measure::Output).charging(Charge::Reserve)];
    Service::new(Dialect::ShopifyGraphQl, &rows, QUICK)
}
