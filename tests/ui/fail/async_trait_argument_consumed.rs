use async_trait::async_trait;
use paced::rate_limited;

struct Form;

#[async_trait]
trait Fetch {
    async fn fetch(&self, form: Form) -> std::io::Result<()>;
}

#[async_trait]
impl Fetch for u8 {
    #[rate_limited(rate = 5)]
    async fn fetch(&self, form: Form) -> std::io::Result<()> {
        drop(form);
        Ok(())
    }
}

fn main() {
    drop(1.fetch(Form));
}
