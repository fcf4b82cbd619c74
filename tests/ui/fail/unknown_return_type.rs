use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated() -> std::io::Result<Missing> {
    Ok(Missing)
}

async fn plain() -> std::io::Result<Missing> {
    Ok(Missing)
}

fn main() {
    drop((annotated(), plain()));
}
