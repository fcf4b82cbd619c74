use paced::rate_limited;

#[rate_limited(rate = 5, store = &paced::store::MemoryStore::new())]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
