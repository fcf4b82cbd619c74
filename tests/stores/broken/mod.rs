//! Stores that break a promise, each of another kind: the check must say so of every one.

mod fault;
mod sharing;
mod store;

use std::sync::Arc;

use paced::store::conformance;

use self::fault::Fault;
use self::store::Broken;

const FAULTS: &[(Fault, &str)] = {
    use Fault as F;
    const CALLS: &str = "calls are served in their order";
    const SETTLED: &str = "what was used beyond a draw";
    const TOKENS: &str = "tokens are drawn once, as many as were asked for, each with its instant";
    const CROWD: &str = "however many draw at once, no token is given away twice or lost";
    const CLOCK: &str = "the store's clock counts ticks of 250 ns";
    const KEYS: &str = "keys are told apart to the letter and do not touch one another";
    const KEPT: &str = "a state is kept until it means nothing any more";
    const LIMITS: &str = "several limits are kept all at once, and take all or nothing";
    const PAUSES: &str = "a pause holds for all processes, is extended and never shortened";
    const LESSONS: &str = "what was learnt slows all processes, until it ends or is replaced";
    const RESUMED: &str =
        "a pause that is lifted is over for all processes, also for those that remember it";
    const FLOORS: &str = "the state that an asker saw last mends one that was lost";
    const LATE: &str = "a request that comes after its time changes nothing";
    const FORWARD: &str = "a clock that is set forward ends no pause";
    const LISTS: &str =
        "a list has every limiter whose name begins with the prefix, as it is, and no other";
    const ACTIONS: &str = "the actions of a request are done in their order, and each is answered";
    const AS_ONE: &str =
        "the actions of a request are one operation: no other one comes in between";
    const HISTORIES: &str = "every answer is the one that `step` gives";
    &[
        (F::LosesUpdates, CROWD),
        (F::WritesLate, CROWD),
        (F::DoesActionsOneByOne, AS_ONE),
        (F::DoesTheFirstActionOnly, ACTIONS),
        (F::DoesTheLastActionOnly, ACTIONS),
        (F::DoesActionsInReverse, ACTIONS),
        (F::KeepsTheFirstActionOnly, ACTIONS),
        (F::AnswersTheLastActionOnly, ACTIONS),
        (F::CountsMicroseconds, CLOCK),
        (F::CountsNanoseconds, CLOCK),
        (F::CountsWholeSeconds, CLOCK),
        (F::StandsStill, CLOCK),
        (F::GoesBack, "the store's time never goes back"),
        (F::AnswersWithAnotherTime, TOKENS),
        (F::OneKeyForAll, KEYS),
        (F::IgnoresCase, KEYS),
        (F::TrimsKeys, KEYS),
        (F::CutsKeys, KEYS),
        (F::NeverWrites, TOKENS),
        (F::ForgetsAtOnce, TOKENS),
        (F::ForgetsAfterASecond, KEPT),
        (F::ForgetsFullBuckets, LESSONS),
        (F::ForgetsPauses, LIMITS),
        (F::ForgetsLessons, LESSONS),
        (F::KeepsOneLimit, LIMITS),
        (F::KeepsNoGeneration, LIMITS),
        (F::KeepsNoTimeOfChange, TOKENS),
        (F::RoundsDown, TOKENS),
        (F::KeepsSingleFloats, TOKENS),
        (F::IgnoresPauses, LIMITS),
        (F::ShortensPauses, PAUSES),
        (F::DropsShortPauses, HISTORIES),
        (F::IgnoresLessons, LESSONS),
        (F::IgnoresEndsOfLessons, LESSONS),
        (F::IgnoresFloors, FLOORS),
        (F::IgnoresResumptions, RESUMED),
        (F::IgnoresNotAfter, LATE),
        (F::ServesLateRequests, LATE),
        (F::IgnoresWhenItWasSent, FORWARD),
        (F::IgnoresDrains, TOKENS),
        (F::IgnoresHorizons, TOKENS),
        (F::IgnoresTheLongestWait, TOKENS),
        (F::DrawsOneAtMost, TOKENS),
        (F::KeepsTheFirstLimit, LIMITS),
        (F::KeepsTheTightestLimit, LIMITS),
        (F::AnswersWithTheStateBefore, TOKENS),
        (F::AnswersWithPositiveWaits, TOKENS),
        (F::RoundsWaits, TOKENS),
        (F::ListsEveryName, LISTS),
        (F::ListsOnePage, LISTS),
        (F::ListsNoPauses, LISTS),
        (
            F::ListsWithoutTime,
            "a list has the store's time, and an end",
        ),
        (
            F::StaysLockedWhenDropped,
            "a request that was dropped halfway does no harm",
        ),
        (F::ServesOneCallAtMost, CALLS),
        (F::IgnoresSettlements, SETTLED),
        (F::GivesEverythingBack, SETTLED),
        (F::NeverGivesBack, SETTLED),
        (F::KeepsNoQuota, TOKENS),
        (F::IgnoresOverrides, "limits that an operator sets"),
        (F::KeepsNoLeases, "slots are held"),
        (F::TakesProcessesForFloats, "slots are held"),
        (F::NeverTakesFromBudgets, "a budget of retries"),
        (F::IgnoresDeposits, "a budget of retries"),
        (F::ForgetsHeadroom, CALLS),
        (F::Fails, "the store failed: out of order"),
    ]
};

#[tokio::test(start_paused = true)]
async fn every_broken_store_is_found_out() {
    let mut missed = Vec::new();
    for (fault, promise) in FAULTS {
        let store = Arc::new(Broken::new(*fault));
        match tokio::spawn(conformance::check(store)).await {
            Ok(()) => missed.push(format!("{fault:?} passed")),
            Err(panic) => {
                let message = panic.into_panic();
                let message = message.downcast_ref::<String>().expect("a sentence");
                if !message.contains(promise) {
                    missed.push(format!("{fault:?}: {message}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_store_without_a_fault_conforms() {
    conformance::check(Arc::new(Broken::new(Fault::None))).await;
}
