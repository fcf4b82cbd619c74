use paced::rate_limited;

#[rate_limited(rate = 5, retry_on = [conect])]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
