//! Shows how far the calls are: a bar on a terminal, a line every two seconds elsewhere.

use std::{
    io::{IsTerminal as _, stdout},
    sync::Arc,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::client::Api;

/// Returns once all `calls` are over.
pub(crate) async fn show(api: Arc<Api>, calls: u32) {
    if stdout().is_terminal() {
        bar(&api, calls).await;
    } else {
        lines(&api, calls).await;
    }
}

async fn bar(api: &Api, calls: u32) {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}")
        .expect("the template is a constant");
    let bar = ProgressBar::with_draw_target(Some(calls.into()), ProgressDrawTarget::stdout())
        .with_style(style);
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    while api.tally.answered() < calls {
        ticks.tick().await;
        bar.set_position(api.tally.answered().into());
        bar.set_message(state(api, begun));
    }
    bar.finish_and_clear();
}

async fn lines(api: &Api, calls: u32) {
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let mut shown = Instant::now();
    while api.tally.answered() < calls {
        ticks.tick().await;
        if shown.elapsed() >= Duration::from_secs(2) {
            shown = Instant::now();
            println!("{:>4}/{calls}  {}", api.tally.answered(), state(api, begun));
        }
    }
}

/// The rate so far, and what the limiter is doing.
fn state(api: &Api, begun: Instant) -> String {
    let now = api.limiter.snapshot();
    let rate = f64::from(api.tally.answered()) / begun.elapsed().as_secs_f64();
    let doing = match now.cooldown {
        Some(left) => format!(
            "the server asked for a pause, {:.1} s left",
            left.as_secs_f64()
        ),
        None => format!("{} in the queue", now.waiting),
    };
    format!("{rate:.1}/s  {doing}")
}
