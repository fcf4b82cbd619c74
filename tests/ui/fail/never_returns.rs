use paced::rate_limited;

#[rate_limited(rate = 5)]
pub async fn fetch() -> ! {
    loop {}
}

fn main() {}
