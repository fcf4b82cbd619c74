use paced::rate_limited;

#[rate_limited(rate = 5)]
fn annotated() -> impl Future<Output = std::io::Result<String>> {
    async { Ok("text") }
}

fn plain() -> impl Future<Output = std::io::Result<String>> {
    async { Ok("text") }
}

fn main() {
    drop((annotated(), plain()));
}
