use paced::rate_limited;

#[rate_limited(rate = 5)]
struct Client;

fn main() {
    let _ = Client;
}
