use paced::rate_limited;

#[rate_limited(rate = 5, key = share)]
async fn fetch(share: f64) -> std::io::Result<f64> {
    Ok(share)
}

fn main() {
    drop(fetch(0.5));
}
