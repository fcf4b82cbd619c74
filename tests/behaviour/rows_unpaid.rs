//! Calls that name no cost, on a limiter that counts something else than requests.

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tracing::Level;

use crate::events::listen;
use crate::rows_refused::limiter;
use crate::support::Log;
use crate::support::response;

const NO_COST: &str = "a call names no cost and takes nothing of a limit";

fn told(heard: &Log<(Level, String)>) -> Vec<String> {
    let told = heard.entries().into_iter();
    let told = told.filter(|(level, text)| *level == Level::WARN && text.contains(NO_COST));
    told.map(|(_, text)| text).collect()
}

#[tokio::test(start_paused = true)]
async fn a_function_that_forgets_its_cost_is_told_of_once() {
    #[rate_limited(limiter = limiter)]
    async fn forgets(limiter: &Limiter) -> Result<(), paced::Error> {
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn forgets_too(limiter: &Limiter) -> Result<Response<String>, paced::Error> {
        Ok(response(200, &[("x-ratelimit-remaining-tokens", "900")]))
    }
    let (heard, _guard) = listen();
    let limiter = limiter();
    for _ in 0..3 {
        forgets(&limiter).await.unwrap();
        forgets_too(&limiter).await.unwrap();
    }
    let told = told(&heard);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("forgets ") && told[0].contains("units=tokens"),
        "{told:?}"
    );
    assert!(told[1].contains("forgets_too "), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_say_what_they_take_are_not_told_of() {
    #[rate_limited(limiter = limiter, cost(tokens = 0))]
    async fn takes_nothing(limiter: &Limiter) -> Result<(), paced::Error> {
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn says_it_later(limiter: &Limiter) -> Result<(), paced::Error> {
        paced::spent("tokens", 20);
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn plain(limiter: &Limiter) -> Result<(), paced::Error> {
        Ok(())
    }
    let (heard, _guard) = listen();
    let limiter = limiter();
    takes_nothing(&limiter).await.unwrap();
    says_it_later(&limiter).await.unwrap();
    plain(&crate::support::limiter(10.0, 5)).await.unwrap();
    assert_eq!(told(&heard), [""; 0]);
}
