use paced::rate_limited;

type Answer = std::io::Result<u8>;
type MyFuture = std::future::Ready<Answer>;

#[rate_limited(rate = 5)]
pub fn fetch() -> MyFuture {
    std::future::ready(Ok(1))
}

fn main() {}
