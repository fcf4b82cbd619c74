use paced::rate_limited;

fn verdict(_: &std::io::Result<()>) -> paced::Verdict {
    paced::Verdict::Auto
}

#[rate_limited(rate = 5, classify = verdict, retry_on = [503])]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
    let _ = verdict(&Ok(()));
}
