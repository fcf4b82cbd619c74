use paced::rate_limited;

#[rate_limited(rate = 5)]
mod client {
    pub(super) fn fetch() {}
}

fn main() {
    client::fetch();
}
