use paced::rate_limited;

#[rate_limited(rte = 5)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
