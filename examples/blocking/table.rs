//! Table of what each thread did.

use std::{fmt::Write as _, time::Duration};

use examples::server::User;

use crate::client::Api;

/// Calls of one thread.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    pub(crate) took: Duration,
    first_failure: Option<String>,
}

impl Worker {
    /// Takes note of how call `id` ended.
    pub(crate) fn add(&mut self, id: u64, answer: &Result<User, ureq::Error>) {
        self.calls += 1;
        let problem = match answer {
            Ok(user) if user.id == id => return,
            Ok(user) => format!("asked for user {id}, got {user:?}"),
            // ureq writes `other: ` before the text of a refusal.
            Err(error) => {
                paced::Error::find(error).map_or_else(|| error.to_string(), paced::Error::to_string)
            }
        };
        self.failed += 1;
        self.first_failure.get_or_insert(problem);
    }
}

/// The table, of all threads together after `took`.
pub(crate) fn of(workers: &[Worker], api: &Api, took: Duration) -> String {
    let mut text = String::from("thread  calls  failed    time\n");
    let mut line = |name: &str, calls: u64, failed: u64, took: Duration| {
        let took = took.as_secs_f64();
        writeln!(text, "{name:6}  {calls:5}  {failed:6}  {took:4.1} s").expect("any text fits");
    };
    for (n, worker) in workers.iter().enumerate() {
        line(
            &(n + 1).to_string(),
            worker.calls,
            worker.failed,
            worker.took,
        );
    }
    let calls = workers.iter().map(|worker| worker.calls).sum();
    let failed = workers.iter().map(|worker| worker.failed).sum();
    line("all", calls, failed, took);
    let (requests, refused) = api.requests();
    let waited = api.limiter.snapshot().waits;
    writeln!(
        text,
        "{requests} requests, {refused} of them refused; all calls together waited {:.1} s in the queue",
        waited.queue.as_secs_f64()
    )
    .expect("any text fits");
    if let Some(problem) = workers
        .iter()
        .find_map(|worker| worker.first_failure.as_ref())
    {
        writeln!(text, "the first failure: {problem}").expect("any text fits");
    }
    text
}
