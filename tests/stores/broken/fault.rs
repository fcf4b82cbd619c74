//! Promises that a store can break.

/// A promise that a store breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    // Atomicity.
    LosesUpdates,
    WritesLate,
    DoesActionsOneByOne,
    // Lists of actions.
    DoesTheFirstActionOnly,
    DoesTheLastActionOnly,
    DoesActionsInReverse,
    KeepsTheFirstActionOnly,
    AnswersTheLastActionOnly,
    // Time.
    CountsMicroseconds,
    CountsNanoseconds,
    CountsWholeSeconds,
    StandsStill,
    GoesBack,
    AnswersWithAnotherTime,
    // Keys.
    OneKeyForAll,
    IgnoresCase,
    TrimsKeys,
    CutsKeys,
    // Keeping.
    NeverWrites,
    ForgetsAtOnce,
    ForgetsAfterASecond,
    ForgetsFullBuckets,
    ForgetsPauses,
    ForgetsLessons,
    KeepsOneLimit,
    KeepsNoGeneration,
    KeepsNoTimeOfChange,
    RoundsDown,
    KeepsSingleFloats,
    // Requests.
    IgnoresPauses,
    ShortensPauses,
    DropsShortPauses,
    IgnoresLessons,
    IgnoresEndsOfLessons,
    IgnoresFloors,
    IgnoresResumptions,
    IgnoresNotAfter,
    ServesLateRequests,
    IgnoresWhenItWasSent,
    IgnoresDrains,
    IgnoresHorizons,
    IgnoresTheLongestWait,
    DrawsOneAtMost,
    KeepsTheFirstLimit,
    KeepsTheTightestLimit,
    // Answers.
    AnswersWithTheStateBefore,
    AnswersWithPositiveWaits,
    RoundsWaits,
    // Listings.
    ListsEveryName,
    ListsOnePage,
    ListsNoPauses,
    ListsWithoutTime,
    // Failing.
    StaysLockedWhenDropped,
    Fails,
}
