use paced::rate_limited;

static GITHUB: std::sync::LazyLock<paced::Limiter> = std::sync::LazyLock::new(|| unreachable!());

#[rate_limited(limiter = GITHUB, store = "redis://localhost", on_store_error = "open")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
