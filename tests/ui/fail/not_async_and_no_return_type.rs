use paced::rate_limited;

#[rate_limited(rate = 5)]
pub fn fetch() {}

fn main() {}
