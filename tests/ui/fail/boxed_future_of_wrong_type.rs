use paced::rate_limited;

use std::pin::Pin;

#[rate_limited(rate = 5)]
fn annotated() -> Pin<Box<dyn Future<Output = std::io::Result<String>>>> {
    Box::pin(async { Ok(1u8) })
}

fn plain() -> Pin<Box<dyn Future<Output = std::io::Result<String>>>> {
    Box::pin(async { Ok(1u8) })
}

fn main() {
    drop((annotated(), plain()));
}
