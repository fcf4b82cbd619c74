//! reqwest 0.12, whose types are not those of the version that the feature `reqwest` understands.
//!
//! ```text
//! cargo run -p clients --example reqwest_0_12
//! ```
#![forbid(unsafe_code)]

use std::error::Error;

use examples::refusing::Server;
use examples::refusing::print;
use paced::rate_limited;
use reqwest_0_12 as reqwest;

/// The recipe: status and headers are of the crate `http` in both versions, so `observe` takes them.
#[rate_limited(rate = 20)]
async fn get(client: &reqwest::Client, url: &str) -> reqwest::Result<String> {
    let response = client.get(url).send().await?;
    paced::observe(response.status(), response.headers());
    response.error_for_status()?.text().await
}

async fn plain(client: &reqwest::Client, url: &str) -> reqwest::Result<String> {
    let response = client.get(url).send().await?;
    response.error_for_status()?.text().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = reqwest::Client::new();

    let server = Server::start("{}").await?;
    let call = |id| {
        let (client, url) = (client.clone(), format!("{}/{id}", server.url()));
        async move { plain(&client, &url).await.is_ok() }
    };
    let by_itself = server.trial(call).await;

    let server = Server::start("{}").await?;
    let call = |id| {
        let (client, url) = (client.clone(), format!("{}/{id}", server.url()));
        async move { get(&client, &url).await.is_ok() }
    };
    let paced = server.trial(call).await;

    let trials = [("by itself", by_itself), ("paced", paced)];
    print("reqwest 0.12", &trials);
    assert_eq!(by_itself.failed, 15);
    assert_eq!((paced.failed, paced.refused, paced.early), (0, 15, 0));
    Ok(())
}
