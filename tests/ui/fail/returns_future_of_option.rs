use paced::rate_limited;

#[rate_limited(rate = 5)]
fn fetch() -> impl Future<Output = Option<u8>> {
    async { Some(1) }
}

fn main() {
    drop(fetch());
}
