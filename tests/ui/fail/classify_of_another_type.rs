use paced::rate_limited;

fn verdict(_: &std::io::Result<u8>) -> paced::Verdict {
    paced::Verdict::Auto
}

#[rate_limited(rate = 5, classify = verdict)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
