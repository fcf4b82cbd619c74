use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated<'a>(_: &'a str, other: &str) -> std::io::Result<&'a str> {
    Ok(other)
}

async fn plain<'a>(_: &'a str, other: &str) -> std::io::Result<&'a str> {
    Ok(other)
}

fn main() {
    drop((annotated("", ""), plain("", "")));
}
