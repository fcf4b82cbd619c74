use paced::rate_limited;

pub trait Limited {
    const RATE: u32;
}

#[rate_limited(rate = T::RATE)]
pub async fn fetch<T: Limited>() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
