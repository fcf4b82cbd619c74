use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn fetch() {}

fn main() {
    drop(fetch());
}
