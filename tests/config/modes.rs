//! Modes that a configuration sets.

use paced::Error;
use paced::Mode;
use paced::rate_limited;

use crate::apply;
use crate::named;
use crate::quota;
use crate::turn;

#[tokio::test(start_paused = true)]
async fn a_mode_is_changed_and_returns_to_what_was_declared() {
    let _turn = turn().await;
    let limiter = named("modes_plain", quota("1/h", 1));
    apply("[limiter.modes_plain]\nmode = \"observe\"");
    assert_eq!(limiter.mode(), Mode::Observe);
    for _ in 0..3 {
        limiter.acquire().await.unwrap();
    }
    assert_eq!(limiter.snapshot().would_have_waited.count, 2);
    apply("[limiter.modes_plain]\nrate = \"2/h\"");
    assert_eq!(limiter.mode(), Mode::Enforce);
    apply("[limiter.modes_plain]\nmode = \"off\"");
    assert_eq!(limiter.mode(), Mode::Off);
    apply("");
    assert_eq!(limiter.mode(), Mode::Enforce);
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_the_program_has_set_stays_unless_it_is_overridden() {
    let _turn = turn().await;
    let limiter = named("modes_set", quota("5/s", 5));
    limiter.set_mode(Mode::Off);
    apply("[limiter.modes_set]\nmode = \"observe\"");
    assert_eq!(limiter.mode(), Mode::Off);
    apply("override = true\n[limiter.modes_set]\nmode = \"observe\"");
    assert_eq!(limiter.mode(), Mode::Observe);
    apply("override = true");
    assert_eq!(limiter.mode(), Mode::Enforce);
}

#[tokio::test(start_paused = true)]
async fn a_configuration_goes_before_the_attribute_also_when_it_comes_first() {
    #[rate_limited(rate = 5, mode = "observe")]
    async fn watched() -> Result<(), Error> {
        Ok(())
    }
    let _turn = turn().await;
    let path = concat!(module_path!(), "::watched");
    apply(&format!("[limiter.\"{path}\"]\nmode = \"enforce\""));
    watched().await.unwrap();
    assert_eq!(paced::limiter(path).mode(), Mode::Enforce);
    apply("");
    assert_eq!(paced::limiter(path).mode(), Mode::Observe);
}
