//! Annotated functions against providers that enforce what their documentation says, on the paused clock.
//!
//! The options are those that a user would write. Asserted are counts of the provider: requests that it refused, and the
//! share of its quota that was used.

mod driving;

use paced::rate_limited;
use test_support::provider;
use test_support::provider::Charge;
use test_support::provider::Request;

use crate::driving::Figures;
use crate::driving::Reply;
use crate::driving::Server;
use crate::driving::drive;
use crate::driving::output_of;
use crate::driving::total_of;

const MINUTES: u32 = 10;

/// Tokens that an answer is taken to have.
const TYPICAL: u64 = 150;

#[rate_limited(
    limits(requests(rate = "180/min", burst = 25), tokens(rate = "60000/min", burst = 58_000)),
    cost(tokens = prompt.input.max(prompt.max_output)),
)]
async fn openai(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn openai_which_charges_when_a_request_arrives() {
    let service = provider::openai(180, 60_000);
    let figures = drive(service, MINUTES, async |server, prompt| {
        openai(server, prompt).await
    })
    .await;
    figures.holds("tokens", 0.95);
}

#[rate_limited(
    limits(requests(rate = "180/min", burst = 25), tokens(rate = "60000/min", burst = 58_000)),
    cost(tokens = prompt.input + TYPICAL),
    settle(tokens = total_of),
)]
async fn at_the_end(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn a_provider_which_charges_at_the_end() {
    let service = provider::openai(180, 60_000).charging(Charge::End);
    let figures = drive(service, MINUTES, async |server, prompt| {
        at_the_end(server, prompt).await
    })
    .await;
    figures.holds("tokens", 0.95);
}

#[rate_limited(
    limits(requests(rate = "180/min", burst = 25), tokens(rate = "60000/min", burst = 58_000)),
    cost(tokens = prompt.input + prompt.max_output),
    settle(tokens = total_of),
)]
async fn azure(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn azure_which_reserves_and_says_minus_one() {
    let service = provider::azure(180, 60_000);
    let figures = drive(service, MINUTES, async |server, prompt| {
        azure(server, prompt).await
    })
    .await;
    figures.holds("tokens", 0.9);
}

#[rate_limited(
    limits(
        requests(rate = "300/min", burst = 40),
        input_tokens(rate = "60000/min", burst = 58_000),
        output_tokens(rate = "15000/min", burst = 14_000),
    ),
    cost(input_tokens = prompt.input, output_tokens = TYPICAL),
    settle(output_tokens = output_of),
)]
async fn anthropic(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn anthropic_which_counts_answers_as_they_are_produced() {
    let service = provider::anthropic(300, 60_000, 15_000);
    let figures = drive(service, MINUTES, async |server, prompt| {
        anthropic(server, prompt).await
    })
    .await;
    figures.holds("output-tokens", 0.9);
}

#[rate_limited(
    limits(requests = ["30/min", "14400/d"], tokens(rate = "60000/min", burst = 58_000)),
    cost(tokens = prompt.input + prompt.max_output),
    settle(tokens = total_of),
)]
async fn groq(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn groq_which_tells_of_the_day_alone() {
    let service = provider::groq(30, 14_400, 60_000);
    let figures = drive(service, MINUTES, async |server, prompt| {
        groq(server, prompt).await
    })
    .await;
    figures.holds("requests-minute", 0.85);
}

#[rate_limited(
    limits(requests(rate = "2/s", burst = 1), tokens(rate = "50000/min", burst = 45_000)),
    cost(tokens = prompt.input + TYPICAL),
    settle(tokens = total_of),
)]
async fn mistral(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn mistral_which_limits_requests_in_a_second() {
    let service = provider::mistral(2, 50_000);
    let figures = drive(service, MINUTES, async |server, prompt| {
        mistral(server, prompt).await
    })
    .await;
    figures.holds("req-minute", 0.85);
}

#[rate_limited(rate = "2/s", burst = 38)]
async fn shopify(server: &Server, _prompt: &Request) -> Reply {
    Ok(server.request(&Request::for_resource("", 0)).await)
}

#[tokio::test(start_paused = true)]
async fn shopify_which_says_how_full_its_bucket_is() {
    let figures = drive(provider::shopify(), MINUTES, async |server, prompt| {
        shopify(server, prompt).await
    })
    .await;
    figures.holds("requests", 0.95);
}

#[rate_limited(
    limits(requests(rate = "1000/s", burst = 1000), points(rate = "50/s", burst = 950)),
    cost(points = prompt.max_output),
    settle(points = driving::points_of),
)]
async fn shopify_graphql(server: &Server, prompt: &Request) -> Reply {
    Ok(server.request(prompt).await)
}

#[tokio::test(start_paused = true)]
async fn shopify_whose_points_are_in_the_body() {
    let service = provider::shopify_graphql(50, 1_000);
    let figures = drive(service, MINUTES, async |server, prompt| {
        shopify_graphql(server, prompt).await
    })
    .await;
    figures.holds("points", 0.95);
}

#[rate_limited(
    limits(core(rate = "5000/h", burst = 4_900), search = "30/min", points(rate = "900/min", burst = 800)),
    cost(core = core, search = 1 - core, points = points),
)]
async fn github(server: &Server, core: u64, points: u64) -> Reply {
    let resource = if core == 1 { "core" } else { "search" };
    Ok(server
        .request(&Request::for_resource(resource, points))
        .await)
}

/// Points that no header tells of: writes cost five.
#[tokio::test(start_paused = true)]
async fn github_whose_secondary_limits_no_header_tells_of() {
    let service = provider::github(5_000, 30, 900, 100);
    let figures: Figures = drive(service, MINUTES, async |server, prompt| {
        // A few searches, many reads, and as many writes.
        let (core, points) = match prompt.input % 20 {
            0 => (0, 1),
            nth if nth % 2 == 0 => (1, 5),
            _ => (1, 1),
        };
        github(server, core, points).await
    })
    .await;
    figures.holds("points", 0.9);
}
