use paced::rate_limited;

fn pick() -> String {
    String::new()
}

#[rate_limited(rate = 5, store = pick(), on_store_error = closed)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
