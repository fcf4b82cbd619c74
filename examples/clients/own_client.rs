//! An SDK that owns its HTTP client, without the attribute: `Limiter::call_with` wraps each of its methods.
//!
//! ```text
//! cargo run -p clients --example own_client
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::num::NonZeroU32;

use examples::refusing::Server;
use examples::refusing::print;
use paced::CallError;
use paced::CallOptions;
use paced::Limiter;
use paced::Quota;
use paced::Verdict;

use self::sdk::Sdk;
use self::sdk::SdkError;

/// One limiter for all methods of the SDK.
static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(20).unwrap()));
const OPTIONS: CallOptions = CallOptions::new().max_retries(8);

/// Reads the SDK's error, which says what the server answered.
fn judge<T>(out: &Result<T, SdkError>) -> Verdict {
    match out {
        Err(SdkError::RateLimited { retry_after }) => Verdict::Throttled {
            retry_after: *retry_after,
        },
        // Other errors are read by their type: a connection that could not be made is tried again.
        _ => Verdict::Auto,
    }
}

async fn item(sdk: &Sdk, id: u32) -> Result<String, CallError<SdkError>> {
    API.call_with(OPTIONS.classify(judge), || sdk.item(id))
        .await
}

/// The SDK: its client is private, and so are the responses.
mod sdk {
    use std::error::Error;
    use std::fmt;
    use std::time::Duration;

    #[derive(Clone, Debug)]
    pub(crate) struct Sdk {
        http: reqwest::Client,
        base: String,
    }

    #[derive(Debug)]
    pub(crate) enum SdkError {
        RateLimited { retry_after: Option<Duration> },
        Transport(reqwest::Error),
    }

    impl fmt::Display for SdkError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::RateLimited { .. } => "slow down",
                Self::Transport(_) => "the request failed",
            })
        }
    }

    impl Error for SdkError {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            match self {
                Self::RateLimited { .. } => None,
                Self::Transport(error) => Some(error),
            }
        }
    }

    impl From<reqwest::Error> for SdkError {
        fn from(error: reqwest::Error) -> Self {
            Self::Transport(error)
        }
    }

    impl Sdk {
        pub(crate) fn new(base: String) -> Self {
            Self {
                http: reqwest::Client::new(),
                base,
            }
        }

        pub(crate) async fn item(&self, id: u32) -> Result<String, SdkError> {
            let response = self.http.get(format!("{}/{id}", self.base)).send().await?;
            if response.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
                let wait = response.headers().get("retry-after");
                let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
                return Err(SdkError::RateLimited {
                    retry_after: wait.map(Duration::from_secs),
                });
            }
            Ok(response.error_for_status()?.text().await?)
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start("{}").await?;
    let sdk = Sdk::new(server.url());
    let call = |id| {
        let sdk = sdk.clone();
        async move { sdk.item(id).await.is_ok() }
    };
    let by_itself = server.trial(call).await;

    let server = Server::start("{}").await?;
    let sdk = Sdk::new(server.url());
    let call = |id| {
        let sdk = sdk.clone();
        async move { item(&sdk, id).await.is_ok() }
    };
    let paced = server.trial(call).await;

    let trials = [("by itself", by_itself), ("paced", paced)];
    print("an SDK with its own client", &trials);
    assert_eq!(by_itself.failed, 15);
    assert_eq!((paced.failed, paced.refused, paced.early), (0, 15, 0));
    Ok(())
}
