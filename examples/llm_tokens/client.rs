//! One function for each kind of provider: the same call, with the options that fit the way in which it counts tokens.

use paced::{ResponseExt as _, rate_limited};
use reqwest::Client;
use serde::Deserialize;

/// Tokens that an answer is taken to have until it is there, where that is not bounded by `max_tokens`.
const TYPICAL: u64 = 150;

/// A prompt, and where it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) url: String,
    /// Tokens of the prompt.
    pub(crate) tokens: u64,
    /// Most tokens of the answer.
    pub(crate) max_tokens: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Reply {
    pub(crate) usage: Usage,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the provider")]
pub(crate) struct Usage {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) total_tokens: u64,
}

/// `OpenAI`: the larger of prompt and `max_tokens` is charged when the request arrives, whatever the answer takes.
///
/// Half of the requests at once, and nine tenths of the tokens, that the provider lets through: requests may arrive
/// closer together than they were sent.
#[rate_limited(
    limiter = "charged at the start",
    limits(requests(rate = "180/s", burst = 15), tokens(rate = "60000/s", burst = 54_000)),
    cost(tokens = prompt.tokens.max(prompt.max_tokens)),
)]
pub(crate) async fn at_the_start(client: &Client, prompt: &Prompt) -> reqwest::Result<Reply> {
    send(client, prompt).await
}

/// Azure, Bedrock: prompt and `max_tokens` are reserved, and the difference is given back at the end.
#[rate_limited(
    limiter = "reserved",
    limits(requests(rate = "180/s", burst = 15), tokens(rate = "60000/s", burst = 54_000)),
    cost(tokens = prompt.tokens + prompt.max_tokens),
    settle(tokens = |reply| reply.usage.total_tokens),
)]
pub(crate) async fn reserved(client: &Client, prompt: &Prompt) -> reqwest::Result<Reply> {
    send(client, prompt).await
}

/// Tokens are charged once the answer is there.
#[rate_limited(
    limiter = "charged at the end",
    limits(requests(rate = "180/s", burst = 15), tokens(rate = "60000/s", burst = 54_000)),
    cost(tokens = prompt.tokens + TYPICAL),
    settle(tokens = |reply| reply.usage.total_tokens),
)]
pub(crate) async fn at_the_end(client: &Client, prompt: &Prompt) -> reqwest::Result<Reply> {
    send(client, prompt).await
}

/// Anthropic: prompts and answers have limits of their own; answers count as they are produced.
#[rate_limited(
    limiter = "Anthropic",
    limits(
        requests(rate = "180/s", burst = 15),
        input_tokens(rate = "60000/s", burst = 54_000),
        output_tokens(rate = "20000/s", burst = 18_000),
    ),
    cost(input_tokens = prompt.tokens, output_tokens = TYPICAL),
    settle(input_tokens = |reply| reply.usage.input_tokens, output_tokens = |reply| reply.usage.output_tokens),
)]
pub(crate) async fn of_three_limits(client: &Client, prompt: &Prompt) -> reqwest::Result<Reply> {
    send(client, prompt).await
}

async fn send(client: &Client, prompt: &Prompt) -> reqwest::Result<Reply> {
    let response = client.get(&prompt.url).send().await?;
    response.observe().error_for_status()?.json().await
}
