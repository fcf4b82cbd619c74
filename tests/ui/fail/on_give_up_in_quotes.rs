use paced::rate_limited;

#[rate_limited(rate = 5, on_give_up = "alert")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
