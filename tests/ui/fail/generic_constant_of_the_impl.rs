use paced::rate_limited;

struct Api<const RETRIES: u32>;

impl<const RETRIES: u32> Api<RETRIES> {
    #[rate_limited(rate = 5, max_retries = RETRIES)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }

    // In braces it is evaluated at each call.
    #[rate_limited(rate = 5, max_retries = { RETRIES })]
    async fn fetch_more(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Api::<1>.fetch());
    drop(Api::<1>.fetch_more());
}
