//! Calls that draw from several limits, their settlement, and what processes share beside buckets.

use crate::store::Action;
use crate::store::Calls;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::MAX_LIMITS;
use crate::store::RetryBudget;
use crate::store::Ticks;

use super::script::Bench;
use super::script::HOUR;
use super::script::Scenario;
use super::script::draw_free;
use super::script::hourly;

pub(super) async fn check(bench: &Bench) {
    calls(bench).await;
    settlements(bench).await;
    quotas(bench).await;
    overrides(bench).await;
    slots(bench).await;
    budgets(bench).await;
}

/// A request per hour and ten at once, and ten tokens per hour and a hundred at once.
fn two() -> Limits {
    let tokens = Limit::new(HOUR / 10, 100).with_period(20 * HOUR);
    Limits::new(&[Limit::new(HOUR, 10), tokens]).unwrap_or_else(hourly)
}

fn serve(count: u32, costs: &[u32]) -> Action {
    Action::DrawCalls {
        calls: Calls::new().and(count, costs).and(1, &[1]),
        horizon: 9 * HOUR,
        longest: 9 * HOUR,
        drain: false,
    }
}

async fn calls(bench: &Bench) {
    let promise = "calls are served in their order, each with its instant, and take all or nothing";
    let mut script = Scenario::new(bench, "calls", promise, two());
    let answer = script.ask(serve(3, &[1, 40])).await;
    script.so(answer.granted() == 4 && answer.calls.len() == 4, &answer);
    let answer = script.ask(serve(5, &[0, 30])).await;
    let waits = answer.calls.windows(2);
    script.so(answer.calls.len() >= 2, &answer);
    script.so(
        waits.into_iter().all(|pair| pair[0].wait <= pair[1].wait),
        &answer,
    );
    script.ask(draw_free(3)).await;
    script.ask(Action::Peek).await;
}

async fn settlements(bench: &Bench) {
    let promise = "what was used beyond a draw is charged, and what was not used is given back";
    let mut script = Scenario::new(bench, "settlements", promise, two());
    let settle = |delta, drawn_at| {
        let mut deltas = [0; MAX_LIMITS];
        deltas[1] = delta;
        Action::Settle {
            deltas,
            drawn: [0; MAX_LIMITS],
            drawn_at,
        }
    };
    let drawn = script.ask(serve(1, &[1, 60])).await;
    let full_at = drawn.state.rows[1].full_at;
    let charged = script.ask(settle(20, drawn.now)).await;
    script.so(
        charged.state.rows[1].full_at == full_at + 2 * HOUR,
        &charged,
    );
    let back = script.ask(settle(-30, drawn.now)).await;
    script.so(back.state.rows[1].full_at == full_at - HOUR, &back);
    let before = script.ask(settle(-30, drawn.now - Ticks::new(1))).await;
    script.so(before.state.rows[1].full_at == full_at - HOUR, &before);
    let debt = script.ask(settle(9_000, drawn.now)).await;
    script.so(debt.granted() > 0, &debt);
    script.ask(serve(2, &[1, 60])).await;
}

async fn quotas(bench: &Bench) {
    let promise = "of two quotas that processes declare, the tighter one holds for a period";
    let mut script = Scenario::hourly(bench, "quotas", promise);
    script.ask(draw_free(1)).await;
    script.limits = Limits::one(Limit::new(HOUR / 4, 100));
    let answer = script.ask(draw_free(99)).await;
    script.so(answer.granted() == 9 && answer.last().every > HOUR, &answer);
    script.so(
        answer.state.rows[0].quota.interval_until > answer.now,
        &answer,
    );
    script.limits = Limits::one(Limit::new(9 * HOUR, 3));
    script.ask(draw_free(99)).await;
}

async fn overrides(bench: &Bench) {
    let promise = "limits that an operator sets hold instead of those that are declared";
    let mut script = Scenario::hourly(bench, "overrides", promise);
    let limits = Limits::one(Limit::new(HOUR / 2, 20));
    let set = |duration| Action::Override { limits, duration };
    script.ask(set(HOUR)).await;
    let answer = script.ask(draw_free(99)).await;
    script.so(
        answer.granted() == 20 && answer.last().every == HOUR / 2,
        &answer,
    );
    script.ask(set(Ticks::ZERO)).await;
    script.ask(draw_free(1)).await;
}

async fn slots(bench: &Bench) {
    let promise = "slots are held by one process at a time, and given back";
    let mut script = Scenario::hourly(bench, "slots", promise);
    let claim = |process, want, held, waiting| Action::Slots {
        process,
        most: 8,
        want,
        held,
        waiting,
    };
    // No floating-point number is as exact as these.
    let (one, other) = (u64::MAX, u64::MAX - 1);
    let answer = script.ask(claim(one, 6, 0, 6)).await;
    script.so(answer.granted() == 6, &answer);
    let answer = script.ask(claim(other, 6, 0, 6)).await;
    script.so(
        answer.granted() == 2 && answer.state.leases.len() == 2,
        &answer,
    );
    let answer = script.ask(claim(one, 0, 3, 0)).await;
    script.so(answer.granted() == 3, &answer);
    let answer = script.ask(claim(other, 6, 2, 6)).await;
    script.so(answer.granted() == 5, &answer);
    script.ask(claim(one, 0, 0, 0)).await;
}

async fn budgets(bench: &Bench) {
    let promise = "a budget of retries gives what is in it, and no more";
    let mut script = Scenario::hourly(bench, "budgets", promise);
    let budget = RetryBudget {
        most: 2 * RetryBudget::RETRY,
        trickle: HOUR / 2,
    };
    let units = RetryBudget::RETRY;
    for granted in [1, 1, 0] {
        let answer = script.ask(Action::Withdraw { units, budget }).await;
        script.so(answer.granted() == granted, &answer);
    }
    for _ in 0..5 {
        let units = RetryBudget::RETRY / 5;
        script.ask(Action::Deposit { units, budget }).await;
    }
    let answer = script.ask(Action::Withdraw { units, budget }).await;
    script.so(answer.granted() == 1, &answer);
}
