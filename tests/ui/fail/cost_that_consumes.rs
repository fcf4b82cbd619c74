use paced::rate_limited;

#[rate_limited(rate = 5, burst = 10, cost = text.into_bytes().len())]
async fn call(text: String) -> Result<String, Failed> {
    Ok(text)
}

struct Failed;

impl From<paced::Error> for Failed {
    fn from(_: paced::Error) -> Self {
        Self
    }
}

fn main() {}
