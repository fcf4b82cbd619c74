use paced::rate_limited;

#[rate_limited(rate = 5)]
trait Fetch {
    fn fetch(&self) {}
}

impl Fetch for u8 {}

fn main() {
    1.fetch();
}
