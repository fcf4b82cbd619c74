use paced::rate_limited;

fn note(report: &str) {
    println!("{report}");
}

#[rate_limited(rate = 5, on_retry = note)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
