use paced::rate_limited;

async fn other() -> std::io::Result<u8> {
    Ok(1)
}

#[rate_limited(rate = 5)]
async fn annotated() -> std::io::Result<u8> {
    other()
}

async fn plain() -> std::io::Result<u8> {
    other()
}

fn main() {
    drop((annotated(), plain()));
}
