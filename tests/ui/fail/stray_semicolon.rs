use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated() -> std::io::Result<u8> {
    Ok(1);
}

async fn plain() -> std::io::Result<u8> {
    Ok(1);
}

fn main() {
    drop((annotated(), plain()));
}
