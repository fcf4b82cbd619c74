use paced::rate_limited;

fn main() {
    let fetch = #[rate_limited(rate = 5)]
    async || Ok::<(), std::io::Error>(());
    drop(fetch());
}
