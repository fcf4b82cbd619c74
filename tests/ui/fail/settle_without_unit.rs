use paced::rate_limited;

#[rate_limited(rate = 5, settle = |reply| reply.len())]
async fn call() -> Result<String, Failed> {
    Ok(String::new())
}

struct Failed;

fn main() {}
