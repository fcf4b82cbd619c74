use async_trait::async_trait;
use paced::rate_limited;
use tracing::instrument;

struct Form {
    name: String,
    list: Vec<u8>,
}

#[async_trait]
trait Api {
    async fn post(&self, form: Form, numbers: (u8, u8)) -> std::io::Result<usize>;

    async fn next(&mut self) -> std::io::Result<&u8>;
}

#[async_trait]
impl Api for Vec<u8> {
    #[instrument(skip_all)]
    #[rate_limited(rate = 5)]
    async fn post(&self, Form { name, list }: Form, (a, _): (u8, u8)) -> std::io::Result<usize> {
        Ok(name.len() + list.len() + usize::from(a))
    }

    #[instrument]
    #[rate_limited(rate = 5)]
    async fn next(&mut self) -> std::io::Result<&u8> {
        Ok(&self[0])
    }
}

fn main() {}
