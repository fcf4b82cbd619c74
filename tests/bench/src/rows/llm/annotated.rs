//! Annotated functions, one for each kind of server.

use paced::ResponseExt as _;
use paced::rate_limited;
use reqwest::Client;
use test_support::provider::Request;

use super::Kind;
use super::TYPICAL;
use super::total_tokens;

/// Makes one call; whether it succeeded in the end.
pub(super) async fn call(kind: Kind, client: &Client, url: &str, request: &Request) -> bool {
    let out = match kind {
        Kind::Start => start(client, url, request).await,
        Kind::Reserve => reserve(client, url, request).await,
        Kind::End => end(client, url, request).await,
    };
    matches!(out, Ok(Some(_)))
}

#[rate_limited(
    limits(requests(rate = "1200/s", burst = 100), tokens(rate = "60000/s", burst = 54_000)),
    cost(tokens = request.input.max(request.max_output)),
)]
async fn start(client: &Client, url: &str, request: &Request) -> reqwest::Result<Option<u32>> {
    fetch(client, url).await
}

#[rate_limited(
    limits(requests(rate = "1200/s", burst = 100), tokens(rate = "60000/s", burst = 54_000)),
    cost(tokens = request.input + request.max_output),
    settle(tokens = |total| *total),
)]
async fn reserve(client: &Client, url: &str, request: &Request) -> reqwest::Result<Option<u32>> {
    fetch(client, url).await
}

#[rate_limited(
    limits(requests(rate = "1200/s", burst = 100), tokens(rate = "60000/s", burst = 54_000)),
    cost(tokens = request.input + TYPICAL),
    settle(tokens = |total| *total),
)]
async fn end(client: &Client, url: &str, request: &Request) -> reqwest::Result<Option<u32>> {
    fetch(client, url).await
}

/// Returns the tokens that the answer took.
async fn fetch(client: &Client, url: &str) -> reqwest::Result<Option<u32>> {
    let response = client.get(url).send().await?.observe().error_for_status()?;
    Ok(total_tokens(&response.text().await?))
}
