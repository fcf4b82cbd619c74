//! A value of an option means the same as a literal, as a constant and as an expression of the program.

use core::num::NonZeroU8;
use core::num::NonZeroU32;
use core::time::Duration;

use paced::rate_limited;
use tokio::time::Instant;

use crate::support::Failed;
use crate::support::refusal;
use crate::support::since;

/// Milliseconds from one call to the next by a rate, written in three ways.
macro_rules! intervals {
    ($type:ty, $value:expr) => {{
        const VALUE: $type = $value;

        fn value() -> $type {
            VALUE
        }

        #[rate_limited(rate = $value, burst = 1)]
        async fn literal() -> Result<(), Failed> {
            Ok(())
        }

        #[rate_limited(rate = VALUE, burst = 1)]
        async fn constant() -> Result<(), Failed> {
            Ok(())
        }

        #[rate_limited(rate = value(), burst = 1)]
        async fn expression() -> Result<(), Failed> {
            Ok(())
        }

        let start = Instant::now();
        literal().await.unwrap();
        literal().await.unwrap();
        let literal = since(start);
        constant().await.unwrap();
        constant().await.unwrap();
        let constant = since(start) - literal;
        expression().await.unwrap();
        expression().await.unwrap();
        let expression = since(start) - literal - constant;
        [literal, constant, expression]
    }};
}

#[tokio::test(start_paused = true)]
async fn a_rate_means_the_same_however_it_is_written() {
    assert_eq!(intervals!(&'static str, "5_000/hr"), [720; 3]);
    assert_eq!(intervals!(&'static str, "60/mins"), [1000; 3]);
    assert_eq!(intervals!(&'static str, " 5 / 1_0s "), [2000; 3]);
    assert_eq!(intervals!(&'static str, "1/1m30s"), [90_000; 3]);
    assert_eq!(intervals!(&'static str, "20"), [50; 3]);
    assert_eq!(intervals!(u128, 2 * 10), [50; 3]);
    assert_eq!(intervals!(i16, 20), [50; 3]);
    assert_eq!(intervals!(f32, 0.5), [2000; 3]);
    assert_eq!(
        intervals!(NonZeroU32, const { NonZeroU32::new(20).unwrap() }),
        [50; 3]
    );
}

#[tokio::test(start_paused = true)]
async fn counts_and_shares_are_of_any_type_that_fits() {
    const BURST: NonZeroU8 = NonZeroU8::new(3).unwrap();
    const RETRIES: i8 = 0;
    const SHARE: u32 = 0;

    #[rate_limited(rate = 10, burst = BURST, max_retries = RETRIES, throttle_below = SHARE)]
    async fn call() -> Result<(), Failed> {
        Ok(())
    }
    let start = Instant::now();
    for _ in 0..4 {
        call().await.unwrap();
    }
    assert_eq!(since(start), 100);
}

/// Milliseconds after which a call is refused that would wait for a minute.
macro_rules! bounds {
    ($type:ty, $value:expr) => {{
        const VALUE: $type = $value;

        fn value() -> $type {
            VALUE
        }

        #[rate_limited(rate = "1/min", burst = 1, deadline = VALUE)]
        async fn constant() -> Result<(), Failed> {
            core::future::pending().await
        }

        #[rate_limited(rate = "1/min", burst = 1, deadline = value())]
        async fn expression() -> Result<(), Failed> {
            core::future::pending().await
        }

        let start = Instant::now();
        assert!(refusal(constant().await).is_deadline());
        let constant = since(start);
        assert!(refusal(expression().await).is_deadline());
        [constant, since(start) - constant]
    }};
}

#[tokio::test(start_paused = true)]
async fn a_duration_means_the_same_as_text() {
    assert_eq!(bounds!(&'static str, "1m 30s"), [90_000; 2]);
    assert_eq!(bounds!(Duration, Duration::from_millis(20)), [20; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_no_duration_is_an_error_of_the_call() {
    fn setting() -> String {
        "10 parsecs".to_owned()
    }
    #[rate_limited(rate = 5, max_wait = Some(setting()))]
    async fn call() -> Result<(), Failed> {
        Ok(())
    }
    let error = refusal(call().await);
    assert!(error.is_invalid());
    assert_eq!(
        error.to_string(),
        "behaviour::spelling::call: `parsecs` is not a unit of time: write one of us, ms, s, min, h, d"
    );
}
