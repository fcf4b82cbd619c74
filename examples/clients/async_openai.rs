//! `OpenAI` through async-openai, whose own retries are switched off.
//!
//! ```text
//! cargo run -p clients --example async_openai
//! ```
#![forbid(unsafe_code)]

use std::error::Error;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::models::Model;
use examples::refusing::Server;
use examples::refusing::print;
use paced::Verdict;
use paced::rate_limited;
use paced::tower::ObserveLayer;
use tower_layer::Layer as _;

/// The recipe: `classify` only says which 429 does not pass, since the client shows all responses to the limiter.
#[rate_limited(rate = 20, classify = judge)]
async fn model(openai: &Client<OpenAIConfig>, id: u32) -> Result<Model, OpenAIError> {
    plain(openai, id).await
}

/// A quota that is used up is a 429 as well.
fn judge(out: &Result<Model, OpenAIError>) -> Verdict {
    match out {
        Err(OpenAIError::ApiError(error))
            if error.api_error.code.as_deref() == Some("insufficient_quota") =>
        {
            Verdict::Stop
        }
        _ => Verdict::Auto,
    }
}

/// A client that shows its responses to the limiter. A service in the place of its own has none of its retries.
fn client(config: OpenAIConfig) -> Client<OpenAIConfig> {
    let service = ReqwestService::new(reqwest::Client::new());
    Client::with_config(config).with_http_service(ObserveLayer::new().layer(service))
}

fn config(server: &Server) -> OpenAIConfig {
    OpenAIConfig::new()
        .with_api_base(server.url())
        .with_api_key("none")
}

async fn plain(openai: &Client<OpenAIConfig>, id: u32) -> Result<Model, OpenAIError> {
    openai.models().retrieve(&format!("model-{id}")).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let body = r#"{"id":"any","object":"model","created":0,"owned_by":"nobody"}"#;

    let server = Server::start(body).await?;
    let openai = Client::with_config(config(&server));
    let call = |id| {
        let openai = openai.clone();
        async move { plain(&openai, id).await.is_ok() }
    };
    let by_itself = server.trial(call).await;

    let server = Server::start(body).await?;
    let openai = client(config(&server));
    let call = |id| {
        let openai = openai.clone();
        async move { plain(&openai, id).await.is_ok() }
    };
    let switched_off = server.trial(call).await;

    let server = Server::start(body).await?;
    let openai = client(config(&server));
    let call = |id| {
        let openai = openai.clone();
        async move { model(&openai, id).await.is_ok() }
    };
    let paced = server.trial(call).await;

    let trials = [
        ("with its own retries", by_itself),
        ("its own retries switched off", switched_off),
        ("switched off, and paced", paced),
    ];
    print("async-openai", &trials);
    assert_eq!(switched_off.failed, 15);
    assert_eq!((paced.failed, paced.refused, paced.early), (0, 15, 0));
    Ok(())
}
