//! GitHub through octocrab, whose own retries are switched off.
//!
//! ```text
//! cargo run -p clients --example octocrab
//! ```
#![forbid(unsafe_code)]

use std::error::Error;

use examples::refusing::Server;
use examples::refusing::print;
use examples::server::User;
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use paced::rate_limited;

/// The recipe: octocrab's error has the response's status and headers, which `observe` shows to the limiter.
#[rate_limited(rate = 20)]
async fn user(github: &Octocrab, id: u32) -> octocrab::Result<User> {
    plain(github, id).await.inspect_err(observe)
}

fn observe(error: &octocrab::Error) {
    if let octocrab::Error::GitHub { source, .. } = error {
        if let Some(headers) = &source.headers {
            paced::observe(source.status_code, headers);
        }
    }
}

/// A client whose own retries are `retries`: three at once by default, without a pause.
fn client(server: &Server, retries: RetryConfig) -> octocrab::Result<Octocrab> {
    Octocrab::builder()
        .base_uri(server.url())?
        .add_retry_config(retries)
        .build()
}

async fn plain(github: &Octocrab, id: u32) -> octocrab::Result<User> {
    github.get(format!("/user/{id}"), None::<&()>).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let body = r#"{"id":7,"name":"user 7","tokens":20}"#;

    let server = Server::start(body).await?;
    let github = client(&server, RetryConfig::Simple(3))?;
    let call = |id| {
        let github = github.clone();
        async move { plain(&github, id).await.is_ok() }
    };
    let by_itself = server.trial(call).await;

    let server = Server::start(body).await?;
    let github = client(&server, RetryConfig::None)?;
    let call = |id| {
        let github = github.clone();
        async move { plain(&github, id).await.is_ok() }
    };
    let switched_off = server.trial(call).await;

    let server = Server::start(body).await?;
    let github = client(&server, RetryConfig::None)?;
    let call = |id| {
        let github = github.clone();
        async move { user(&github, id).await.is_ok() }
    };
    let paced = server.trial(call).await;

    let trials = [
        ("with its own retries", by_itself),
        ("its own retries switched off", switched_off),
        ("switched off, and paced", paced),
    ];
    print("octocrab", &trials);
    assert_eq!(switched_off.failed, 15);
    assert_eq!((paced.failed, paced.refused, paced.early), (0, 15, 0));
    Ok(())
}
