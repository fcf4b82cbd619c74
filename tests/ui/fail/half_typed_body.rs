use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated(text: String) -> std::io::Result<usize> {
    text.len.
}

async fn plain(text: String) -> std::io::Result<usize> {
    text.len.
}

fn main() {
    drop((annotated(String::new()), plain(String::new())));
}
