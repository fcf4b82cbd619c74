use paced::rate_limited;

#[rate_limited(limits(requests = "500/min", tokens = "30000/min"), cost(token = 5), settle(tokens = |reply| reply.len()))]
async fn call() -> Result<String, Failed> {
    Ok(String::new())
}

struct Failed;

fn main() {}
