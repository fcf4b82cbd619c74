use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated() -> std::io::Result<String> {
    Ok("text")
}

async fn plain() -> std::io::Result<String> {
    Ok("text")
}

fn main() {
    drop((annotated(), plain()));
}
