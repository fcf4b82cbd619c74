use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated() -> std::io::Result<&'static str> {
    let text = String::new();
    Ok(&text)
}

async fn plain() -> std::io::Result<&'static str> {
    let text = String::new();
    Ok(&text)
}

fn main() {
    drop((annotated(), plain()));
}
