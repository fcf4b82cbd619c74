use paced::rate_limited;

unsafe extern "C" {
    #[rate_limited(rate = 5)]
    fn fetch() -> i32;
}

fn main() {}
